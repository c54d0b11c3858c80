import AWSCore

/// Makes one item of a target what it is in the source, whoever else writes meanwhile.
///
/// The one way in which an item is brought right outside of its stream: when a failed change is replayed, when a
/// difference is repaired. First the target is read, then the source, and the source's item is written on condition that
/// the target still holds what was read. Who wrote there before our read of the target had read the source before we
/// did; who writes after it makes our condition fail. So the target never goes back to an older state. What the condition
/// cannot see, an item that changed and changed back, or one that only gained attributes, is found by reading the source
/// once more after the write: what has changed since is settled again.
package struct KeySettlement: Sendable {
    package let source: TableSide
    package let target: TableSide
    /// Which items belong into the target, the others are as good as not there; `nil` for all.
    package let filter: ItemFilter?
    /// Whether an item that the source does not have is deleted at the target.
    ///
    /// Not so where deletes of expired items are to be ignored: afterwards nobody can tell who deleted an item.
    package let deletesVanished: Bool

    package init(source: TableSide, target: TableSide, filter: ItemFilter? = nil, deletesVanished: Bool = true) {
        self.source = source
        self.target = target
        self.filter = filter
        self.deletesVanished = deletesVanished
    }

    package enum Outcome: Sendable, Equatable {
        /// The target held the source's item already, or neither side has one.
        case unchanged
        case put
        case deleted
        /// The source has no such item, and the target's was left because of ``KeySettlement/deletesVanished``.
        case kept
    }

    /// What the target should have.
    private enum Wanted {
        case item([UInt8])
        /// The source has the item, and it does not belong into the target.
        case elsewhere
        case vanished

        var item: [UInt8]? {
            if case .item(let item) = self { item } else { nil }
        }
    }

    /// How often an item may change under our hands; then whoever changes it so often brings it to the target, too.
    package static let maximumAttempts = 25

    /// - Parameter key: the JSON text of the item's key.
    /// - Returns: what was done at last.
    /// - Throws: ``AWSError``, which says on which table; ``KeySettlementError``; `CancellationError`.
    package func settle(key: [UInt8]) async throws -> Outcome {
        var outcome = Outcome.unchanged
        for _ in 0..<Self.maximumAttempts {
            let there = try await target.dynamoDB.getItem(table: target.table, key: key, consistentRead: true)
            let state = try await wanted(key)
            let wanted = state.item
            if try areEqual(there, wanted) { return outcome }
            if case .vanished = state, !deletesVanished { return .kept }
            // Either attribute of a key does: an item that is there has both.
            let keyName = try TableChanges.names(ofKey: key[...]).names[0]
            let condition: ItemCondition =
                if let there {
                    // More attributes than a condition can hold are left to the second look at the source.
                    .equals(item: there[...], lackingAttributesOf: wanted.map { $0[...] }, mayLeaveOut: true)
                } else {
                    .notExists(partitionKey: keyName)
                }
            let written: ItemWriteOutcome
            if let wanted {
                written = try await target.dynamoDB.putItem(table: target.table, item: wanted, condition: condition)
            } else {
                written = try await target.dynamoDB.deleteItem(table: target.table, key: key, condition: condition)
            }
            guard case .written = written else { continue }
            outcome = wanted == nil ? .deleted : .put
            let now = try await self.wanted(key).item
            if try areEqual(wanted, now) { return outcome }
        }
        throw KeySettlementError(
            source: source.table,
            target: target.table,
            key: OneLine.text(String(decoding: key, as: UTF8.self))
        )
    }

    /// The item as the target should have it.
    private func wanted(_ key: [UInt8]) async throws -> Wanted {
        guard let item = try await source.dynamoDB.getItem(table: source.table, key: key, consistentRead: true) else {
            return .vanished
        }
        if let filter, try !filter.matches(item[...]) { return .elsewhere }
        return .item(try ReplicationAttributes.removed(from: item[...]))
    }

    private func areEqual(_ left: [UInt8]?, _ right: [UInt8]?) throws(JSONScanError) -> Bool {
        guard let left, let right else { return left == nil && right == nil }
        if left == right { return true }
        return try ItemComparison(left, right).areEqual
    }
}

/// An item that would not hold still.
package struct KeySettlementError: Error, Sendable, Equatable, CustomStringConvertible {
    package var source: String
    package var target: String
    /// The JSON text of its key.
    package var key: String

    package var description: String {
        "the item \(key) of \(source) changed \(KeySettlement.maximumAttempts) times while it was written to \(target); try"
            + " again when it is written less often"
    }
}
