internal import AWSCore

/// Copies the items of a table into another one, in wire form, page by page.
///
/// Readers scan segments in parallel, writers send what they read in batches, ``CopyScheduler`` stands in between.
package struct TableCopy: Sendable {
    package struct Options: Sendable {
        /// Sees everything that was written before; costs twice the read units.
        package var consistentRead = false
        /// Writes in flight at most.
        package var maximumInFlight = 64
        /// Read capacity units a second; `nil` for no limit.
        package var maximumReadUnits: Double?
        package var maximumWriteUnits: Double?

        package init() {}
    }

    let source: TableSide
    let target: TableSide
    let options: Options
    let clock: SyncClock

    package init(source: TableSide, target: TableSide, options: Options = Options(), clock: SyncClock = SyncClock()) {
        self.source = source
        self.target = target
        self.options = options
        self.clock = clock
    }

    /// What a copy did.
    package struct Result: Sendable {
        package var counts: CopyCounts
        package var segments: [CopyCounts]
        package var readUnits: Double
        package var writeUnits: Double
        /// Calls that were throttled, in whole or in part.
        package var throttled: Int
        package var elapsed: Duration
    }

    /// How many segments are read at the same time.
    static let readers = 16

    /// Copies everything.
    ///
    /// - Throws: ``CopyError``; ``AWSError`` for what no repetition helps against; `CancellationError`.
    package func run(segments: Int) async throws -> Result {
        let started = clock.now()
        let readPacer = CapacityPacer(unitsPerSecond: options.maximumReadUnits, clock: clock)
        let writePacer = CapacityPacer(unitsPerSecond: options.maximumWriteUnits, clock: clock)
        let readers = min(segments, Self.readers)
        let scheduler = CopyScheduler(
            segments: Array(repeating: CopyCounts(), count: segments),
            readers: readers,
            maximumInFlight: options.maximumInFlight,
            clock: clock
        )
        let reader = SegmentReader(
            table: source.table,
            dynamoDB: source.dynamoDB.leavingThrottlingToCaller(),
            totalSegments: segments,
            consistentRead: options.consistentRead,
            pacer: readPacer,
            scheduler: scheduler,
            clock: clock
        )
        let writer = BatchWriter(
            table: target.table,
            dynamoDB: target.dynamoDB.leavingThrottlingToCaller(),
            pacer: writePacer,
            scheduler: scheduler
        )
        let queue = SegmentQueue(count: segments)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<readers {
                group.addTask {
                    while let segment = queue.next() { try await reader.read(segment: segment, from: nil) }
                    scheduler.readerEnded()
                }
            }
            for _ in 0..<options.maximumInFlight { group.addTask { try await writer.run() } }
            try await group.waitForAll()
        }
        let snapshot = scheduler.snapshot
        let unbalanced = snapshot.segments.enumerated().filter { !$0.element.isBalanced }
        guard unbalanced.isEmpty else {
            throw CopyError.unbalanced(unbalanced.map { "segment \($0.offset): \($0.element.equation)" })
        }
        return Result(
            counts: snapshot.counts,
            segments: snapshot.segments,
            readUnits: readPacer.consumed,
            writeUnits: writePacer.consumed,
            throttled: snapshot.throttled,
            elapsed: started.duration(to: clock.now())
        )
    }
}
