internal import AWSCore

/// Looks at a page again once a merge has written its items.
struct PageSettler: Sendable {
    let source: TableSide
    let totalSegments: Int
    let key: ItemKey
    let sieve: PageSieve
    let persistence: Persistence
    let pacer: CapacityPacer
    let settler: ItemSettler
    /// Whether pages are read with a limit, and have to be so again.
    let limitsPages: Bool

    /// - Returns: what to add to the page's counts.
    func settle(_ settling: CopyScheduler.Settling) async throws -> CopyCounts {
        let there = try await keysThere(settling)
        var missing: [(key: [UInt8], item: ArraySlice<UInt8>)] = []
        for place in settling.own {
            let item = settling.page[Int(place)]
            let key = try key.key(of: item)
            if !there.contains(key) { missing.append((key, item)) }
        }
        var counts = CopyCounts()
        for (key, item) in missing {
            // A page that has grown ends earlier, and what lay at its end is merely not on it.
            guard let removed = try await settler.settle(key, own: Array(item)) else { continue }
            counts.settled += 1
            counts.removed += removed
        }
        return counts
    }

    /// The keys of the items to copy that the page's range holds now, as far as one page goes.
    private func keysThere(_ settling: CopyScheduler.Settling) async throws -> Set<[UInt8]> {
        let page = try await persistence.call {
            let estimate = pacer.estimate(items: settling.page.scannedCount)
            try await pacer.admit(estimate)
            do {
                let page = try await source.dynamoDB.scan(
                    table: source.table,
                    segment: settling.segment,
                    totalSegments: totalSegments,
                    exclusiveStartKey: settling.start,
                    limit: limitsPages ? settling.page.scannedCount : nil,
                    consistentRead: true,
                    attributes: sieve.isOpen ? key.names : nil
                )
                pacer.settle(estimate: estimate, actual: page.consumedCapacityUnits, items: page.scannedCount)
                return page
            } catch {
                pacer.settle(estimate: estimate, failedWith: error)
                throw error
            }
        }
        return Set(try sieve.sift(page).keys(key))
    }
}
