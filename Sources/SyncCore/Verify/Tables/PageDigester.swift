internal import AWSCore

/// Takes from items what a comparison keeps of them, those left out that it is not about.
struct PageDigester: Sendable {
    let digester: ItemDigester
    /// Only items that match are compared; `nil` for all.
    let filter: ItemFilter?

    /// Digests of all items of a page.
    ///
    /// - Throws: ``JSONScanError``; ``VerificationError/keyTooLong(table:bytes:)``.
    func digests(of page: ItemPage, table: String) throws -> DigestStore.Page {
        try digests(of: page, items: [0..<page.count], table: table)
    }

    /// Digests of some items of a page, by their numbers.
    func digests(of page: ItemPage, items: [Range<Int>], table: String) throws -> DigestStore.Page {
        var result = DigestStore.Page()
        let count = items.reduce(0) { $0 + $1.count }
        guard count > 0 else { return result }
        result.entries.reserveCapacity(count)
        result.keyTexts.reserveCapacity(count * 48)
        try page.bytes.withUnsafeBytes { bytes in
            for range in items.lazy.flatMap({ page.items[$0] }) {
                let item = UnsafeRawBufferPointer(rebasing: bytes[range])
                if let filter, try !filter.matches(item) { continue }
                let start = result.keyTexts.count
                let digest = try digester.digest(item, appendingKeyTo: &result.keyTexts)
                let end = result.keyTexts.count
                guard end - start <= DigestRecord.maximumKeyLength else {
                    throw VerificationError.keyTooLong(table: table, bytes: end - start)
                }
                result.entries.append(.init(key: digest.key, item: digest.item, keyEnd: end))
            }
        }
        return result
    }

    func digest(of item: ArraySlice<UInt8>) throws -> ItemDigest {
        try item.withUnsafeBytes { try digester.digest($0) }
    }

    /// How many of some items of a page are compared.
    ///
    /// - Throws: ``JSONScanError``.
    func countWanted(of page: ItemPage, items: [Range<Int>]) throws -> Int {
        guard let filter else { return items.reduce(0) { $0 + $1.count } }
        return try page.bytes.withUnsafeBytes { bytes in
            try items.reduce(0) { sum, numbers in
                try page.items[numbers].reduce(sum) { sum, item in
                    sum + (try filter.matches(UnsafeRawBufferPointer(rebasing: bytes[item])) ? 1 : 0)
                }
            }
        }
    }

    func isWanted(_ item: ArraySlice<UInt8>) throws -> Bool {
        guard let filter else { return true }
        return try filter.matches(item)
    }
}
