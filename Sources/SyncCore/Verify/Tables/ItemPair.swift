/// One key's item on both sides, read consistently at about the same time.
struct ItemPair: Sendable {
    /// The JSON text of the key.
    var key: [UInt8]
    /// The JSON texts of the items; `nil` where there is none, or none that the comparison is about.
    var source: ArraySlice<UInt8>?
    var target: ArraySlice<UInt8>?
    /// Digests of the items; 0 where there is none.
    var sourceDigest: UInt128 = 0
    var targetDigest: UInt128 = 0

    var isEqual: Bool { (source == nil) == (target == nil) && sourceDigest == targetDigest }

    /// What the pair shows, for a pair that is not equal.
    var kind: TableDifference.Kind {
        source == nil ? .extra : target == nil ? .missing : .different
    }
}

/// Reads the items of keys on both sides.
struct PairReader: Sendable {
    let source: SideReader
    let target: SideReader
    let digester: PageDigester

    /// - Parameter keys: up to 100 JSON texts of different keys.
    /// - Returns: a pair for each key, in their order.
    func pairs(_ keys: [[UInt8]]) async throws -> [ItemPair] {
        guard !keys.isEmpty else { return [] }
        async let targetItems = target.items(keys)
        let sourceItems = try await source.items(keys)
        return try match(keys, sourceItems, try await targetItems)
    }

    private func match(
        _ keys: [[UInt8]],
        _ sourceItems: [ArraySlice<UInt8>],
        _ targetItems: [ArraySlice<UInt8>]
    ) throws -> [ItemPair] {
        var numbers: [UInt128: Int] = [:]
        var pairs: [ItemPair] = []
        for (number, key) in keys.enumerated() {
            numbers[try digester.digest(of: key[...]).key] = number
            pairs.append(ItemPair(key: key))
        }
        for item in sourceItems {
            let digest = try digester.digest(of: item)
            guard let number = numbers[digest.key] else { continue }
            guard try digester.isWanted(item) else { continue }
            pairs[number].source = item
            pairs[number].sourceDigest = digest.item
        }
        for item in targetItems {
            let digest = try digester.digest(of: item)
            guard let number = numbers[digest.key] else { continue }
            // Where the source's item counts, so does whatever the target has in its place.
            guard try pairs[number].source != nil || digester.isWanted(item) else { continue }
            pairs[number].target = item
            pairs[number].targetDigest = digest.item
        }
        return pairs
    }
}
