import AWSCore

/// Lists two sides at the same time and shows every key once, with what each side has of it.
///
/// Several workers take ranges of keys, both sides of each; see ``KeyRangeScheduler``. A worker holds one page of each
/// side, so that memory does not depend on the number of keys. Beside a side that can only be gone through from its
/// beginning, one worker merges, and the other side is read ahead in several places; see ``ReadAheadListing``. Keys are
/// compared without the sides' prefixes, as UTF-8 bytes.
package struct ListingMerge: Sendable {
    package let source: any ListingSource
    package let target: any ListingSource
    /// How many ranges are read at the same time, at least 1.
    package let workers: Int

    package init(source: any ListingSource, target: any ListingSource, workers: Int = 16) {
        self.source = source
        self.target = target
        self.workers = max(1, workers)
    }

    /// Visits every key of both sides.
    ///
    /// - Parameter makeVisitor: Called once for each worker.
    /// - Returns: all visitors, when both listings have ended cleanly.
    /// - Throws: ``AWSError``, ``BrokenListingError``, what the visitors throw.
    package func run<Visitor: ListingVisitor>(
        _ makeVisitor: @Sendable () -> Visitor
    ) async throws -> [Visitor] {
        let startsAnywhere = source.startsAnywhere && target.startsAnywhere
        let scheduler = KeyRangeScheduler(mayCut: startsAnywhere)
        let (merge, readAhead) = startsAnywhere ? (self, []) : readingAhead()
        return try await withThrowingTaskGroup(of: Visitor?.self) { group in
            for listing in readAhead {
                for _ in 0..<workers {
                    group.addTask {
                        try await listing.work()
                        return nil
                    }
                }
            }
            for _ in 0..<(startsAnywhere ? workers : 1) {
                let visitor = makeVisitor()
                group.addTask { try await merge.work(scheduler, visitor) }
            }
            var visitors: [Visitor] = []
            do {
                for try await visitor in group {
                    if let visitor { visitors.append(visitor) }
                }
            } catch {
                scheduler.end()
                throw error
            }
            return visitors
        }
    }

    /// The same with whatever side starts anywhere read ahead, for one worker.
    private func readingAhead() -> (ListingMerge, [ReadAheadListing]) {
        let (source, target) = (
            source.startsAnywhere ? ReadAheadListing(source) : nil,
            target.startsAnywhere ? ReadAheadListing(target) : nil
        )
        return (
            ListingMerge(source: source ?? self.source, target: target ?? self.target, workers: workers),
            [source, target].compactMap { $0 }
        )
    }

    private func work<Visitor: ListingVisitor>(
        _ scheduler: KeyRangeScheduler,
        _ visitor: Visitor
    ) async throws -> Visitor {
        var visitor = visitor
        try await withTaskCancellationHandler {
            while let range = await scheduler.next() {
                let hadKeys = try await read(range, scheduler, &visitor)
                scheduler.finish(range, hadKeys: hadKeys)
            }
        } onCancel: {
            scheduler.end()
        }
        try Task.checkCancellation()
        return visitor
    }

    /// - Returns: whether there was a key in the range.
    private func read<Visitor: ListingVisitor>(
        _ range: KeyRangeScheduler.Range,
        _ scheduler: KeyRangeScheduler,
        _ visitor: inout Visitor
    ) async throws -> Bool {
        var left = ListingCursor(side: source, lower: range.lower)
        var right = ListingCursor(side: target, lower: range.lower)
        var hadKeys = false
        while true {
            let (lastLeft, lastRight) = (left, right)
            async let nextLeft = lastLeft.advanced()
            async let nextRight = lastRight.advanced()
            (left, right) = try await (nextLeft, nextRight)
            let upper = claim(range, left, right, scheduler)
            let isAtEnd = merge(&left, &right, upTo: upper, hadKeys: &hadKeys, &visitor)
            try await visitor.pagesVisited(source: left.page, target: right.page)
            if isAtEnd { return hadKeys }
        }
    }

    /// Claims what can be decided with the pages at hand: up to the end of the one that ends first.
    private func claim(
        _ range: KeyRangeScheduler.Range,
        _ left: ListingCursor,
        _ right: ListingCursor,
        _ scheduler: KeyRangeScheduler
    ) -> [UInt8]? {
        var horizon: [UInt8]?
        for side in [left, right] where !side.isLastPage && side.count > 0 {
            let last = side.key(at: side.count - 1)
            if horizon.map({ last.lexicographicallyPrecedes($0) }) ?? true { horizon = last }
        }
        guard let horizon else { return scheduler.claimRest(range) }
        return scheduler.claim(range, through: horizon, sample: left.count > 0 ? left.key(at: 0) : right.key(at: 0))
    }

    /// Visits keys up to `upper`, or until a side's page is used up and another follows.
    ///
    /// - Returns: whether the range has ended.
    func merge<Visitor: ListingVisitor>(
        _ left: inout ListingCursor,
        _ right: inout ListingCursor,
        upTo upper: [UInt8]?,
        hadKeys: inout Bool,
        _ visitor: inout Visitor
    ) -> Bool {
        let leftPage = PageView(left)
        let rightPage = PageView(right)
        var leftPosition = left.position
        var rightPosition = right.position
        defer {
            left.position = leftPosition
            right.position = rightPosition
        }
        return leftPage.withBytes { leftBytes in
            rightPage.withBytes { rightBytes in
                (upper ?? []).withUnsafeBytes { upperBytes in
                    while true {
                        let isLeftDone = leftPosition >= leftPage.entries.count
                        let isRightDone = rightPosition >= rightPage.entries.count
                        if isLeftDone && !leftPage.isLast || isRightDone && !rightPage.isLast { return false }
                        if isLeftDone && isRightDone { return true }
                        let leftKey = isLeftDone ? nil : leftPage.key(at: leftPosition, leftBytes)
                        let rightKey = isRightDone ? nil : rightPage.key(at: rightPosition, rightBytes)
                        var order = 0
                        if let leftKey, let rightKey {
                            order = KeyOrder.compare(leftKey.key, rightKey.key)
                        } else {
                            order = isLeftDone ? 1 : -1
                        }
                        if upper != nil, let next = order <= 0 ? leftKey : rightKey,
                            KeyOrder.compare(next.key, upperBytes) > 0
                        {
                            return true
                        }
                        hadKeys = true
                        if order <= 0 { leftPosition += 1 }
                        if order >= 0 { rightPosition += 1 }
                        visitor.visit(order <= 0 ? leftKey : nil, order >= 0 ? rightKey : nil)
                    }
                }
            }
        }
    }
}

/// A page without the things that are not needed for each key.
private struct PageView {
    let bytes: [UInt8]
    let entries: [ListedObject.Entry]
    let prefixLength: Int
    let isLast: Bool

    init(_ cursor: ListingCursor) {
        bytes = cursor.page?.bytes ?? []
        entries = cursor.page?.entries ?? []
        prefixLength = cursor.side.keyPrefix.count
        isLast = cursor.isLastPage
    }

    func withBytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        bytes.withUnsafeBytes(body)
    }

    @inline(__always)
    func key(at index: Int, _ bytes: UnsafeRawBufferPointer) -> ListedKey {
        ListedKey(bytes: bytes, entry: entries[index], prefixLength: prefixLength, index: index)
    }
}
