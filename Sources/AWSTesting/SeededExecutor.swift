import Synchronization

package import struct FoundationEssentials.Date

/// Runs tasks one step at a time on one thread, in an order that a seed decides, in a time of its own.
///
/// Whatever may happen between two steps of a task happens under some seed, and that seed makes it happen again. Time
/// stands still while any task has something to do, and then goes on to whatever the first of them waits for; so nobody
/// waits for real.
///
/// Only tasks that have it as their preferred executor are its own, and only waits that end by what they do.
package final class SeededExecutor: TaskExecutor {
    private struct Sleeper {
        let id: Int
        let end: Double
        let continuation: CheckedContinuation<Void, any Error>
    }

    private struct State {
        var random: SeededGenerator
        var ready: [UnownedJob] = []
        var sleepers: [Sleeper] = []
        /// Sleeps that were cancelled before they had begun.
        var cancelled: Set<Int> = []
        var lastSleeper = 0
        /// Seconds since the beginning.
        var elapsed = 0.0
    }

    private let state: Mutex<State>
    private let start: Date

    /// - Parameter start: what the clock shows at first, by default 2026-11-21 02:00:07 UTC.
    package init(seed: UInt64, start: Date = Date(timeIntervalSince1970: 1_795_226_407)) {
        state = Mutex(State(random: SeededGenerator(seed: seed)))
        self.start = start
    }

    package var now: Date { start.addingTimeInterval(state.withLock { $0.elapsed }) }

    package func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        state.withLock { $0.ready.append(job) }
    }

    /// Suspends until the clock has gone on for so many seconds.
    ///
    /// - Throws: `CancellationError`.
    package func sleep(_ seconds: Double) async throws {
        let id = state.withLock { state in
            state.lastSleeper += 1
            return state.lastSleeper
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
                let isCancelled = state.withLock { state in
                    if state.cancelled.remove(id) != nil { return true }
                    state.sleepers.append(
                        Sleeper(id: id, end: state.elapsed + max(0, seconds), continuation: continuation)
                    )
                    return false
                }
                if isCancelled { continuation.resume(throwing: CancellationError()) }
            }
        } onCancel: {
            let sleeper = state.withLock { state -> Sleeper? in
                guard let index = state.sleepers.firstIndex(where: { $0.id == id }) else {
                    state.cancelled.insert(id)
                    return nil
                }
                return state.sleepers.remove(at: index)
            }
            sleeper?.continuation.resume(throwing: CancellationError())
        }
    }

    /// Runs `body` and every task that comes of it, until none of them has anything left to do.
    ///
    /// - Returns: what `body` gave; `nil` when it waits for something that never happens.
    package func run<Value: Sendable>(_ body: @escaping @Sendable () async -> Value) async -> Value? {
        await withCheckedContinuation { continuation in
            // Not one of the threads that all other tests share.
            let thread = TestThread { [self] in
                let result = Mutex<Value?>(nil)
                Task(executorPreference: self) {
                    let value = await body()
                    result.withLock { $0 = value }
                }
                runSteps()
                continuation.resume(returning: result.withLock { $0 })
            }
            if let thread { thread.detach() } else { continuation.resume(returning: nil) }
        }
    }

    private func runSteps() {
        while true {
            if let job = nextJob() {
                job.runSynchronously(on: asUnownedTaskExecutor())
            } else if let sleeper = nextSleeper() {
                sleeper.continuation.resume()
            } else {
                return
            }
        }
    }

    private func nextJob() -> UnownedJob? {
        state.withLock { state in
            guard !state.ready.isEmpty else { return nil }
            return state.ready.remove(at: Int.random(in: 0..<state.ready.count, using: &state.random))
        }
    }

    private func nextSleeper() -> Sleeper? {
        state.withLock { state in
            guard let next = state.sleepers.indices.min(by: { state.sleepers[$0].end < state.sleepers[$1].end }) else {
                return nil
            }
            let sleeper = state.sleepers.remove(at: next)
            state.elapsed = max(state.elapsed, sleeper.end)
            return sleeper
        }
    }
}
