internal import AWSCore

/// Pairs items of two pages that are the same bytes, where they come in the same order.
///
/// Tables with the same keys do: DynamoDB scans by hashes of partition keys. Equal tables pair off as fast as memory can be
/// compared. It is no more than a short cut: an item of each side that are the same bytes are equal whatever stands around
/// them, and everything else is handed back, to be compared by digests with all that is left of both tables. So its limits
/// (how far it looks for the next pair, how often) decide how long a comparison takes, not what it finds.
struct PagePairing {
    /// What has become of two pages, up to where their cursors then are.
    struct Outcome: Sendable {
        /// Items of the source that pair with one of the target, by their numbers.
        var pairs: [Range<Int>] = []
        /// Items that do not, of the source and of the target.
        var sourceLeft: [Range<Int>] = []
        var targetLeft: [Range<Int>] = []

        var pairCount: Int { pairs.reduce(0) { $0 + $1.count } }
    }

    /// So many items are looked ahead on each side first.
    private static let reach = 8
    /// So often the whole of two pages is looked through, which costs about a tenth of digesting them.
    private static let searchesPerPage = 4
    /// After how many pages at most without any pair it is looked for again in a whole page.
    private static let maximumPause = 64

    /// Pages in which only the nearest items are looked at; grows while nothing is found.
    private var pause = 0
    private var pauseLeft = 0
    /// Whether the rest of a page was kept for the other side's next page, and no pair has been found since.
    private var hasKept = false

    /// Moves at least one of the cursors to its page's end.
    mutating func pair(_ source: inout PageCursor, _ target: inout PageCursor) -> Outcome {
        var outcome = Outcome()
        source.page.bytes.withUnsafeBytes { sourceBytes in
            target.page.bytes.withUnsafeBytes { targetBytes in
                let pages = ItemPages(
                    source: ItemTexts(bytes: sourceBytes, items: source.page.items),
                    target: ItemTexts(bytes: targetBytes, items: target.page.items)
                )
                pair(pages, &source.next, &target.next, &outcome)
            }
        }
        return outcome
    }

    private mutating func pair(_ pages: ItemPages, _ source: inout Int, _ target: inout Int, _ outcome: inout Outcome) {
        var searches = pauseLeft > 0 ? 0 : Self.searchesPerPage
        if pauseLeft > 0 { pauseLeft -= 1 }
        while source < pages.source.items.count, target < pages.target.items.count {
            let run = pages.run(source, target)
            if run > 0 {
                outcome.pairs.append(source..<source + run)
                source += run
                target += run
                hasKept = false
                (pause, pauseLeft) = (0, 0)
                continue
            }
            var found = pages.nearestPair(source, target, reach: Self.reach)
            if found == nil, searches > 0 {
                searches -= 1
                found = pages.firstPair(source, target)
                if found == nil {
                    pause = min(max(1, pause * 2), Self.maximumPause)
                    pauseLeft = pause
                }
            }
            var (sourceEnd, targetEnd) = found ?? (pages.source.items.count, pages.target.items.count)
            if found == nil, !hasKept {
                // Of the longer rest the next page of the other side may have the counterparts.
                let (sourceRest, targetRest) = (sourceEnd - source, targetEnd - target)
                if sourceRest <= Self.reach, targetRest > sourceRest {
                    targetEnd = target
                    hasKept = true
                } else if targetRest <= Self.reach, sourceRest > targetRest {
                    sourceEnd = source
                    hasKept = true
                }
            }
            if sourceEnd > source { outcome.sourceLeft.append(source..<sourceEnd) }
            if targetEnd > target { outcome.targetLeft.append(target..<targetEnd) }
            (source, target) = (sourceEnd, targetEnd)
        }
    }
}

/// Items of a page in memory.
private struct ItemTexts {
    let bytes: UnsafeRawBufferPointer
    let items: [Range<Int>]

    subscript(item: Int) -> UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: bytes[items[item]]) }

    /// From an item to the page's end.
    func rest(from item: Int) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: bytes[items[item].lowerBound...])
    }

    /// The same for the same texts, and seldom for others; whoever chooses the items can only make it slow.
    func hash(_ item: Int) -> UInt64 {
        let text = self[item]
        var hash = UInt64(truncatingIfNeeded: text.count) &* 0x9E37_79B9_7F4A_7C15
        var at = 0
        while at &+ 8 <= text.count {
            hash = Self.mix(hash ^ text.loadUnaligned(fromByteOffset: at, as: UInt64.self))
            at &+= 8
        }
        while at < text.count {
            hash = Self.mix(hash ^ UInt64(text[at]))
            at &+= 1
        }
        return hash
    }

    @inline(__always)
    private static func mix(_ word: UInt64) -> UInt64 {
        let product = word.multipliedFullWidth(by: 0xD6E8_FEB8_6659_FD93)
        return product.high ^ product.low
    }
}

private struct ItemPages {
    let source: ItemTexts
    let target: ItemTexts

    /// How many items from these on are pairwise the same bytes.
    func run(_ sourceItem: Int, _ targetItem: Int) -> Int {
        let length = ByteRuns.commonPrefix(source.rest(from: sourceItem), target.rest(from: targetItem))
        let (sourceStart, targetStart) = (source.items[sourceItem].lowerBound, target.items[targetItem].lowerBound)
        let limit = min(source.items.count - sourceItem, target.items.count - targetItem)
        var run = 0
        while run < limit {
            let (one, other) = (source.items[sourceItem + run], target.items[targetItem + run])
            guard one.upperBound - sourceStart <= length,
                one.lowerBound - sourceStart == other.lowerBound - targetStart, one.count == other.count
            else { break }
            run += 1
        }
        return run
    }

    private func areSame(_ sourceItem: Int, _ targetItem: Int) -> Bool {
        let count = source.items[sourceItem].count
        return count == target.items[targetItem].count
            && ByteRuns.commonPrefix(source[sourceItem], target[targetItem]) == count
    }

    /// The pair with the fewest items before it.
    func nearestPair(_ sourceItem: Int, _ targetItem: Int, reach: Int) -> (Int, Int)? {
        let sourceLast = min(reach, source.items.count - sourceItem - 1)
        let targetLast = min(reach, target.items.count - targetItem - 1)
        for sum in 1..<max(2, sourceLast + targetLast + 1) {
            for skipped in 0...sum where skipped <= sourceLast && sum - skipped <= targetLast {
                if areSame(sourceItem + skipped, targetItem + sum - skipped) {
                    return (sourceItem + skipped, targetItem + sum - skipped)
                }
            }
        }
        return nil
    }

    /// The first of the source's items that the target's page has, too.
    func firstPair(_ sourceItem: Int, _ targetItem: Int) -> (Int, Int)? {
        let count = target.items.count - targetItem
        var slotCount = 16
        while slotCount < 2 * count { slotCount *= 2 }
        return withUnsafeTemporaryAllocation(of: UInt32.self, capacity: slotCount) { slots in
            // An item's number plus 1, or 0.
            slots.initialize(repeating: 0)
            for item in targetItem..<target.items.count {
                var slot = Int(truncatingIfNeeded: target.hash(item)) & (slotCount - 1)
                while slots[slot] != 0 { slot = (slot + 1) & (slotCount - 1) }
                slots[slot] = UInt32(truncatingIfNeeded: item + 1)
            }
            for item in sourceItem..<source.items.count {
                var slot = Int(truncatingIfNeeded: source.hash(item)) & (slotCount - 1)
                while slots[slot] != 0 {
                    let other = Int(slots[slot]) - 1
                    if areSame(item, other) { return (item, other) }
                    slot = (slot + 1) & (slotCount - 1)
                }
            }
            return nil
        }
    }
}
