package import AWSCore

/// A call that failed for good, and for which side of a copy it was: both may have the same table's name.
package struct TableSideError: Error, Sendable, Equatable, CustomStringConvertible {
    package enum Side: String, Sendable {
        case source
        case target
    }

    package var side: Side
    package var error: AWSError

    package init(_ side: Side, _ error: AWSError) {
        self.side = side
        self.error = error
    }

    package var description: String { "\(side.rawValue): \(error)" }

    /// Makes calls for one side, so that their errors name it.
    ///
    /// - Throws: what the calls throw, ``AWSError`` as ``TableSideError``.
    static func naming<Output>(_ side: Side, _ calls: () async throws -> Output) async throws -> Output {
        do {
            return try await calls()
        } catch let error as AWSError {
            throw TableSideError(side, error)
        }
    }

    /// Names the side of a call that a running copy has made, as far as operation and table tell it.
    init?(_ error: AWSError, source: TableSide, target: TableSide) {
        switch error.operation {
        case "Scan": self.init(.source, error)
        case "BatchWriteItem", "PutItem", "DeleteItem": self.init(.target, error)
        case "GetItem" where source.table != target.table || source.region != target.region:
            let isSource = error.resource == source.table && error.region == source.region.name
            self.init(isSource ? .source : .target, error)
        default: return nil
        }
    }
}
