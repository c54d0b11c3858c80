internal import AWSCore

/// Reads again what did not look equal, consistently and on both sides, until it is clear what it is.
///
/// While the source is written to and its changes travel to the target, two scans never see the same moment. Only what is
/// still unequal in two readings in a row, and the same both times, is a difference; what is unequal and another each time
/// is `changing`. Everything else has settled.
struct DifferenceReview: Sendable {
    /// What has become of the suspects.
    struct Outcome: Sendable {
        /// Were equal, or gone on both sides, when they were read again.
        var settled = 0
        /// Those that were not, as they were reported.
        var reported = 0
    }

    /// Chunks of keys that are read at the same time.
    private static let chunksInFlight = 4
    /// Bytes that a chunk's items should not exceed on one side; one of 16 MB is the most that DynamoDB answers.
    private static let chunkBytes = 2 << 20

    let pairs: PairReader
    let repair: TableRepair?
    let clock: SyncClock
    let space: TemporarySpace
    /// How long to wait before each reading; two at least.
    let pauses: [Duration]

    /// The pauses of a review: a short one before the first reading, and from then on each at least as long as the last.
    ///
    /// - Parameter settle: the pause between the first two readings, by which the target may lag behind the source.
    static func pauses(settle: Duration) -> [Duration] {
        [settle / 5, settle, settle * 2, settle * 4]
    }

    /// - Parameter report: gets each difference, one after the other.
    func run(
        _ suspects: consuming RecordSpool,
        progress: VerificationProgress,
        report: (TableDifference) throws -> Void
    ) async throws -> Outcome {
        var outcome = Outcome()
        var reader = suspects.makeReader()
        for (round, pause) in pauses.enumerated() where reader.remaining > 0 {
            try await clock.sleep(pause)
            let isLast = round == pauses.count - 1
            progress.beginReading(again: reader.remaining, round: round + 1)
            var next = RecordSpool(space: space)
            var chunkSize = 25
            try await withThrowingTaskGroup(of: Chunk.self) { group in
                var running = 0
                while true {
                    while running < Self.chunksInFlight, reader.remaining > 0 {
                        var suspects: [SuspectRecord] = []
                        while suspects.count < chunkSize, let bytes = try reader.next() {
                            suspects.append(SuspectRecord(bytes: bytes))
                        }
                        let chunk = suspects
                        group.addTask { try await look(at: chunk, isLast: isLast) }
                        running += 1
                    }
                    guard let chunk = try await group.next() else { break }
                    running -= 1
                    progress.count(readAgain: chunk.count)
                    outcome.settled += chunk.settled
                    outcome.reported += chunk.differences.count
                    for difference in chunk.differences { try report(difference) }
                    for suspect in chunk.unsettled { try next.append(suspect) }
                    let perItem = max(1, chunk.bytes / max(1, chunk.count))
                    chunkSize = min(max(1, Self.chunkBytes / perItem), BatchGetItem.maximumKeys)
                }
            }
            reader = next.makeReader()
        }
        return outcome
    }

    /// What one chunk's reading has shown.
    private struct Chunk: Sendable {
        var count: Int
        /// Of the items, on the side that has more.
        var bytes = 0
        var settled = 0
        var differences: [TableDifference] = []
        var unsettled: [SuspectRecord] = []
    }

    private func look(at suspects: [SuspectRecord], isLast: Bool) async throws -> Chunk {
        var chunk = Chunk(count: suspects.count)
        let pairs = try await pairs.pairs(suspects.map(\.key))
        chunk.bytes = max(
            pairs.reduce(0) { $0 + ($1.source?.count ?? 0) },
            pairs.reduce(0) { $0 + ($1.target?.count ?? 0) }
        )
        var confirmed: [ItemPair] = []
        for (suspect, pair) in zip(suspects, pairs) {
            let seen = (source: pair.sourceDigest, target: pair.targetDigest)
            if pair.isEqual {
                chunk.settled += 1
            } else if let last = suspect.lastSeen, last == seen {
                confirmed.append(pair)
            } else if isLast {
                chunk.differences.append(try difference(pair, .changing))
            } else {
                chunk.unsettled.append(SuspectRecord(key: suspect.key, lastSeen: seen))
            }
        }
        var differences = try confirmed.map { try difference($0, $0.kind) }
        if let repair {
            for (number, mended) in try await repair.mend(confirmed).enumerated() {
                differences[number].repair = mended.repair
                differences[number].reason = mended.reason
            }
        }
        chunk.differences += differences
        return chunk
    }

    private func difference(_ pair: ItemPair, _ kind: TableDifference.Kind) throws -> TableDifference {
        var difference = TableDifference(kind: kind, key: pair.key)
        if let source = pair.source, let target = pair.target {
            let comparison = try ItemComparison(source, target)
            difference.attributes =
                (comparison.different + comparison.onlyInFirst + comparison.onlyInSecond)
                .sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        }
        return difference
    }
}
