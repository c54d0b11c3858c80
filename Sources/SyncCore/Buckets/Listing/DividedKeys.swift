/// The keys of a listing in ranges that are cut while they are read.
///
/// Nobody knows beforehand how many keys are in a range. Every key belongs to exactly one range at any time: a range is
/// cut behind what its reader has claimed.
struct DividedKeys: Sendable {
    /// The keys behind ``lower``, up to an end that may come nearer until all is claimed.
    struct Range: Sendable {
        let id: Int
        /// Empty for the range that begins with the first key.
        let lower: [UInt8]
    }

    private struct Work {
        /// The last key that the range's reader has claimed; `nil` while there is nothing that could be cut off.
        var claimed: [UInt8]?
        /// The last key of the range; `nil` for no end.
        var upper: [UInt8]? { didSet { estimate() } }
        /// A key before ``claimed``, of this range or of the one that this was cut from.
        var sample: [UInt8]?
        /// The range that this was cut from, until its first key is known.
        var parent: Int?
        var pages = 0
        /// The last pages.
        var read: KeySpread? { didSet { estimate() } }
        /// How many pages are left, as far as the last ones tell.
        var pagesLeft = Double.infinity
        /// Whether this was cut off where nothing spoke for it.
        var isGuess = false
        /// Parts that were cut off and of which nobody knows yet whether they hold a key.
        var pendingCuts = 0
        /// Parts that were cut off in a row and held none.
        var emptyCuts = 0
        /// Parts that were cut off and held keys.
        var foundCuts = 0

        private mutating func estimate() {
            if let read { pagesLeft = read.pages(upTo: upper) }
        }

        /// Whether a cut is worth a request.
        ///
        /// One part for each page at most: while all readers wait for their keys to be
        /// dealt with, ranges would otherwise be cut until none is worth a page.
        var mayBeCut: Bool {
            claimed != nil && pendingCuts < DividedKeys.maximumPendingCuts && foundCuts < pages
                && emptyCuts + pendingCuts < 16 + pages
        }
    }

    /// A cut is a guess; more at once than this for one range would mostly be empty requests.
    private static let maximumPendingCuts = 4

    /// Ranges that are not finished, by id.
    private var works: [Int: Work] = [:]
    private var lastID = 0
    private var levels = KeyLevels()
    /// All that were read.
    private var pages = 0
    /// Cuts for which nothing spoke that was read.
    private var guesses = 0
    private var foundGuesses = 0

    var isEmpty: Bool { works.isEmpty }

    /// The range of all keys, to be cut.
    mutating func begin() -> Range {
        works[0] = Work()
        return Range(id: 0, lower: [])
    }

    /// Takes the keys up to `key`, behind which there are more, for the range's reader.
    ///
    /// - Parameter sample: A key of the range before `key`.
    /// - Returns: the last key of the range by now, `nil` for no end; keys behind it are another's.
    mutating func claim(_ range: Range, through key: [UInt8], sample: () -> [UInt8]) -> [UInt8]? {
        guard var work = works[range.id] else { return range.lower }
        reportKeys(of: &work, found: true)
        if work.sample == nil { work.sample = sample() }
        return claim(&work, range, key)
    }

    /// The same, and learns from the page where keys differ and how close they are.
    ///
    /// - Parameter page: What was read, from the first key to `key`.
    mutating func claim(_ range: Range, through key: [UInt8], page: KeySpread) -> [UInt8]? {
        guard var work = works[range.id] else { return range.lower }
        let first = page.keys.first ?? key
        reportKeys(of: &work, found: work.upper.map { !$0.lexicographicallyPrecedes(first) } ?? true)
        levels.learn(work.claimed ?? work.sample ?? first, key)
        if work.sample == nil { work.sample = first }
        work.read = work.pages % 4 == 0 ? page : work.read?.followed(by: page) ?? page
        pages += 1
        return claim(&work, range, key)
    }

    private mutating func claim(_ work: inout Work, _ range: Range, _ key: [UInt8]) -> [UInt8]? {
        let isRest = work.upper.map { !key.lexicographicallyPrecedes($0) } ?? false
        work.claimed = isRest ? nil : key
        work.pages += 1
        works[range.id] = work
        return work.upper
    }

    /// Takes all that is left of the range.
    ///
    /// - Returns: the last key of the range, `nil` for no end.
    mutating func claimRest(_ range: Range) -> [UInt8]? {
        guard var work = works[range.id] else { return range.lower }
        work.claimed = nil
        works[range.id] = work
        return work.upper
    }

    /// The range is read.
    ///
    /// - Parameter hadKeys: Whether there was a key in it.
    mutating func finish(_ range: Range, hadKeys: Bool) {
        guard var work = works.removeValue(forKey: range.id) else { return }
        reportKeys(of: &work, found: hadKeys)
    }

    /// Cuts the upper part off the range that promises most.
    ///
    /// - Returns: `nil` when no cut is worth a request.
    mutating func cut() -> Range? {
        // Ranges that went on for long probably still do.
        let candidates = works.filter(\.value.mayBeCut).sorted {
            ($0.value.pendingCuts, -$0.value.pages, $0.key) < ($1.value.pendingCuts, -$1.value.pages, $1.key)
        }
        for (id, _) in candidates {
            if let range = cut(id) { return range }
        }
        return nil
    }

    /// Cuts the upper part off that range.
    ///
    /// - Parameter pages: How many pages it must have left, as far as its last page tells.
    /// - Returns: `nil` when that is not worth a request.
    mutating func cut(_ range: Range, ofPages pages: Double) -> Range? {
        guard let work = works[range.id], work.mayBeCut, work.pagesLeft >= pages, let claimed = work.claimed else {
            return nil
        }
        let point = levels.points(after: claimed, upTo: work.upper).first {
            (work.read?.pages(upTo: $0) ?? .infinity) >= pages / 2
        }
        if let point { return cut(range.id, at: point) }
        guard guesses < 4 + 2 * foundGuesses + self.pages / 8, let rest = cut(range.id) else {
            // Until the next page is there.
            works[range.id]?.pagesLeft = 0
            return nil
        }
        guesses += 1
        works[rest.id]?.isGuess = true
        return rest
    }

    private mutating func cut(_ id: Int) -> Range? {
        guard let work = works[id], let claimed = work.claimed,
            let point = KeySplit.point(after: claimed, upTo: work.upper, sample: work.sample ?? claimed)
        else { return nil }
        return cut(id, at: point)
    }

    private mutating func cut(_ id: Int, at point: [UInt8]) -> Range? {
        guard let work = works[id] else { return nil }
        lastID += 1
        works[lastID] = Work(upper: work.upper, sample: work.claimed, parent: id)
        works[id]?.upper = point
        works[id]?.pendingCuts += 1
        return Range(id: lastID, lower: point)
    }

    private mutating func reportKeys(of work: inout Work, found: Bool) {
        guard let parent = work.parent else { return }
        work.parent = nil
        works[parent]?.pendingCuts -= 1
        if found {
            if work.isGuess { foundGuesses += 1 }
            works[parent]?.emptyCuts = 0
            works[parent]?.foundCuts += 1
        } else {
            works[parent]?.emptyCuts += 1
        }
    }
}

extension KeySpread {
    /// How many pages there are from its end up to a key, if they go on as these do.
    fileprivate func pages(upTo upper: [UInt8]?) -> Double {
        (count(upTo: upper) / Double(max(1, keyCount)) - 1) * Double(pageCount)
    }
}
