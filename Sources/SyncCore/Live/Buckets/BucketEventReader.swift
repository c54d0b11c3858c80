import AWSCore

import struct FoundationEssentials.Date

/// Reads events of S3, one pass over each text; messages of a queue are texts within the text.
struct BucketEventReader {
    private(set) var event = BucketEvent()
    /// Nearly always the next record is of the same bucket.
    private var lastBucket = ""

    /// A queue's message may hold a topic's, which holds S3's; nothing nests deeper.
    private static let maximumDepth = 2

    /// What an object of JSON on the way to a record says, in whatever order its members stand.
    private struct Document {
        var hasRecords = false
        var source: JSONStringRange?
        var detailType: JSONStringRange?
        var time: JSONStringRange?
        var testEvent = false
        var topicMessage: JSONStringRange?
        var type: JSONStringRange?
        var hasDetail = false
        var detailVersion: JSONStringRange?
        var bucket: JSONStringRange?
        var key: JSONStringRange?
    }

    /// One of `Records`.
    private struct Record {
        var source: JSONStringRange?
        var body: JSONStringRange?
        var messageID: JSONStringRange?
        var topicMessage: JSONStringRange?
        var version: JSONStringRange?
        var name: JSONStringRange?
        var time: JSONStringRange?
        var bucket: JSONStringRange?
        var key: JSONStringRange?
    }

    // MARK: Texts

    /// Reads what Lambda hands over.
    mutating func readInvocation(_ bytes: UnsafeRawBufferPointer) throws(BucketEventError) {
        try read(bytes, message: nil, depth: 0, isInvocation: true)
    }

    /// Reads what S3, a topic or EventBridge sends.
    ///
    /// - Parameter message: the queue's message that it is in, by its place.
    mutating func readNotification(_ bytes: UnsafeRawBufferPointer, message: Int?) throws(BucketEventError) {
        try read(bytes, message: message, depth: 0, isInvocation: false)
    }

    private mutating func read(
        _ bytes: UnsafeRawBufferPointer,
        message: Int?,
        depth: Int,
        isInvocation: Bool
    ) throws(BucketEventError) {
        var scanner = JSONScanner(bytes)
        var document = Document()
        // Behind the text: an error in the middle must not leave half of its records as if they were all.
        var records: [Record] = []
        do throws(JSONScanError) {
            try scanner.forEachMember { scanner, name throws(JSONScanError) in
                try readMember(&scanner, name, &document, &records)
            }
            try scanner.requireEnd()
        } catch {
            throw BucketEventError(.malformed, "the event is not one of S3: \(error)")
        }
        if document.hasRecords {
            for record in records {
                try finish(record, scanner, message: message, depth: depth, isInvocation: isInvocation)
            }
        } else {
            try finish(document, scanner, message: message, depth: depth)
        }
    }

    private mutating func readMember(
        _ scanner: inout JSONScanner,
        _ name: JSONStringRange,
        _ document: inout Document,
        _ records: inout [Record]
    ) throws(JSONScanError) {
        if scanner.string(name, equals: "Records") {
            guard !document.hasRecords else { throw scanner.error("Records only once") }
            document.hasRecords = true
            try scanner.forEachElement { scanner throws(JSONScanError) in records.append(try readRecord(&scanner)) }
        } else if scanner.string(name, equals: "detail"), scanner.peek() == UInt8(ascii: "{") {
            document.hasDetail = true
            try scanner.forEachMember { scanner, name throws(JSONScanError) in
                if scanner.string(name, equals: "version") {
                    document.detailVersion = try scanner.stringIfThere()
                } else if scanner.string(name, equals: "bucket") {
                    document.bucket = try scanner.member("name")
                } else if scanner.string(name, equals: "object") {
                    document.key = try scanner.member("key")
                } else {
                    try scanner.skipValue()
                }
            }
        } else if scanner.string(name, equals: "source") {
            document.source = try scanner.stringIfThere()
        } else if scanner.string(name, equals: "detail-type") {
            document.detailType = try scanner.stringIfThere()
        } else if scanner.string(name, equals: "time") {
            document.time = try scanner.stringIfThere()
        } else if scanner.string(name, equals: "Event") {
            document.testEvent = try scanner.stringIfThere().map { scanner.string($0, equals: "s3:TestEvent") } ?? false
        } else if scanner.string(name, equals: "Type") {
            document.type = try scanner.stringIfThere()
        } else if scanner.string(name, equals: "Message") {
            document.topicMessage = try scanner.stringIfThere()
        } else {
            try scanner.skipValue()
        }
    }

    private func readRecord(_ scanner: inout JSONScanner) throws(JSONScanError) -> Record {
        var record = Record()
        try scanner.forEachMember { scanner, name throws(JSONScanError) in
            if scanner.string(name, equals: "s3"), scanner.peek() == UInt8(ascii: "{") {
                try scanner.forEachMember { scanner, name throws(JSONScanError) in
                    if scanner.string(name, equals: "bucket") {
                        record.bucket = try scanner.member("name")
                    } else if scanner.string(name, equals: "object") {
                        record.key = try scanner.member("key")
                    } else {
                        try scanner.skipValue()
                    }
                }
            } else if scanner.string(name, equals: "body") {
                record.body = try scanner.stringIfThere()
            } else if scanner.string(name, equals: "eventName") {
                record.name = try scanner.stringIfThere()
            } else if scanner.string(name, equals: "eventTime") {
                record.time = try scanner.stringIfThere()
            } else if scanner.string(name, equals: "eventVersion") {
                record.version = try scanner.stringIfThere()
            } else if scanner.string(name, equals: "messageId") {
                record.messageID = try scanner.stringIfThere()
            } else if scanner.string(name, equals: "eventSource") || scanner.string(name, equals: "EventSource") {
                record.source = try scanner.stringIfThere()
            } else if scanner.string(name, equals: "Sns") {
                record.topicMessage = try scanner.member("Message")
            } else {
                try scanner.skipValue()
            }
        }
        return record
    }

    // MARK: Records

    private mutating func finish(
        _ record: Record,
        _ scanner: JSONScanner,
        message: Int?,
        depth: Int,
        isInvocation: Bool
    ) throws(BucketEventError) {
        if isInvocation, let source = record.source, scanner.string(source, equals: "aws:sqs") {
            guard let id = record.messageID else {
                // Without its id Lambda cannot be told of it: the whole batch has to come again.
                throw BucketEventError(.malformed, "a message of the queue has no messageId")
            }
            event.messageIDs.append(Self.text(id, scanner))
            return readNested(record.body, scanner, message: event.messageIDs.count - 1, depth: depth)
        }
        if isInvocation, let source = record.source, scanner.string(source, equals: "aws:sns") {
            return readNested(record.topicMessage, scanner, message: nil, depth: depth)
        }
        do throws(BucketEventError) {
            try append(record, scanner, message)
        } catch {
            event.problems.append(BucketEvent.Problem(message: message, error: error))
        }
    }

    /// Reads a text that is a string of this one; what is wrong with it concerns nothing else.
    private mutating func readNested(_ range: JSONStringRange?, _ scanner: JSONScanner, message: Int?, depth: Int) {
        do throws(BucketEventError) {
            guard let range else { throw BucketEventError(.malformed, "a message of the event has no text") }
            guard depth < Self.maximumDepth else {
                throw BucketEventError(.malformed, "the event is a message in a message in a message")
            }
            let text = JSONStringBytes.unescaped(scanner.bytes, range.content)
            var reader = self
            let failure = text.withUnsafeBytes { bytes -> BucketEventError? in
                do throws(BucketEventError) {
                    try reader.read(bytes, message: message, depth: depth + 1, isInvocation: false)
                    return nil
                } catch {
                    return error
                }
            }
            // What was read before it broke is settled as well: a hint too many does no harm, and the message comes again.
            self = reader
            if let failure { throw failure }
        } catch {
            event.problems.append(BucketEvent.Problem(message: message, error: error))
        }
    }

    private mutating func append(_ record: Record, _ scanner: JSONScanner, _ message: Int?) throws(BucketEventError) {
        guard let source = record.source, scanner.string(source, equals: "aws:s3"), let name = record.name else {
            let source = record.source.map { "\"\(Self.text($0, scanner))\"" } ?? "none"
            throw BucketEventError(
                .malformed,
                "a record of the event is not one of S3 (its eventSource is \(source)); give this function only events of"
                    + " buckets"
            )
        }
        let version = record.version.map { Self.text($0, scanner) } ?? ""
        guard version.hasPrefix("2.") else {
            throw BucketEventError(
                .unknownVersion,
                "an event of S3 has version \"\(version)\", and this function reads versions 2.x; deploy a newer release of"
                    + " sync"
            )
        }
        let kind = BucketEventName(scanner.bytes[name.content])
        guard kind != .ignored else { return event.ignoredCount += 1 }
        guard let bucket = record.bucket, let key = record.key else {
            throw BucketEventError(.malformed, "an event of S3 names no bucket or no key")
        }
        let bucketName = self.bucketName(bucket, scanner)
        guard let decoded = Self.formDecoded(JSONStringBytes.unescaped(scanner.bytes, key.content)), !decoded.isEmpty
        else { throw Self.badKey(key, bucketName, scanner) }
        append(bucketName, decoded, kind, time: record.time, scanner, message)
    }

    private mutating func finish(
        _ document: Document,
        _ scanner: JSONScanner,
        message: Int?,
        depth: Int
    ) throws(BucketEventError) {
        if document.testEvent { return event.ignoredCount += 1 }
        if let type = document.type, scanner.string(type, equals: "Notification") {
            return readNested(document.topicMessage, scanner, message: message, depth: depth)
        }
        guard let source = document.source, scanner.string(source, equals: "aws.s3") else {
            throw BucketEventError(
                .malformed,
                "the event is neither a notification of S3 (Records) nor one of EventBridge from aws.s3; give this function"
                    + " only events of buckets"
            )
        }
        let version = document.detailVersion.map { Self.text($0, scanner) } ?? ""
        guard document.hasDetail, version.isEmpty || version == "0" else {
            throw BucketEventError(
                .unknownVersion,
                "an event of EventBridge has a detail of version \"\(version)\", and this function reads version 0; deploy"
                    + " a newer release of sync"
            )
        }
        let kind = document.detailType.map { BucketEventName(scanner.bytes[$0.content]) } ?? .settled
        guard kind != .ignored else { return event.ignoredCount += 1 }
        guard let bucket = document.bucket, let key = document.key else {
            throw BucketEventError(
                .malformed,
                "an event of EventBridge from aws.s3 names no bucket or no key; let its rule match S3's own events alone"
            )
        }
        let name = bucketName(bucket, scanner)
        // As it is: EventBridge does not encode keys.
        let text = JSONStringBytes.unescaped(scanner.bytes, key.content)
        guard !text.isEmpty, String(validating: text, as: UTF8.self) != nil else {
            throw Self.badKey(key, name, scanner)
        }
        append(name, text, kind, time: document.time, scanner, message)
    }

    private mutating func append(
        _ bucket: String,
        _ key: [UInt8],
        _ kind: BucketEventName,
        time: JSONStringRange?,
        _ scanner: JSONScanner,
        _ message: Int?
    ) {
        let seconds = time.flatMap { time in
            Date(iso8601: Array(scanner.bytes[time.content])[...])?.timeIntervalSince1970
        }
        event.changes.append(
            BucketEvent.Change(
                bucket: bucket,
                key: key,
                isAboutTags: kind == .tags,
                secondsSince1970: seconds,
                message: message
            )
        )
    }

    private mutating func bucketName(_ range: JSONStringRange, _ scanner: JSONScanner) -> String {
        if scanner.bytes[range.content].elementsEqual(lastBucket.utf8) { return lastBucket }
        lastBucket = String(decoding: JSONStringBytes.unescaped(scanner.bytes, range.content), as: UTF8.self)
        return lastBucket
    }

    // MARK: Bytes

    /// `+` for a blank and `%XX` for bytes, which must be UTF-8 then.
    private static func formDecoded(_ text: [UInt8]) -> [UInt8]? {
        var text = text
        let end = text.withUnsafeMutableBufferPointer { bytes in
            URIEncoding.decodeForm(bytes, 0..<bytes.count)?.upperBound
        }
        guard let end else { return nil }
        text.removeSubrange(end...)
        return text
    }

    private static func badKey(_ key: JSONStringRange, _ bucket: String, _ scanner: JSONScanner) -> BucketEventError {
        BucketEventError(
            .malformed,
            "an event of s3://\(OneLine.text(bucket)) has a key that no object can have: \"\(text(key, scanner))\""
        )
    }

    /// A string of the event for a message, with whatever escapes it has, and not too much of it.
    private static func text(_ range: JSONStringRange, _ scanner: JSONScanner) -> String {
        OneLine.text(String(decoding: scanner.bytes[range.content].prefix(200), as: UTF8.self))
    }
}

extension JSONScanner {
    /// A string; `nil` for any other value, which is passed over.
    fileprivate mutating func stringIfThere() throws(JSONScanError) -> JSONStringRange? {
        guard peek() == UInt8(ascii: "\"") else {
            try skipValue()
            return nil
        }
        return try skipString()
    }

    /// The string that a member of an object is; the rest, and any other value, is passed over.
    fileprivate mutating func member(_ wanted: StaticString) throws(JSONScanError) -> JSONStringRange? {
        guard peek() == UInt8(ascii: "{") else {
            try skipValue()
            return nil
        }
        var found: JSONStringRange?
        try forEachMember { scanner, name throws(JSONScanError) in
            if scanner.string(name, equals: wanted) {
                found = try scanner.stringIfThere()
            } else {
                try scanner.skipValue()
            }
        }
        return found
    }
}
