internal import AWSCore

/// Makes the target's items like the source's, one conditional write each.
///
/// Nothing is written unless the target's item is still what it was compared with, and nothing is deleted unless that was
/// asked for. Afterwards both sides are read again, and what is still not equal is compared anew: the items of a busy
/// source may have changed in between. Running it twice does no harm.
struct TableRepair: Sendable {
    /// How it ended for one pair.
    struct Mended: Sendable, Equatable {
        var repair: TableDifference.Repair
        var reason: String?
    }

    private static let attempts = 5
    private static let writesInFlight = 16

    let pairs: PairReader
    /// Name of the partition key.
    let partitionKey: String
    /// Whether items that only the target has are deleted.
    let mayDelete: Bool
    let clock: SyncClock

    /// - Parameter differing: pairs that are not equal.
    /// - Returns: what became of each, in their order.
    /// - Throws: ``AWSError`` for what would fail for every item, missing permissions above all.
    func mend(_ differing: [ItemPair]) async throws -> [Mended] {
        var current = differing
        var results = [Mended?](repeating: nil, count: differing.count)
        var done = [TableDifference.Repair?](repeating: nil, count: differing.count)
        for attempt in 1...Self.attempts {
            let open = results.indices.filter { results[$0] == nil }
            guard !open.isEmpty else { break }
            if attempt > 1 {
                try await clock.sleep(Backoff.delay(afterFailures: attempt, random: clock.random()))
            }
            for (index, step) in try await write(open.map { ($0, current[$0]) }) {
                switch step {
                case .ended(let mended): results[index] = mended
                case .written(let repair): done[index] = repair
                case .refused: break
                }
            }
            let written = open.filter { results[$0] == nil }
            for (index, pair) in zip(written, try await pairs.pairs(written.map { current[$0].key })) {
                current[index] = pair
                if pair.isEqual { results[index] = Mended(repair: done[index] ?? .unneeded) }
            }
        }
        return results.map { $0 ?? Mended(repair: .failed, reason: "it changed each time it was to be repaired") }
    }

    private enum Step: Sendable {
        case written(TableDifference.Repair)
        /// The target's item was no longer what it was compared with, or the answer was lost: to be looked at again.
        case refused
        case ended(Mended)
    }

    private func write(_ numbered: [(Int, ItemPair)]) async throws -> [(Int, Step)] {
        try await withThrowingTaskGroup(of: (Int, Step).self) { group in
            var steps: [(Int, Step)] = []
            for (count, (index, pair)) in numbered.enumerated() {
                if count >= Self.writesInFlight, let step = try await group.next() { steps.append(step) }
                group.addTask { (index, try await write(pair)) }
            }
            for try await step in group { steps.append(step) }
            return steps
        }
    }

    private func write(_ pair: ItemPair) async throws -> Step {
        let target = pairs.target
        let (table, dynamoDB) = (target.side.table, target.dynamoDB)
        do {
            let outcome: ItemWriteOutcome
            let repair: TableDifference.Repair
            switch (pair.source, pair.target) {
            case (let source?, let old):
                repair = .written
                let item = try ReplicationAttributes.removed(from: source)
                outcome = try await target.write {
                    try await dynamoDB.putItem(
                        table: table,
                        item: item,
                        condition: old.map { .equals(item: $0, lackingAttributesOf: source) }
                            ?? .notExists(partitionKey: partitionKey)
                    )
                }
            case (nil, let old?):
                guard mayDelete else { return .ended(Mended(repair: .left)) }
                repair = .deleted
                outcome = try await target.write {
                    try await dynamoDB.deleteItem(table: table, key: pair.key, condition: .equals(item: old))
                }
            case (nil, nil):
                return .refused
            }
            if case .written = outcome { return .written(repair) }
            return .refused
        } catch let error as ItemConditionError {
            return .ended(Mended(repair: .failed, reason: "\(error)"))
        } catch let error as AWSError where error.kind == .transient {
            // It may have been done or not: the next reading shows.
            return .refused
        } catch let error as AWSError where Self.concernsOneItem.contains(error.code) {
            return .ended(Mended(repair: .failed, reason: "\(error)"))
        }
    }

    /// Errors that say nothing about the next item.
    private static let concernsOneItem: Set<String> = [
        "ValidationException", "ItemCollectionSizeLimitExceededException",
    ]
}
