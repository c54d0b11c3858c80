/// What an invocation tells about objects of buckets that changed: hints, each of which says which key to settle.
///
/// In whichever way S3 sends it: directly ("Event notification types and destinations", Amazon S3 User Guide), through
/// a queue (Lambda's Developer Guide, "Using Lambda with Amazon SQS"), through a topic, or by EventBridge ("Using
/// EventBridge"). Nothing of what an event says of an object is used but its name: by the time that it is read, another
/// event may be on its way.
package struct BucketEvent: Sendable, Equatable {
    /// One object that was written, deleted or tagged.
    package struct Change: Sendable, Equatable {
        package var bucket: String
        /// UTF-8, decoded: two keys are the same when their bytes are.
        package var key: [UInt8]
        /// Whether it is about tags, which then are compared even where S3 does not say that there are any.
        package var isAboutTags = false
        /// When it happened; `nil` where the event does not say.
        package var secondsSince1970: Double?
        /// The message that it came in, by its place in ``BucketEvent/messageIDs``; `nil` for one without a queue.
        package var message: Int?
    }

    /// Something that is not understood, and so not settled.
    package struct Problem: Sendable, Equatable {
        package var message: Int?
        package var error: BucketEventError
    }

    /// What Lambda wants to be told of a message that has to come again.
    package internal(set) var messageIDs: [String] = []
    package internal(set) var changes: [Change] = []
    package internal(set) var problems: [Problem] = []
    /// Events that need nothing done: see ``BucketEventName``.
    package internal(set) var ignoredCount = 0

    init() {}

    /// - Parameter bytes: the event as Lambda hands it over.
    /// - Throws: ``BucketEventError`` when none of it can be understood.
    package init(parsing bytes: [UInt8]) throws(BucketEventError) {
        self = try Self.read(bytes) { reader, bytes throws(BucketEventError) in try reader.readInvocation(bytes) }
    }

    /// - Parameter bytes: the body of one message of a queue.
    /// - Throws: ``BucketEventError`` when it cannot be understood; what is in it one by one is in ``problems``.
    package init(parsingMessage bytes: [UInt8]) throws(BucketEventError) {
        self = try Self.read(bytes) { reader, bytes throws(BucketEventError) in
            try reader.readNotification(bytes, message: nil)
        }
    }

    private static func read(
        _ bytes: [UInt8],
        _ body: (inout BucketEventReader, UnsafeRawBufferPointer) throws(BucketEventError) -> Void
    ) throws(BucketEventError) -> BucketEvent {
        let result = bytes.withUnsafeBytes { bytes -> Result<BucketEvent, BucketEventError> in
            do throws(BucketEventError) {
                var reader = BucketEventReader()
                try body(&reader, bytes)
                return .success(reader.event)
            } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }
}

/// Why an event, or a part of one, is not worked on; one line that says what to change.
package struct BucketEventError: Error, Sendable, Equatable, CustomStringConvertible {
    package enum Code: Sendable, Equatable {
        /// Not an event of S3, or one that is malformed.
        case malformed
        /// A later version of the event than this program knows.
        case unknownVersion
        /// No mapping names the bucket.
        case unmappedBucket
    }

    package var code: Code
    package var message: String

    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    package var description: String { message }
}
