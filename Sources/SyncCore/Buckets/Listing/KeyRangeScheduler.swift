import Synchronization

/// Deals out the keys of a listing to workers: whoever has nothing left takes the upper part of what another still has.
///
/// Nobody knows beforehand how many keys are in a range, so ranges are only cut when a worker waits for one. Every key
/// belongs to exactly one range at any time: a range is cut behind what its worker has claimed.
final class KeyRangeScheduler: Sendable {
    /// The keys behind ``lower``, up to an end that may come nearer until all is claimed.
    struct Range: Sendable {
        fileprivate let id: Int
        /// Empty for the range that begins with the first key.
        let lower: [UInt8]
    }

    private struct Work {
        /// The last key that the range's worker has claimed; `nil` while there is nothing that could be cut off.
        var claimed: [UInt8]?
        /// The last key of the range; `nil` for no end.
        var upper: [UInt8]?
        /// A key before ``claimed``, of this range or of the one that this was cut from.
        var sample: [UInt8]?
        /// The range that this was cut from, until its first key is known.
        var parent: Int?
        var pages = 0
        /// Parts that were cut off and of which nobody knows yet whether they hold a key.
        var pendingCuts = 0
        /// Parts that were cut off in a row and held none.
        var emptyCuts = 0
        /// Parts that were cut off and held keys.
        var foundCuts = 0
    }

    private struct State {
        var isStarted = false
        var isEnded = false
        /// Ranges with a worker, by id.
        var works: [Int: Work] = [:]
        var lastID = 0
        var waiters: [CheckedContinuation<Range?, Never>] = []
    }

    /// A cut is a guess; more at once than this for one range would mostly be empty requests.
    private static let maximumPendingCuts = 4

    private let state = Mutex(State())
    private let mayCut: Bool

    /// - Parameter mayCut: `false` when one side cannot begin in the middle.
    init(mayCut: Bool = true) {
        self.mayCut = mayCut
    }

    /// The next range; `nil` when every key has been dealt out and read, or after ``end()``.
    func next() async -> Range? {
        await withCheckedContinuation { continuation in
            let resumed = state.withLock { state -> Range?? in
                if state.isEnded { return .some(nil) }
                if !state.isStarted {
                    state.isStarted = true
                    state.works[0] = Work()
                    return Range(id: 0, lower: [])
                }
                if let range = cut(&state) { return range }
                if state.works.isEmpty { return .some(nil) }
                state.waiters.append(continuation)
                return .none
            }
            if let resumed { continuation.resume(returning: resumed) }
        }
    }

    /// Takes the keys up to `key`, behind which there are more, for the range's worker.
    ///
    /// - Parameter sample: A key of the range before `key`.
    /// - Returns: the last key of the range by now, `nil` for no end; keys behind it are another's.
    func claim(_ range: Range, through key: [UInt8], sample: @autoclosure () -> [UInt8]) -> [UInt8]? {
        let (upper, resumed) = state.withLock { state -> ([UInt8]?, [(CheckedContinuation<Range?, Never>, Range?)]) in
            guard var work = state.works[range.id] else { return (range.lower, []) }
            reportKeys(of: &work, found: true, &state)
            if work.sample == nil { work.sample = sample() }
            let isRest = work.upper.map { !key.lexicographicallyPrecedes($0) } ?? false
            work.claimed = isRest ? nil : key
            work.pages += 1
            state.works[range.id] = work
            return (work.upper, serveWaiters(&state))
        }
        for (continuation, range) in resumed { continuation.resume(returning: range) }
        return upper
    }

    /// Takes all that is left of the range.
    ///
    /// - Returns: the last key of the range, `nil` for no end.
    func claimRest(_ range: Range) -> [UInt8]? {
        state.withLock { state in
            guard var work = state.works[range.id] else { return range.lower }
            work.claimed = nil
            state.works[range.id] = work
            return work.upper
        }
    }

    /// The range is read.
    ///
    /// - Parameter hadKeys: Whether there was a key in it.
    func finish(_ range: Range, hadKeys: Bool) {
        let resumed = state.withLock { state in
            guard var work = state.works.removeValue(forKey: range.id) else {
                return [(CheckedContinuation<Range?, Never>, Range?)]()
            }
            reportKeys(of: &work, found: hadKeys, &state)
            return serveWaiters(&state)
        }
        for (continuation, range) in resumed { continuation.resume(returning: range) }
    }

    /// Ends all waits and deals out nothing more; for a worker that failed.
    func end() {
        let waiters = state.withLock { state in
            state.isEnded = true
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter.resume(returning: nil) }
    }

    private func reportKeys(of work: inout Work, found: Bool, _ state: inout State) {
        guard let parent = work.parent else { return }
        work.parent = nil
        state.works[parent]?.pendingCuts -= 1
        if found {
            state.works[parent]?.emptyCuts = 0
            state.works[parent]?.foundCuts += 1
        } else {
            state.works[parent]?.emptyCuts += 1
        }
    }

    /// To be resumed outside of the lock.
    private func serveWaiters(_ state: inout State) -> [(CheckedContinuation<Range?, Never>, Range?)] {
        var served: [(CheckedContinuation<Range?, Never>, Range?)] = []
        while let waiter = state.waiters.last {
            if let range = cut(&state) {
                served.append((waiter, range))
            } else if state.works.isEmpty {
                served.append((waiter, nil))
            } else {
                break
            }
            state.waiters.removeLast()
        }
        return served
    }

    /// Cuts the upper part off the range that promises most.
    private func cut(_ state: inout State) -> Range? {
        guard mayCut, !state.isEnded else { return nil }
        // Ranges that went on for long probably still do. One part for each page at most: while all workers wait for
        // their keys to be dealt with, ranges would otherwise be cut until none is worth a page.
        let candidates = state.works.filter { _, work in
            work.claimed != nil && work.pendingCuts < Self.maximumPendingCuts
                && work.foundCuts < work.pages && work.emptyCuts + work.pendingCuts < 16 + work.pages
        }.sorted { ($0.value.pendingCuts, -$0.value.pages, $0.key) < ($1.value.pendingCuts, -$1.value.pages, $1.key) }
        for (id, work) in candidates {
            guard let claimed = work.claimed,
                let point = KeySplit.point(after: claimed, upTo: work.upper, sample: work.sample ?? claimed)
            else { continue }
            state.lastID += 1
            state.works[state.lastID] = Work(upper: work.upper, sample: claimed, parent: id)
            state.works[id]?.upper = point
            state.works[id]?.pendingCuts += 1
            return Range(id: state.lastID, lower: point)
        }
        return nil
    }
}
