internal import AWSCore

/// Reads one segment of both tables, page by page in step.
///
/// The next pages of both sides are asked for together, as soon as one side has none left, so that a page of each is held
/// and one more of each at most, wherever pages end.
struct SegmentReading {
    /// Where the reading of one side stands.
    private struct Side {
        let reader: SideReader
        /// What is being dealt with; `nil` when all of it is done.
        var cursor: PageCursor?
        /// The page after it, as it was answered.
        var answer: SideReader.Answer?
        /// The key after which the next page begins.
        var start: [UInt8]?
        var hasMore = true

        /// Whether the next page is to be asked for.
        var mayAsk: Bool { hasMore && answer == nil }
        /// Whether there is nothing left, here or at DynamoDB.
        var isAtEnd: Bool { !hasMore && answer == nil && cursor == nil }

        mutating func take(_ page: ItemPage) {
            answer = nil
            start = page.lastEvaluatedKey
            hasMore = start != nil
            cursor = page.count > 0 ? PageCursor(page) : nil
        }
    }

    private let reading: TableReading
    private let segment: Int
    private let totalSegments: Int
    private let store: DigestStore
    private var source: Side
    private var target: Side
    private var pairing = PagePairing()
    private var outcome = TableReading.Outcome()

    init(reading: TableReading, segment: Int, of totalSegments: Int, store: DigestStore) {
        self.reading = reading
        self.segment = segment
        self.totalSegments = totalSegments
        self.store = store
        source = Side(reader: reading.source)
        target = Side(reader: reading.target)
    }

    /// Reads the segment to its end on both sides.
    mutating func run() async throws -> TableReading.Outcome {
        while !source.isAtEnd || !target.isAtEnd {
            try await ask()
            try cut()
            try compare()
        }
        return outcome
    }

    /// Waits for the next page of each side that has none.
    private mutating func ask() async throws {
        async let targetAnswer = answer(target)
        if let answer = try await answer(source) { source.answer = answer }
        if let answer = try await targetAnswer { target.answer = answer }
    }

    private func answer(_ side: Side) async throws -> SideReader.Answer? {
        guard side.mayAsk else { return nil }
        return try await side.reader.answer(
            segment: segment,
            of: totalSegments,
            after: side.start,
            consistentRead: reading.consistentRead
        )
    }

    /// Cuts what was answered into items, on each side that has none left; the one as the other where they are the same.
    private mutating func cut() throws {
        if source.cursor == nil, let answer = source.answer {
            let page = try answer.page(like: target.cursor)
            count(page, \.source)
            source.take(page)
        }
        if target.cursor == nil, let answer = target.answer {
            let page = try answer.page(like: source.cursor)
            count(page, \.target)
            target.take(page)
        }
    }

    private mutating func count(_ page: ItemPage, _ side: WritableKeyPath<TableReading.Outcome, SideCounts>) {
        let bytes = page.itemBytes
        outcome[keyPath: side].bytes += bytes
        reading.progress.count(page.count, bytes: bytes, side: side == \.source ? .source : .target)
    }

    private typealias SideCounts = TableVerificationResult.Side

    /// Deals with the items that are there, until one side has none left.
    private mutating func compare() throws {
        var paired = PagePairing.Outcome()
        if var sourceCursor = source.cursor, var targetCursor = target.cursor {
            paired = pairing.pair(&sourceCursor, &targetCursor)
            source.cursor?.next = sourceCursor.next
            target.cursor?.next = targetCursor.next
        } else if let cursor = source.cursor, target.isAtEnd {
            paired.sourceLeft = [cursor.next..<cursor.page.count]
            source.cursor?.next = cursor.page.count
        } else if let cursor = target.cursor, source.isAtEnd {
            paired.targetLeft = [cursor.next..<cursor.page.count]
            target.cursor?.next = cursor.page.count
        }
        if let page = source.cursor?.page {
            // Of a pair, one item says for both whether they are compared.
            let (equal, all) = (try reading.digester.countWanted(of: page, items: paired.pairs), paired.pairCount)
            outcome.paired += equal
            for side in [\TableReading.Outcome.source, \.target] {
                outcome[keyPath: side].items += equal
                outcome[keyPath: side].filtered += all - equal
            }
            outcome.source += try digest(paired.sourceLeft, of: page, source.reader, .source)
        }
        if let page = target.cursor?.page {
            outcome.target += try digest(paired.targetLeft, of: page, target.reader, .target)
        }
        // Their memory is free for the next ones.
        if source.cursor?.isAtEnd == true { source.cursor = nil }
        if target.cursor?.isAtEnd == true { target.cursor = nil }
    }

    private func digest(
        _ items: [Range<Int>],
        of page: ItemPage,
        _ reader: SideReader,
        _ side: DigestRecord.Sides
    ) throws -> SideCounts {
        var counts = SideCounts()
        guard !items.isEmpty else { return counts }
        let digests = try reading.digester.digests(of: page, items: items, table: reader.side.name)
        try store.insert(digests, side: side)
        counts.items = digests.entries.count
        counts.filtered = items.reduce(0) { $0 + $1.count } - digests.entries.count
        return counts
    }
}
