import AWSCore

/// The ranges of a listing in the order of their keys, each with the pages that were read of it and not handed on yet.
///
/// What is needed next is read first: the fewer ranges are before a range, the more pages may be there when one of it is
/// asked for. The first range may always have one, so that whoever waits for it never waits for what is behind it.
struct ReadAheadRanges: Sendable {
    /// A page that is to be asked for.
    struct Read: Sendable {
        fileprivate let range: DividedKeys.Range
        let cursor: ListingCursor
    }

    private struct Part: Sendable {
        let range: DividedKeys.Range
        /// Behind the pages; without one itself.
        var cursor: ListingCursor
        var pages: [ListObjectsV2Page] = []
        var hadKeys = false
        var isBeingRead = false
        /// Whether all of its pages were read.
        var isRead = false
    }

    /// How many pages a range must have left, as far as one can tell, to be cut.
    ///
    /// Each cut costs up to a page that begins in one range and ends in the next, and is read by both.
    private static let pagesToCut = 6.0
    /// What a page says for as long as others follow.
    private static let token = "next"

    private let side: any ListingSource
    private let limit: Int
    private var parts: [Part]
    private var keys = DividedKeys()
    /// Pages that wait to be handed on, and those that were asked for.
    private(set) var pages = 0

    /// - Parameter limit: How many pages there are at most, those included that were asked for; at least 2.
    init(side: any ListingSource, limit: Int) {
        self.side = side
        self.limit = max(2, limit)
        let range = keys.begin()
        parts = [Part(range: range, cursor: ListingCursor(side: side, lower: range.lower))]
    }

    /// Whether there is nothing left to be read.
    var isRead: Bool { keys.isEmpty }

    /// What to read next; `nil` when nothing is to be read now.
    mutating func nextRead() -> Read? {
        for rank in parts.indices {
            if mayRead(at: rank), wantsPage(parts[rank]) { return read(rank) }
            guard mayRead(at: rank + 1) else { return nil }
            if let range = keys.cut(parts[rank].range, ofPages: Self.pagesToCut) {
                parts.insert(
                    Part(range: range, cursor: ListingCursor(side: side, lower: range.lower)),
                    at: rank + 1
                )
                return read(rank + 1)
            }
        }
        return nil
    }

    private func wantsPage(_ part: Part) -> Bool {
        !part.isBeingRead && !part.isRead
    }

    private func mayRead(at rank: Int) -> Bool {
        pages < limit - min(rank, limit / 2)
    }

    private mutating func read(_ rank: Int) -> Read {
        parts[rank].isBeingRead = true
        pages += 1
        return Read(range: parts[rank].range, cursor: parts[rank].cursor)
    }

    /// Takes what was read.
    ///
    /// - Parameter cursor: That of the read, advanced.
    mutating func finish(_ read: Read, _ cursor: ListingCursor) {
        guard let rank = parts.firstIndex(where: { $0.range.id == read.range.id }) else { return }
        var (part, cursor) = (parts[rank], cursor)
        let (count, isAtEnd) = claim(part.range, cursor)
        part.isBeingRead = false
        part.isRead = isAtEnd
        if let page = cursor.takePage(), count > 0 {
            part.hadKeys = true
            part.pages.append(page.prefix(count, nextContinuationToken: Self.token))
        } else {
            pages -= 1
        }
        part.cursor = cursor
        if isAtEnd { keys.finish(part.range, hadKeys: part.hadKeys) }
        parts[rank] = part
        if isAtEnd, part.pages.isEmpty { parts.remove(at: rank) }
    }

    /// - Returns: how many of the page's keys are the range's, and whether its keys end there.
    private mutating func claim(_ range: DividedKeys.Range, _ cursor: ListingCursor) -> (count: Int, isAtEnd: Bool) {
        guard !cursor.isLastPage else {
            return (keys.claimRest(range).map { cursor.count(upTo: $0) } ?? cursor.count, true)
        }
        let last = cursor.key(at: cursor.count - 1)
        let upper = keys.claim(range, through: last, page: Self.spread(of: cursor))
        guard let upper, !last.lexicographicallyPrecedes(upper) else { return (cursor.count, false) }
        return (cursor.count(upTo: upper), true)
    }

    private static func spread(of page: ListingCursor) -> KeySpread {
        let (last, places) = (page.count - 1, 16)
        let positions = last < places ? Array(0...last) : (0...places).map { $0 * last / places }
        return KeySpread(keys: positions.map { page.key(at: $0) }, keyCount: page.count)
    }

    /// The next page in the order of keys; the last one, maybe without a key, names none behind it.
    ///
    /// - Returns: `nil` while it is not read.
    mutating func takePage() throws -> ListObjectsV2Page? {
        guard let first = parts.first else { return try ListingPageBuilder().page(nextContinuationToken: nil) }
        guard !first.pages.isEmpty else { return nil }
        let page = parts[0].pages.removeFirst()
        pages -= 1
        if first.isRead, parts[0].pages.isEmpty { parts.removeFirst() }
        return parts.isEmpty ? page.prefix(page.entries.count, nextContinuationToken: nil) : page
    }
}
