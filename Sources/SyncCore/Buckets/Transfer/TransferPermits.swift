import Synchronization

/// Lets so many pieces of large objects be in flight at once, whatever the number of objects, since each takes memory.
final class TransferPermits: Sendable {
    private struct State {
        var available: Int
        var waiters: [CheckedContinuation<Void, Never>] = []
        var firstWaiter = 0
    }

    private let state: Mutex<State>

    init(_ count: Int) {
        state = Mutex(State(available: max(1, count)))
    }

    /// Runs `body` when it is its turn.
    func withPermit<Result: Sendable>(_ body: () async throws -> Result) async throws -> Result {
        await take()
        defer { giveBack() }
        try Task.checkCancellation()
        return try await body()
    }

    private func take() async {
        await withCheckedContinuation { continuation in
            let isTaken = state.withLock { state in
                guard state.available > 0 else {
                    state.waiters.append(continuation)
                    return false
                }
                state.available -= 1
                return true
            }
            if isTaken { continuation.resume() }
        }
    }

    private func giveBack() {
        let next = state.withLock { state -> CheckedContinuation<Void, Never>? in
            guard state.firstWaiter < state.waiters.count else {
                state.waiters = []
                state.firstWaiter = 0
                state.available += 1
                return nil
            }
            state.firstWaiter += 1
            return state.waiters[state.firstWaiter - 1]
        }
        next?.resume()
    }
}
