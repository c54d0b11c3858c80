package import BackupCore

/// What an invocation did in one mapping, for metrics and logs.
package struct LiveTableFigures: Sendable, Equatable {
    package var source: TableARN
    package var target: TableARN
    /// Records of the source's stream.
    package var records = 0
    package var puts = 0
    package var deletes = 0
    /// Changes that the target refused for good and that are in the failure queue.
    package var refused = 0
    /// Changes that Lambda delivers again.
    package var failed = 0
    /// Calls that were throttled, in whole or in part.
    package var throttled = 0
    /// How old the oldest record was when all was written; `nil` when no record says when it was made.
    ///
    /// At least 0, and up to a second too much, because AWS rounds the records' times down to whole seconds.
    package var lagMilliseconds: Double?

    package init(source: TableARN, target: TableARN) {
        self.source = source
        self.target = target
    }
}
