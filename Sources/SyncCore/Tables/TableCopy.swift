internal import AWSCore

/// Copies the items of a table into another one, in wire form, page by page.
///
/// Readers scan segments in parallel, writers send what they read, ``CopyScheduler`` stands in between, and
/// ``CopyCheckpoint`` records each page that is done.
package struct TableCopy: Sendable {
    package enum Mode: String, Sendable, CaseIterable {
        /// A plain copy: what the target has of the same key is replaced.
        case replace
        /// For use while live sync runs: nothing that the target has is overwritten, and nothing is brought back.
        case merge
    }

    package struct Options: Sendable {
        package var mode = Mode.replace
        /// Sees everything that was written before, for twice the read units; a merge always does.
        package var consistentRead = false
        /// Writes in flight at most.
        package var maximumInFlight = 64
        /// Read capacity units a second; `nil` for no limit.
        package var maximumReadUnits: Double?
        package var maximumWriteUnits: Double?
        /// The text of `--where`; `nil` for all items.
        package var filter: String?
        /// Leaves out items whose time to live in this attribute is over.
        package var expiryAttribute: String?
        /// How long nothing may move before the copy gives up.
        package var stallLimit = Duration.seconds(600)
        /// Whether pages are kept small by a number of items.
        var limitsPages = false

        package init() {}
    }

    /// What a copy has done.
    package struct Progress: Sendable {
        /// Since the copy began, in this run and before.
        package var counts: CopyCounts
        package var readUnits: Double
        package var writeUnits: Double
        /// Calls of this run that were throttled, in whole or in part.
        package var throttled: Int
        package var inFlight: Int
        package var elapsed: Duration
    }

    /// How many segments are read at the same time.
    static let readers = 16

    let source: TableSide
    let target: TableSide
    let tables: CopyTables
    package let options: Options
    let clock: SyncClock

    package init(
        source: TableSide,
        target: TableSide,
        tables: CopyTables,
        options: Options = Options(),
        clock: SyncClock = SyncClock()
    ) {
        self.source = TableSide(table: source.table, dynamoDB: source.dynamoDB.leavingThrottlingToCaller())
        self.target = TableSide(table: target.table, dynamoDB: target.dynamoDB.leavingThrottlingToCaller())
        self.tables = tables
        self.options = options
        self.clock = clock
    }

    /// As many segments as to have a fair share of 16 MB each: enough to read in parallel and to spread the writes, and
    /// few enough that their ends cost little.
    package static func segments(forBytes bytes: Int?) -> Int {
        min(1_000, max(8, (bytes ?? 0) >> 24))
    }

    /// Copies what the checkpoint does not say is done.
    ///
    /// - Parameters:
    ///   - stopsReading: whether no further page is to be read; what is read by then is written, and the rest is left to
    ///     another run with the same checkpoint.
    ///   - report: gets the state of things a few times a second; `nil` for never.
    /// - Throws: ``CopyError``; ``CheckpointError``; ``TableSideError`` or ``AWSError`` for what no repetition helps against;
    ///   `CancellationError`. What is recorded by then holds, and the same copy goes on from there.
    package func run(
        checkpoint: CopyCheckpoint,
        stopsReading: @escaping @Sendable () -> Bool = { false },
        report: (@Sendable (Progress) -> Void)? = nil
    ) async throws -> Progress {
        let run = try CopyRun(self, checkpoint: checkpoint, stopsReading: stopsReading)
        do {
            try await namingSides { try await run.copy(report: report) }
        } catch {
            // Not to lose work to a power failure on top; what made the copy fail is what matters.
            try? await checkpoint.synchronize()
            throw error
        }
        try await checkpoint.synchronize()
        try run.checkLedger()
        return run.progress
    }

    /// - Throws: ``TableSideError`` instead of an ``AWSError`` of which it is known which table it is about.
    func namingSides<Result>(_ body: () async throws -> Result) async throws -> Result {
        do {
            return try await body()
        } catch let failed as AWSError {
            throw TableSideError(failed, source: source, target: target) ?? failed
        }
    }
}
