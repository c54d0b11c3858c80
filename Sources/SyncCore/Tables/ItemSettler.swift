internal import AWSCore

/// Makes sure of one item that a merge wrote, or may have written, and that the source may not have any more (H16).
///
/// Why no order of events brings an item back: whatever happens at the source after our last consistent read of it is
/// applied by live sync after our last write. So only what that read shows counts. The item is there: then it was there
/// after our put, and its removal, should it come, comes after it. It is gone: then what we wrote is removed, on condition
/// that it is still what we wrote; and the source is read again, because it may have the same item back meanwhile, which
/// live sync had applied and we have just removed.
struct ItemSettler: Sendable {
    let source: TableSide
    let target: TableSide
    let key: ItemKey
    let sieve: PageSieve
    let persistence: Persistence
    let readPacer: CapacityPacer
    let writePacer: CapacityPacer

    /// - Parameter own: the item's JSON text as it was written; `nil` when that is not known.
    /// - Returns: how many times it was removed from the target; `nil` when the source had it all the while.
    func settle(_ key: [UInt8], own: [UInt8]?) async throws -> Int? {
        guard try await sourceItem(key) == nil else { return nil }
        var own = own
        var removed = 0
        while true {
            if own == nil {
                own = try await item(key, of: target, nil)
            }
            guard let item = own else { return removed }
            let outcome = try await persistence.call {
                try await writePacer.pace(estimate: writePacer.estimate(items: 1)) { units in
                    var noted: Double?
                    defer { units = noted }
                    return try await target.dynamoDB.deleteItem(
                        table: target.table,
                        key: key,
                        // What cannot be compared need not be: if live sync wrote it, the source has had it since.
                        condition: .equals(item: item[...], mayLeaveOut: true),
                        noteUnits: { noted = $0 }
                    )
                }
            }
            switch outcome {
            case .written(let previous): removed += previous == nil ? 0 : 1
            // Live sync has written another: that is not ours any more.
            case .conditionFailed(.some, mayBeOwn: false): return removed
            case .conditionFailed: break
            }
            guard let again = try await sourceItem(key) else { return removed }
            _ = try await persistence.call {
                try await writePacer.putIfMissing(
                    again[...],
                    into: target.table,
                    target.dynamoDB,
                    partitionKey: self.key.names[0]
                )
            }
            own = again
            guard try await sourceItem(key) == nil else { return removed }
        }
    }

    /// The item as it is to be copied; `nil` where the source has none, or none that is wanted.
    func sourceItem(_ key: [UInt8]) async throws -> [UInt8]? {
        guard let item = try await item(key, of: source, readPacer), try sieve.wants(item[...]) else { return nil }
        return try ReplicationAttributes.removed(from: item[...])
    }

    /// - Parameter pacer: `nil` for the target, whose read units nobody has limited.
    private func item(_ key: [UInt8], of side: TableSide, _ pacer: CapacityPacer?) async throws -> [UInt8]? {
        try await persistence.call {
            guard let pacer else {
                return try await side.dynamoDB.getItem(table: side.table, key: key, consistentRead: true)
            }
            return try await pacer.pace(estimate: max(1, pacer.estimate(items: 1))) { units in
                var noted: Double?
                defer { units = noted }
                return try await side.dynamoDB.getItem(
                    table: side.table,
                    key: key,
                    consistentRead: true,
                    noteUnits: { noted = $0 }
                )
            }
        }
    }
}
