internal import AWSCore

/// Which items of a page are to be copied.
struct PageSieve: Sendable {
    /// Lets through the items of `--where`; `nil` for all.
    let filter: ItemFilter?
    /// Leaves out items whose time to live is over.
    let expiry: ItemExpiry?

    /// - Throws: ``ItemFilterError``.
    init(_ options: TableCopy.Options) throws {
        filter = try options.filter.map { try ItemFilter(parsing: $0) }
        expiry = options.expiryAttribute.map { ItemExpiry(attribute: $0) }
    }

    /// A page with what is to be written of it.
    struct Sifted: Sendable {
        var page: ItemPage
        /// The places of the items to write; `nil` for all.
        var wanted: [Int32]?
        var counts: CopyCounts

        /// The keys of the items to write.
        func keys(_ key: ItemKey) throws -> [[UInt8]] {
            try (wanted ?? Array(0..<Int32(page.count))).map { try key.key(of: page[Int($0)]) }
        }
    }

    /// Whether every item is to be copied, whatever it holds.
    var isOpen: Bool { filter == nil && expiry == nil }

    func sift(_ page: ItemPage) throws -> Sifted {
        var counts = CopyCounts()
        counts.read = page.count
        counts.pages = 1
        counts.bytes = page.items.reduce(0) { $0 + $1.count }
        guard !isOpen else { return Sifted(page: page, wanted: nil, counts: counts) }
        var wanted: [Int32] = []
        wanted.reserveCapacity(page.count)
        for place in 0..<page.count {
            switch try verdict(page[place]) {
            case .wanted: wanted.append(Int32(place))
            case .filtered: counts.filtered += 1
            case .expired: counts.expired += 1
            }
        }
        return Sifted(page: page, wanted: wanted.count == page.count ? nil : wanted, counts: counts)
    }

    /// Whether an item that is looked at alone would be copied.
    func wants(_ item: ArraySlice<UInt8>) throws -> Bool { try verdict(item) == .wanted }

    private enum Verdict {
        case wanted
        case filtered
        case expired
    }

    private func verdict(_ item: ArraySlice<UInt8>) throws -> Verdict {
        if let filter, try !filter.matches(item) { return .filtered }
        if let expiry, try expiry.isExpired(item) { return .expired }
        return .wanted
    }
}
