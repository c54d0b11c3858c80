import AWSCore
package import BackupCore

/// An invocation's records of DynamoDB Streams, cut out of the event without building a tree.
///
/// The form is that of AWS Lambda's Developer Guide, "Using AWS Lambda with Amazon DynamoDB". What is not needed is
/// passed over, so that a new member disturbs nothing; a new major version of the records does.
package struct TableStreamEvent: Sendable {
    /// A stream from which records of the event come; one, as Lambda delivers them.
    package struct Stream: Sendable, Equatable {
        package var arn: String
        package var table: TableARN
    }

    /// The event's text.
    package let bytes: [UInt8]
    /// In the order of the event, which for one item is that of its changes.
    package let records: [TableStreamRecord]
    package let streams: [Stream]

    /// - Throws: ``TableStreamEventError`` for the whole event: half of one is not worked on, because what is not
    ///   understood may be the newer change of an item that is.
    package init(parsing bytes: [UInt8]) throws(TableStreamEventError) {
        let content = bytes.withUnsafeBytes { bytes -> Result<TableStreamEventReader, TableStreamEventError> in
            do throws(TableStreamEventError) {
                var reader = TableStreamEventReader(bytes)
                try reader.read()
                return .success(reader)
            } catch {
                return .failure(error)
            }
        }
        let reader = try content.get()
        self.bytes = bytes
        records = reader.records
        streams = reader.streams
    }

    package func text(_ range: Range<Int>) -> String { String(decoding: bytes[range], as: UTF8.self) }

    /// The record's sequence number as Lambda wants it back.
    package func sequenceNumber(of record: TableStreamRecord) -> String { text(record.sequenceNumber) }

    /// Whether one record comes before another in their stream.
    ///
    /// Sequence numbers are decimal and of different lengths, too long for an `Int`.
    package func isEarlier(_ left: TableStreamRecord, than right: TableStreamRecord) -> Bool {
        let (left, right) = (significantDigits(left), significantDigits(right))
        return left.count == right.count ? left.lexicographicallyPrecedes(right) : left.count < right.count
    }

    private func significantDigits(_ record: TableStreamRecord) -> ArraySlice<UInt8> {
        bytes[record.sequenceNumber].drop { $0 == UInt8(ascii: "0") }
    }
}
