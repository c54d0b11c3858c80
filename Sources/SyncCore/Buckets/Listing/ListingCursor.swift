import AWSCore

/// Where one worker stands in one side's listing.
struct ListingCursor: Sendable {
    let side: any ListingSource
    /// Where the range begins, behind this key.
    let lower: [UInt8]
    private(set) var page: ListObjectsV2Page?
    /// The first object of ``page`` that was not visited yet.
    var position = 0
    private(set) var isLastPage = false
    /// For the next page.
    private var token: String?
    /// The last key of the page before, to see that listings only go up.
    private var lastKey: [UInt8]

    init(side: any ListingSource, lower: [UInt8]) {
        self.side = side
        self.lower = lower
        self.lastKey = lower
    }

    var count: Int { page?.entries.count ?? 0 }
    var needsPage: Bool { position >= count && !isLastPage }

    /// The cursor with the next page that holds a key, or at the end.
    ///
    /// - Throws: ``BrokenListingError`` for keys out of order, outside of the prefix or before the range, and for a
    ///   listing that never ends.
    func advanced() async throws -> ListingCursor {
        guard needsPage else { return self }
        var cursor = self
        while cursor.needsPage {
            try Task.checkCancellation()
            let page = try await side.page(after: lower, continuing: cursor.token)
            if let token = page.nextContinuationToken, token == cursor.token, page.entries.isEmpty {
                throw BrokenListingError(side.name, "it goes on where it was, without a key")
            }
            cursor.page = page
            cursor.position = 0
            cursor.token = page.nextContinuationToken
            cursor.isLastPage = page.nextContinuationToken == nil
            try cursor.check(page)
        }
        return cursor
    }

    /// Gives the page away, so that the next may be read.
    mutating func takePage() -> ListObjectsV2Page? {
        defer {
            page = nil
            position = 0
        }
        return page
    }

    /// Without the side's prefix.
    func key(at index: Int) -> [UInt8] {
        guard let page else { return [] }
        return Array(page.bytes[page.entries[index].key].dropFirst(side.keyPrefix.count))
    }

    /// How many of the page's keys are not behind `upper`.
    func count(upTo upper: [UInt8]) -> Int {
        guard let page else { return 0 }
        let prefixLength = side.keyPrefix.count
        return page.bytes.withUnsafeBytes { bytes in
            upper.withUnsafeBytes { upper in
                var (low, high) = (0, page.entries.count)
                while low < high {
                    let middle = (low + high) / 2
                    let range = page.entries[middle].key
                    let key = UnsafeRawBufferPointer(
                        rebasing: bytes[(range.lowerBound + prefixLength)..<range.upperBound]
                    )
                    if KeyOrder.compare(key, upper) <= 0 { low = middle + 1 } else { high = middle }
                }
                return low
            }
        }
    }

    /// Everything else trusts the order: keys that were passed over would pass for keys that are not there.
    private mutating func check(_ page: ListObjectsV2Page) throws {
        guard let last = page.entries.last else { return }
        let prefix = side.keyPrefix
        let isSound = page.bytes.withUnsafeBytes { bytes in
            prefix.withUnsafeBytes { prefix in
                lastKey.withUnsafeBytes { lastKey in
                    var previous = UnsafeRawBufferPointer(rebasing: lastKey[...])
                    for (index, entry) in page.entries.enumerated() {
                        let range = entry.key
                        guard range.count >= prefix.count else { return false }
                        let start = UnsafeRawBufferPointer(
                            rebasing: bytes[range.lowerBound..<(range.lowerBound + prefix.count)]
                        )
                        guard KeyOrder.compare(start, prefix) == 0 else { return false }
                        let key = UnsafeRawBufferPointer(
                            rebasing: bytes[(range.lowerBound + prefix.count)..<range.upperBound]
                        )
                        // The prefix itself is a key too, with nothing behind it.
                        let isFirst = index == 0 && previous.isEmpty
                        guard isFirst || KeyOrder.compare(previous, key) < 0 else { return false }
                        previous = key
                    }
                    return true
                }
            }
        }
        guard isSound else {
            throw BrokenListingError(side.name, "the keys are not in order or not those that were asked for")
        }
        lastKey = Array(page.bytes[last.key].dropFirst(prefix.count))
    }
}
