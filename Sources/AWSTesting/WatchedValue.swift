import Synchronization

/// A value behind a lock whose changes can be awaited instead of being asked for again and again.
package final class WatchedValue<Value: Sendable>: Sendable {
    private struct Waiter: Sendable {
        let id: Int
        /// Takes what it waits for and wakes its owner, or returns false.
        let attempt: @Sendable (inout Value) -> Bool
        /// Wakes its owner with empty hands.
        let abandon: @Sendable () -> Void
    }

    private struct State: Sendable {
        var value: Value
        var waiters: [Waiter] = []
        var lastID = 0
        /// Waits that were cancelled before they had begun.
        var cancelled: Set<Int> = []
    }

    private let state: Mutex<State>

    package init(_ value: Value) {
        state = Mutex(State(value: value))
    }

    package var current: Value { state.withLock { $0.value } }

    /// Changes the value and wakes everyone whose condition it now meets, the longest waiting first.
    @discardableResult
    package func update<Result: Sendable>(_ change: @Sendable (inout Value) -> Result) -> Result {
        state.withLock { state in
            let result = change(&state.value)
            var still: [Waiter] = []
            for waiter in state.waiters where !waiter.attempt(&state.value) {
                still.append(waiter)
            }
            state.waiters = still
            return result
        }
    }

    /// Suspends until `take` gives something other than `nil`; `take` may change the value while it takes.
    ///
    /// - Throws: `CancellationError`.
    package func take<Result: Sendable>(_ take: @escaping @Sendable (inout Value) -> Result?) async throws -> Result {
        let id = newID()
        let taken: Result? = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                wait(id: id, take: take) { continuation.resume(returning: $0) }
            }
        } onCancel: {
            cancelWait(id)
        }
        guard let taken else { throw CancellationError() }
        return taken
    }

    /// Suspends until the value meets the condition, and returns it.
    ///
    /// - Throws: `CancellationError`.
    @discardableResult
    package func wait(until condition: @escaping @Sendable (Value) -> Bool) async throws -> Value {
        try await take { condition($0) ? $0 : nil }
    }

    func newID() -> Int {
        state.withLock { state in
            state.lastID += 1
            return state.lastID
        }
    }

    /// Calls `finish` exactly once: with what `take` gave, or with `nil` after ``cancelWait(_:)``.
    ///
    /// `finish` runs while the lock is held and must not use this object.
    func wait<Result: Sendable>(
        id: Int,
        take: @escaping @Sendable (inout Value) -> Result?,
        finish: @escaping @Sendable (Result?) -> Void
    ) {
        state.withLock { state in
            if state.cancelled.remove(id) != nil {
                finish(nil)
            } else if let result = take(&state.value) {
                finish(result)
            } else {
                let attempt: @Sendable (inout Value) -> Bool = { value in
                    guard let result = take(&value) else { return false }
                    finish(result)
                    return true
                }
                state.waiters.append(Waiter(id: id, attempt: attempt, abandon: { finish(nil) }))
            }
        }
    }

    /// Ends a wait, also one that is only about to begin; one that has ended stays ended.
    func cancelWait(_ id: Int) {
        state.withLock { state in
            if let index = state.waiters.firstIndex(where: { $0.id == id }) {
                state.waiters.remove(at: index).abandon()
            } else {
                state.cancelled.insert(id)
            }
        }
    }
}
