internal import AWSCore
package import BackupCore

package import struct FoundationEssentials.Date

/// A message of the queue of failed changes of tables.
package enum FailureMessage: Sendable, Equatable {
    /// One item that a target did not take, as live sync itself puts it aside.
    case change(FailedTableChange)
    /// A batch of a stream that Lambda has given up.
    case batch(FailedStreamBatch)
    /// Something else, with why it is not understood.
    case unreadable(String)

    package init(body: String) {
        guard let json = try? JSONValue(parsing: Array(body.utf8)), json.object != nil else {
            self = .unreadable("the message is no JSON object")
            return
        }
        if let change = FailedTableChange(json: json) {
            self = .change(change)
        } else if json["DDBStreamBatchInfo"] != nil {
            guard let batch = FailedStreamBatch(json: json) else {
                self = .unreadable("the message about a failed batch names no stream, shard or sequence numbers")
                return
            }
            self = .batch(batch)
        } else {
            let type = json["type"]?.string.map { "of type \"\(OneLine.text($0).prefix(80))\"" } ?? "without a type"
            self = .unreadable("a message \(type) is not known; a later version may have written it")
        }
    }
}

/// What Lambda sends of a batch that it has given up: where its records stand, and none of them (Lambda Developer Guide,
/// "Retain discarded batches for a DynamoDB event source in Lambda").
package struct FailedStreamBatch: Sendable, Equatable {
    /// The ARN.
    package var stream: String
    package var source: TableARN
    package var shard: String
    package var first: String
    package var last: String
    /// When the records were written, to the second.
    package var firstDate: Date?
    package var lastDate: Date?
    package var count: Int?
    /// Such as `RetryAttemptsExhausted`.
    package var condition: String?

    init?(json: JSONValue) {
        guard let info = json["DDBStreamBatchInfo"], let stream = info["streamArn"]?.string,
            let source = ARN(stream)?.table.flatMap({ TableARN($0.description) }),
            let shard = info["shardId"]?.string, !shard.isEmpty,
            let first = info["startSequenceNumber"]?.string, SequenceNumber(first) != nil,
            let last = info["endSequenceNumber"]?.string, SequenceNumber(last) != nil
        else { return nil }
        self.stream = stream
        self.source = source
        self.shard = shard
        self.first = first
        self.last = last
        firstDate = info["approximateArrivalOfFirstRecord"]?.string.flatMap { Date(iso8601: $0) }
        lastDate = info["approximateArrivalOfLastRecord"]?.string.flatMap { Date(iso8601: $0) }
        count = info["batchSize"]?.integer
        condition = json["requestContext"]?["condition"]?.string.map { OneLine.text($0) }
    }
}

/// A place in a shard: a whole number of up to 40 digits.
struct SequenceNumber: Comparable {
    private let digits: ArraySlice<UInt8>

    init?(_ text: String) {
        let bytes = Array(text.utf8)
        guard !bytes.isEmpty, bytes.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else {
            return nil
        }
        digits = bytes.drop { $0 == UInt8(ascii: "0") }
    }

    static func == (left: SequenceNumber, right: SequenceNumber) -> Bool { left.digits.elementsEqual(right.digits) }

    static func < (left: SequenceNumber, right: SequenceNumber) -> Bool {
        guard left.digits.count == right.digits.count else { return left.digits.count < right.digits.count }
        return left.digits.lexicographicallyPrecedes(right.digits)
    }
}
