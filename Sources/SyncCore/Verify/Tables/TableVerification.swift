internal import AWSCore

/// Compares two tables item by item.
///
/// Both sides are read once, in parallel segments. Items that come in the same order and are the same bytes pair off at
/// once (``PagePairing``); of each of the others only two digests and its key are kept until the other side's item comes
/// (``DigestStore``). What finds no equal counterpart is read again (``DifferenceReview``) before it is
/// called a difference, and repaired if that is wanted (``TableRepair``).
package struct TableVerification: Sendable {
    package enum Sample: Sendable, Equatable {
        /// Of the items, above 0 and below 100.
        case percent(Double)
        /// So many items of each side, or a few more.
        case items(Int)
    }

    package struct Options: Sendable {
        /// Only items that match are compared.
        package var filter: ItemFilter?
        /// Sees everything that was written before; costs twice the read units.
        package var consistentRead = false
        /// Segments to read each table in; by its size when `nil`.
        package var segments: Int?
        /// Read capacity units a second of each side; `nil` for no limit.
        package var maximumReadUnits: Double?
        /// Not everything, but a part chosen by chance.
        package var sample: Sample?
        /// Write what is missing or different at the target.
        package var repairs = false
        /// Delete what only the target has; only together with `repairs`.
        package var deletes = false
        /// By how much the target may lag behind the source: the pause between two readings of what looks different.
        package var settle = Duration.seconds(5)
        /// Where the files go that hold what does not fit in memory.
        package var temporaryDirectory = "/tmp"
        /// Bytes of memory for digests.
        package var digestMemory = DigestStore.standardCapacity

        package init() {}
    }

    /// Segments of each side that are read at the same time.
    static let readers = 8
    private static let bytesPerSegment = 64 << 20

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

    /// Compares the tables.
    ///
    /// - Parameters:
    ///   - tables: the tables as ``CopyTables`` has found them.
    ///   - report: gets each difference as soon as it is known for one, with what was done about it.
    /// - Throws: what keeps the comparison from being complete: ``AWSError``, ``VerificationError``,
    ///   ``TemporarySpace/Failure``, `CancellationError`; what `report` throws.
    package func run(
        _ tables: CopyTables,
        progress: VerificationProgress = VerificationProgress(),
        report: (TableDifference) throws -> Void
    ) async throws -> TableVerificationResult {
        let space = TemporarySpace(directory: options.temporaryDirectory)
        let partitionKey = tables.keyNames.first ?? ""
        let reading = TableReading(
            source: SideReader(
                side: source,
                role: "source",
                maximumReadUnits: options.maximumReadUnits,
                clock: clock
            ),
            target: SideReader(
                side: target,
                role: "target",
                maximumReadUnits: options.maximumReadUnits,
                clock: clock
            ),
            digester: PageDigester(
                digester: ItemDigester(
                    key: ItemKey(partitionKey: partitionKey, sortKey: tables.keyNames.dropFirst().first)
                ),
                filter: options.filter
            ),
            consistentRead: options.consistentRead,
            progress: progress
        )
        let pairs = PairReader(source: reading.source, target: reading.target, digester: reading.digester)
        var result = TableVerificationResult()
        let store = DigestStore(capacity: options.digestMemory, space: space)
        if let sample = options.sample {
            var random = SystemRandomNumberGenerator()
            let itemCount = max(tables.source.itemCount ?? 0, tables.target.itemCount ?? 0)
            let plan = SamplePlan(sample, itemCount: itemCount, using: &random)
            try await SampleReading(plan: plan, reading: reading, suspects: store).run(&result)
        } else {
            let outcome = try await reading.readAll(segments: segmentCount(tables), into: store)
            (result.source, result.target) = (outcome.source, outcome.target)
            result.equal = outcome.paired
        }
        let suspects = try takeSuspects(from: store, space, &result)
        let review = DifferenceReview(
            pairs: pairs,
            repair: options.repairs
                ? TableRepair(
                    pairs: pairs,
                    partitionKey: partitionKey,
                    mayDelete: options.deletes,
                    clock: clock
                ) : nil,
            clock: clock,
            space: space,
            pauses: DifferenceReview.pauses(settle: options.settle)
        )
        let outcome = try await review.run(suspects, progress: progress) { difference in
            result.count(difference)
            try report(difference)
        }
        result.settled = outcome.settled
        for (side, reader) in [(\TableVerificationResult.source, reading.source), (\.target, reading.target)] {
            result[keyPath: side].readUnits = reader.consumedUnits
            result[keyPath: side].throttled = reader.throttled
        }
        result.temporaryBytes = space.bytesWritten
        return result
    }

    /// Bytes of temporary files that so many items may need at most, if no two of them that are equal meet early.
    package static func temporaryBytes(items: Int) -> Int {
        // A key of DynamoDB's JSON: names, types, and values of some dozen bytes.
        items * (DigestRecord.headerSize + 64)
    }

    private func segmentCount(_ tables: CopyTables) -> Int {
        if let segments = options.segments { return segments }
        let size = max(tables.source.sizeBytes ?? 0, tables.target.sizeBytes ?? 0)
        return min(max(2 * Self.readers, size / Self.bytesPerSegment), 100_000)
    }

    /// What found no equal counterpart, after everything that was read has been accounted for.
    func takeSuspects(
        from store: DigestStore,
        _ space: TemporarySpace,
        _ result: inout TableVerificationResult
    ) throws -> RecordSpool {
        var suspects = RecordSpool(space: space)
        var left = 0
        try store.finish { record in
            left += (record.sides.contains(.source) ? 1 : 0) + (record.sides.contains(.target) ? 1 : 0)
            try suspects.append(SuspectRecord(key: Array(record.keyText)))
        }
        guard result.sample == nil else { return suspects }
        result.equal += store.matches
        let (read, compared) = (result.source.items + result.target.items, 2 * result.equal + left + store.repeats)
        guard read == compared else {
            throw VerificationError.unbalanced("\(read) items were read and \(compared) compared")
        }
        return suspects
    }
}
