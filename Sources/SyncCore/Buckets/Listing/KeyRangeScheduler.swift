import Synchronization

/// Deals out the keys of a listing to workers: whoever has nothing left takes the upper part of what another still has.
///
/// Ranges are only cut when a worker waits for one; see ``DividedKeys``.
final class KeyRangeScheduler: Sendable {
    typealias Range = DividedKeys.Range

    private struct State {
        var isStarted = false
        var isEnded = false
        var keys = DividedKeys()
        var waiters: [CheckedContinuation<Range?, Never>] = []
    }

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
                    return state.keys.begin()
                }
                if let range = cut(&state) { return range }
                if state.keys.isEmpty { return .some(nil) }
                state.waiters.append(continuation)
                return .none
            }
            if let resumed { continuation.resume(returning: resumed) }
        }
    }

    /// As ``DividedKeys/claim(_:through:sample:)``.
    func claim(_ range: Range, through key: [UInt8], sample: @autoclosure () -> [UInt8]) -> [UInt8]? {
        let (upper, resumed) = state.withLock { state -> ([UInt8]?, [(CheckedContinuation<Range?, Never>, Range?)]) in
            let upper = state.keys.claim(range, through: key, sample: sample)
            return (upper, serveWaiters(&state))
        }
        for (continuation, range) in resumed { continuation.resume(returning: range) }
        return upper
    }

    /// As ``DividedKeys/claimRest(_:)``.
    func claimRest(_ range: Range) -> [UInt8]? {
        state.withLock { $0.keys.claimRest(range) }
    }

    /// The range is read.
    ///
    /// - Parameter hadKeys: Whether there was a key in it.
    func finish(_ range: Range, hadKeys: Bool) {
        let resumed = state.withLock { state in
            state.keys.finish(range, hadKeys: hadKeys)
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

    /// To be resumed outside of the lock.
    private func serveWaiters(_ state: inout State) -> [(CheckedContinuation<Range?, Never>, Range?)] {
        var served: [(CheckedContinuation<Range?, Never>, Range?)] = []
        while let waiter = state.waiters.last {
            if let range = cut(&state) {
                served.append((waiter, range))
            } else if state.keys.isEmpty {
                served.append((waiter, nil))
            } else {
                break
            }
            state.waiters.removeLast()
        }
        return served
    }

    private func cut(_ state: inout State) -> Range? {
        mayCut && !state.isEnded ? state.keys.cut() : nil
    }
}
