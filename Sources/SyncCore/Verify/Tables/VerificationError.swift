/// Why a comparison did not come to a result; one line, which says what to do.
package enum VerificationError: Error, Sendable, Equatable, CustomStringConvertible {
    /// One of the tables does not exist.
    case tableMissing(side: String, table: String, region: String)
    /// Nothing was answered for so long; the last error.
    case stalled(side: String, table: String, Duration, lastError: String)
    /// An item's key is longer than DynamoDB allows.
    case keyTooLong(table: String, bytes: Int)
    /// What was counted while reading and what was compared are not the same number of items.
    case unbalanced(String)

    package var description: String {
        switch self {
        case .tableMissing(let side, let table, let region):
            "the \(side) \(table) does not exist in \(region)"
        case .stalled(let side, let table, let duration, let error):
            "the \(side) \(table) has not answered for \(duration.components.seconds) s: \(error)"
        case .keyTooLong(let table, let bytes):
            "an item of \(table) has a key of \(bytes) bytes, more than DynamoDB allows"
        case .unbalanced(let ledger):
            "the comparison is not complete, and says nothing about the tables: \(ledger)"
        }
    }
}
