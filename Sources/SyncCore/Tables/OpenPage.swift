internal import AWSCore

/// A page in memory whose items are on their way to the target.
struct OpenPage {
    var page: ItemPage
    var segment: Int
    var number: Int
    /// The key from which it was read.
    var start: [UInt8]?
    /// The items to write; `nil` for all.
    var wanted: [Int32]?
    var nextWanted = 0
    var retries: [Int32] = []
    /// When ``retries`` are due; `nil` for at once.
    var retryAt: ContinuousClock.Instant?
    /// Calls in a row of which nothing was taken.
    var strikes = 0
    var blockedUntil: ContinuousClock.Instant?
    /// Items that are not done with.
    var unresolved: Int
    var isInRing = false
    var counts: CopyCounts
    var failures: [UInt8] = []
    /// Merge: items that are this copy's own at the target, or may be.
    var own: [Int32] = []
    var memory: Int

    var wantedCount: Int { wanted?.count ?? page.count }
    var hasItemsToGive: Bool { nextWanted < wantedCount || !retries.isEmpty }

    /// When it has something to give; `nil` for at once.
    func due(now: ContinuousClock.Instant) -> ContinuousClock.Instant? {
        var due: ContinuousClock.Instant?
        if let blockedUntil, blockedUntil > now { due = blockedUntil }
        if nextWanted >= wantedCount, let retryAt, retryAt > now { due = max(due ?? retryAt, retryAt) }
        return due
    }

    /// The next items to send, at most so many and no more than a BatchWriteItem may hold: those that were refused first.
    mutating func takeItems(upTo maximum: Int, now: ContinuousClock.Instant) -> [Int32] {
        var items: [Int32] = []
        items.reserveCapacity(maximum)
        var bytes = 1_024
        // These alone: to ask for one of them in the loops would copy all that is here, for each item.
        let (places, wanted, end) = (page.items, wanted, wantedCount)
        func fits(_ item: Int32) -> Bool {
            bytes += places[Int(item)].count + 64
            return items.isEmpty || items.count < maximum && bytes <= BatchWriteItem.maximumBytes
        }
        if retryAt.map({ $0 <= now }) ?? true {
            retryAt = nil
            while let item = retries.last, fits(item) {
                items.append(item)
                retries.removeLast()
            }
        }
        var next = nextWanted
        while next < end {
            let item = if let wanted { wanted[next] } else { Int32(next) }
            guard fits(item) else { break }
            items.append(item)
            next += 1
        }
        nextWanted = next
        return items
    }

    /// Takes in what came of some of its items.
    mutating func take(
        _ outcome: CopyScheduler.Outcome,
        resolved: Int,
        now: ContinuousClock.Instant,
        random: Double
    ) {
        unresolved -= resolved
        counts.written += outcome.written
        counts.kept += outcome.kept
        counts.failed += outcome.failed
        failures += outcome.failures
        own += outcome.own
        if resolved > 0 { strikes = 0 }
        if !outcome.leftOver.isEmpty {
            takeBack(outcome.leftOver, isWhole: resolved == 0, now: now, random: random)
        }
    }

    /// Takes items back that are to be sent again: what was refused in part goes with the page's next items, a moment
    /// later; a page of which nothing is taken waits longer each time.
    ///
    /// The moment never grows and is never put off by further refusals: some of 25 items come back from two calls of
    /// five when one item in fifty does, and waits that added up would hold up every page's last items for seconds.
    private mutating func takeBack(_ leftOver: [Int32], isWhole: Bool, now: ContinuousClock.Instant, random: Double) {
        retries += leftOver
        if isWhole {
            strikes += 1
            blockedUntil = now + Backoff.delay(afterFailures: strikes, random: random)
        } else {
            retryAt = retryAt ?? now + Backoff.delay(afterFailures: 1, random: random)
        }
    }
}
