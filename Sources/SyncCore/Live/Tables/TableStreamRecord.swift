/// One change of an item as a stream of DynamoDB tells it; its texts are places in the event.
package struct TableStreamRecord: Sendable, Equatable {
    package enum Change: Sendable {
        case insert
        case modify
        case remove
    }

    package var change: Change
    /// Which of the event's streams it comes from.
    package var stream: Int
    /// The digits of its sequence number.
    package var sequenceNumber: Range<Int>
    /// The JSON text of the item's key.
    package var key: Range<Int>
    /// The JSON text of the item after the change; always there unless the item was removed.
    package var newImage: Range<Int>?
    /// Whether the new image has attributes named `aws:rep:…`, which DynamoDB's global tables of 2017 add and which
    /// nobody else may write.
    package var hasReplicationAttributes: Bool
    /// Seconds since 1970; AWS rounds them down to whole ones.
    package var creationTime: Double?
    /// Whether DynamoDB itself removed the item, because its time to live was over.
    package var isTimeToLiveDelete: Bool
}

/// Why an event is not worked on; one line that says what to change.
package struct TableStreamEventError: Error, Sendable, Equatable, CustomStringConvertible {
    package enum Code: Sendable, Equatable {
        /// Not an event of a DynamoDB stream, or one that is malformed.
        case malformed
        /// A later version of the event than this program knows.
        case unknownVersion
        /// The stream does not carry what is to be written.
        case missingImage
        /// No mapping names the table.
        case unmappedTable
    }

    package var code: Code
    package var message: String

    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    package var description: String { message }
}
