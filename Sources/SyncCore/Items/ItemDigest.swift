package import AWSCore

/// 128 bits that stand for an item, and as many for its key: equal for canonically equal items, and in practice only
/// for those.
///
/// **Canonical equality.** Attributes and members of maps have no order, elements of lists have one, elements of sets
/// have none; strings count by their bytes without escapes, numbers by their value, binaries by their bytes; attributes
/// of the item itself that are named `aws:rep:…` do not count (global tables of 2017 keep their records there).
///
/// **Bound.** Each attribute, member and element is hashed with SipHash-1-3 under a key of 128 random bits that no one
/// outside of the process knows; maps and sets add up the hashes of their parts modulo 2^128 and hash the sum with
/// its count. As long as SipHash's outputs are not told from random ones, two different items collide with probability
/// at most (d + 2) · 2^-128, with d the deepest nesting (32 in DynamoDB): each level, a sum of different random numbers or
/// a hash of different inputs, adds 2^-128. Over a table of n items, each compared with one other, that is
/// 34 · n · 2^-128, below 10^-26 for 10^11 items. Whoever chooses the items cannot raise it without knowing the key.
package struct ItemDigest: Sendable, Equatable {
    /// Of the key's attributes alone.
    package var key: UInt128
    /// Of all attributes.
    package var item: UInt128
}

/// Computes ``ItemDigest``s that can be compared with each other.
///
/// Digests of two digesters are comparable only if they were made with the same seed and names of the key.
package struct ItemDigester: Sendable {
    /// The secret of a run; not to be written anywhere.
    package struct Seed: Sendable {
        let key: SipHash128.Key

        /// Random, from the system.
        package init() {
            var random = SystemRandomNumberGenerator()
            self.init(using: &random)
        }

        package init(using random: inout some RandomNumberGenerator) {
            key = SipHash128.Key(low: random.next(), high: random.next())
        }
    }

    package let keyNames: ItemKey
    private let hash: ValueHash

    package init(key: ItemKey, seed: Seed = Seed()) {
        keyNames = key
        hash = ValueHash(key: seed.key)
    }

    /// Digests of one item.
    ///
    /// - Parameter item: its JSON text, which must end with it.
    /// - Throws: ``JSONScanError`` for malformed text, for numbers that are none, and where an attribute of the key is
    ///   missing.
    package func digest(_ item: UnsafeRawBufferPointer) throws(JSONScanError) -> ItemDigest {
        var places = ItemKey.Places()
        return try digest(item, places: &places)
    }

    /// Digests of one item, and its key's JSON text appended to `keyTexts`.
    package func digest(
        _ item: UnsafeRawBufferPointer,
        appendingKeyTo keyTexts: inout [UInt8]
    ) throws(JSONScanError) -> ItemDigest {
        var places = ItemKey.Places()
        let digest = try digest(item, places: &places)
        keyNames.append(places, of: item, to: &keyTexts)
        return digest
    }

    private func digest(
        _ item: UnsafeRawBufferPointer,
        places: inout ItemKey.Places
    ) throws(JSONScanError) -> ItemDigest {
        var reader = try ItemReader(item)
        var sum: UInt128 = 0
        var count: UInt64 = 0
        var keySum: UInt128 = 0
        while let name = try reader.nextName() {
            let start = reader.scanner.position
            let member = try hash.attribute(&reader.scanner, name: name)
            if keyNames.note(name, start..<reader.scanner.position, in: item, &places) {
                keySum = keySum &+ member
            } else if ReplicationAttributes.contains(name, in: item) {
                continue
            }
            sum = sum &+ member
            count &+= 1
        }
        try reader.scanner.requireEnd()
        guard places.areComplete(for: keyNames) else {
            throw JSONScanError(offset: 0, expected: "the key's attributes")
        }
        return ItemDigest(
            key: hash.finish(keySum, count: UInt64(keyNames.names.count), domain: 1),
            item: hash.finish(sum, count: count, domain: 2)
        )
    }
}
