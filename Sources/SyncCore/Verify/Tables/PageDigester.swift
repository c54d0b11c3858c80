internal import AWSCore

/// Takes from items what a comparison keeps of them, those left out that it is not about.
struct PageDigester: Sendable {
    let digester: ItemDigester
    /// Only items that match are compared; `nil` for all.
    let filter: ItemFilter?

    /// - Throws: ``JSONScanError``; ``VerificationError/keyTooLong(table:bytes:)``.
    func digests(of page: ItemPage, table: String) throws -> DigestStore.Page {
        var result = DigestStore.Page()
        result.entries.reserveCapacity(page.count)
        result.keyTexts.reserveCapacity(page.count * 48)
        try page.bytes.withUnsafeBytes { bytes in
            for range in page.items {
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

    func isWanted(_ item: ArraySlice<UInt8>) throws -> Bool {
        guard let filter else { return true }
        return try filter.matches(item)
    }
}
