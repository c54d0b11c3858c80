import Synchronization

/// How far a sync is, for a progress line.
package final class SyncProgress: Sendable {
    package struct Snapshot: Sendable, Equatable {
        package var listed = ListedCounts()
        /// What is to be looked at or transferred, as far as the listings have come.
        package var plannedObjects = 0
        package var plannedBytes = 0
        package var doneObjects = 0
        /// Bytes that have moved, those of attempts that failed included.
        package var movedBytes = 0
        /// Bytes of objects that are done.
        package var doneBytes = 0
        package var failed = 0
        package var deleted = 0
        /// Whether what is planned is all that there will be.
        package var isListed = false
    }

    private let state = Mutex(Snapshot())
    private let onChange: @Sendable (Snapshot) -> Void

    /// - Parameter onChange: Called often, and from any thread.
    package init(onChange: @escaping @Sendable (Snapshot) -> Void = { _ in }) {
        self.onChange = onChange
    }

    package var snapshot: Snapshot { state.withLock { $0 } }

    func listed(_ counts: ListedCounts, since before: ListedCounts) {
        change { $0.listed = $0.listed + (counts - before) }
    }

    func planned(objects: Int, bytes: Int) {
        change {
            $0.plannedObjects += objects
            $0.plannedBytes += bytes
        }
    }

    /// Bytes have arrived at the target.
    func moved(_ bytes: Int) {
        change { $0.movedBytes += bytes }
    }

    func change(_ change: (inout Snapshot) -> Void) {
        onChange(
            state.withLock { state in
                change(&state)
                return state
            }
        )
    }
}
