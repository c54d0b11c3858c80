internal import AWSCore

/// One run of a copy: its parts and how they work together.
struct CopyRun: Sendable {
    private let copy: TableCopy
    private let checkpoint: CopyCheckpoint
    private let positions: [CopyCheckpoint.Position]
    private let readPacer: CapacityPacer
    private let writePacer: CapacityPacer
    let scheduler: CopyScheduler
    let reader: SegmentReader
    let settler: ItemSettler
    private let readers: Int
    private let started: ContinuousClock.Instant

    private var clock: SyncClock { copy.clock }
    var key: ItemKey { copy.tables.key }
    var maximumInFlight: Int { copy.options.maximumInFlight }

    init(_ copy: TableCopy, checkpoint: CopyCheckpoint, stopsReading: @escaping @Sendable () -> Bool) throws {
        let (options, clock) = (copy.options, copy.clock)
        self.copy = copy
        self.checkpoint = checkpoint
        started = clock.now()
        positions = checkpoint.positions
        let remaining = positions.count { !$0.isDone }
        readers = min(remaining, TableCopy.readers)
        let consistentRead = options.consistentRead || options.mode == .merge
        // Half a unit for 4 KB, of 400 bytes an item.
        readPacer = CapacityPacer(unitsPerSecond: options.maximumReadUnits, unitsPerItem: 0.05, clock: clock)
        let writePacer = CapacityPacer(unitsPerSecond: options.maximumWriteUnits, clock: clock)
        self.writePacer = writePacer
        let itemsPerCall = options.mode == .merge ? 1 : BatchWriteItem.maximumRequests
        scheduler = CopyScheduler(
            segments: positions.map(\.counts),
            readers: readers,
            maximumInFlight: options.maximumInFlight,
            itemsPerSpan: { writePacer.itemsPerCall(upTo: itemsPerCall) },
            stallLimit: options.stallLimit,
            clock: clock
        )
        let sieve = try PageSieve(options)
        let persistence = Persistence(scheduler: scheduler, clock: clock)
        reader = SegmentReader(
            table: copy.source.table,
            dynamoDB: copy.source.dynamoDB,
            totalSegments: positions.count,
            consistentRead: consistentRead,
            sieve: sieve,
            pacer: readPacer,
            scheduler: scheduler,
            checkpoint: checkpoint,
            persistence: persistence,
            notesKeys: options.mode == .merge ? copy.tables.key : nil,
            stopsReading: stopsReading
        )
        settler = ItemSettler(
            source: copy.source,
            target: copy.target,
            key: copy.tables.key,
            sieve: sieve,
            persistence: persistence,
            readPacer: readPacer,
            writePacer: writePacer
        )
    }

    func copy(report: (@Sendable (TableCopy.Progress) -> Void)?) async throws {
        try await withThrowingTaskGroup(of: Bool.self) { group in
            group.addTask {
                try await settleEarlierRun()
                try await copyItems()
                return true
            }
            if let report {
                group.addTask {
                    var ticks = 0
                    while true {
                        report(progress)
                        try await clock.sleep(.milliseconds(200))
                        ticks += 1
                        if ticks.isMultiple(of: 25) { try await checkpoint.synchronize() }
                    }
                }
            }
            while let isDone = try await group.next(), !isDone {}
            group.cancelAll()
        }
    }

    /// What a merge that ended early may have written, and what nobody has looked at since.
    private func settleEarlierRun() async throws {
        let keys = checkpoint.intents.flatMap(\.keys)
        guard !keys.isEmpty else { return }
        let next = SharedIndex(count: keys.count)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<min(keys.count, copy.options.maximumInFlight) {
                group.addTask {
                    while let place = next.next() { _ = try await settler.settle(keys[place], own: nil) }
                }
            }
            // Not waitForAll, which would not cancel the others when one fails.
            for try await _ in group {}
        }
        try checkpoint.forgetIntents()
    }

    private func copyItems() async throws {
        let segments = SegmentQueue(positions.indices.filter { !positions[$0].isDone })
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<readers {
                group.addTask {
                    while !reader.stopsReading(), let segment = segments.next() {
                        try await reader.read(segment: segment, from: positions[segment])
                    }
                    scheduler.readerEnded()
                }
            }
            for _ in 0..<copy.options.maximumInFlight { group.addTask { try await write() } }
            // Not waitForAll, which would not cancel the others when one fails.
            for try await _ in group {}
        }
    }

    func write() async throws {
        switch copy.options.mode {
        case .replace:
            try await BatchWriter(
                table: copy.target.table,
                dynamoDB: copy.target.dynamoDB,
                key: copy.tables.key,
                pacer: writePacer,
                scheduler: scheduler,
                checkpoint: checkpoint
            ).run()
        case .merge:
            try await MergeWriter(
                table: copy.target.table,
                dynamoDB: copy.target.dynamoDB,
                key: copy.tables.key,
                pacer: writePacer,
                scheduler: scheduler,
                checkpoint: checkpoint,
                settler: PageSettler(
                    source: copy.source,
                    totalSegments: positions.count,
                    key: copy.tables.key,
                    sieve: reader.sieve,
                    persistence: reader.persistence,
                    pacer: readPacer,
                    settler: settler,
                    limitsPages: readPacer.unitsPerSecond != nil || copy.options.limitsPages
                )
            ).run()
        }
    }

    var progress: TableCopy.Progress {
        let snapshot = scheduler.snapshot
        return TableCopy.Progress(
            counts: snapshot.counts,
            readUnits: readPacer.consumed,
            writeUnits: writePacer.consumed,
            throttled: snapshot.throttled,
            inFlight: snapshot.inFlight,
            elapsed: started.duration(to: clock.now())
        )
    }

    /// - Throws: ``CopyError/unbalanced(_:)`` unless each segment was read to its end, or as far as it was to be, and all
    ///   its items are accounted for, in memory as on disk.
    ///
    /// - Parameter isPart: whether segments need not have come to their ends.
    func checkLedger(isPart: Bool = false) throws {
        let snapshot = scheduler.snapshot
        let isStopped = isPart || reader.stopsReading()
        let wrong = checkpoint.positions.enumerated().filter { segment, position in
            !position.isDone && !isStopped || !position.counts.isBalanced
                || position.counts != snapshot.segments[segment]
        }
        guard wrong.isEmpty else {
            throw CopyError.unbalanced(
                wrong.map {
                    "segment \($0.offset): \($0.element.counts.equation)\($0.element.isDone ? "" : ", not ended")"
                }
            )
        }
    }
}
