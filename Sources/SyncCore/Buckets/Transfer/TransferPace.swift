import AWSCore
import Synchronization

/// Lets so many transfers be under way at once: more while S3 takes them, fewer while it asks to slow down.
///
/// What is refused for that reason is done again and again, as long as anything else gets through. The calls within
/// must leave throttling to their caller, or S3's request to slow down would not be heard here.
final class TransferPace: Sendable {
    private struct State {
        var limit: AdaptiveLimit
        var underWay = 0
        var waiters: [CheckedContinuation<Void, Never>] = []
        var firstWaiter = 0
        var slowDowns = 0
        /// When S3 last took something.
        var lastTaken: ContinuousClock.Instant

        mutating func take() -> Bool {
            guard underWay < limit.limit else { return false }
            underWay += 1
            return true
        }

        mutating func nextWaiter() -> CheckedContinuation<Void, Never>? {
            guard firstWaiter < waiters.count, take() else { return nil }
            firstWaiter += 1
            defer {
                if firstWaiter == waiters.count {
                    waiters.removeAll(keepingCapacity: true)
                    firstWaiter = 0
                }
            }
            return waiters[firstWaiter - 1]
        }
    }

    private let state: Mutex<State>
    private let clock: SyncClock
    private let stallLimit: Duration

    /// - Parameter stallLimit: how long S3 may take nothing at all before that is a failure.
    init(maximum: Int, clock: SyncClock, stallLimit: Duration = .seconds(600)) {
        self.stallLimit = stallLimit
        state = Mutex(State(limit: AdaptiveLimit(maximum: maximum, initial: 16), lastTaken: clock.now()))
        self.clock = clock
    }

    /// How many may be under way by now.
    var limit: Int { state.withLock { $0.limit.limit } }
    /// How often S3 asked to slow down.
    var slowDowns: Int { state.withLock { $0.slowDowns } }

    /// Runs `body` when it is its turn, and again while S3 asks to slow down.
    ///
    /// - Throws: what `body` throws, S3's request to slow down only when nothing got through for the stall limit.
    func run<Result: Sendable>(_ body: () async throws -> Result) async throws -> Result {
        var refusals = 0
        while true {
            await take()
            do {
                try Task.checkCancellation()
                let result = try await body()
                giveBack(isRefused: false)
                return result
            } catch let error as AWSError where error.kind == .throttling {
                giveBack(isRefused: true)
                guard !isStalled else { throw error }
            } catch {
                giveBack(isRefused: false)
                throw error
            }
            refusals += 1
            try await clock.sleep(Backoff.delay(afterFailures: refusals, random: clock.random()))
        }
    }

    private var isStalled: Bool {
        let now = clock.now()
        return state.withLock { now - $0.lastTaken > stallLimit }
    }

    private func take() async {
        if state.withLock({ $0.take() }) { return }
        await withCheckedContinuation { continuation in
            let isTaken = state.withLock { state in
                if state.take() { return true }
                state.waiters.append(continuation)
                return false
            }
            if isTaken { continuation.resume() }
        }
    }

    private func giveBack(isRefused: Bool) {
        let now = clock.now()
        let waiters = state.withLock { state in
            state.underWay -= 1
            state.limit.record(sent: 1, refused: isRefused ? 1 : 0)
            if isRefused { state.slowDowns += 1 } else { state.lastTaken = now }
            var waiters: [CheckedContinuation<Void, Never>] = []
            while let waiter = state.nextWaiter() { waiters.append(waiter) }
            return waiters
        }
        for waiter in waiters { waiter.resume() }
    }
}
