import Synchronization

package import struct FoundationEssentials.Date

/// Keeps the record of a copy that has no checkpoint up to date while it runs.
///
/// As long as this lives a lock tells others that the copy is under way, whatever becomes of its process.
package final class RunningHistory: Sendable {
    private struct State {
        var record: HistoryRecord
    }

    /// Between two writings, in seconds.
    static let interval = 5.0

    private let store: SyncRecordStore
    private let lock: JournalFile
    private let state: Mutex<State>
    private let now: @Sendable () -> Date

    /// Writes that a copy begins.
    ///
    /// - Throws: ``CheckpointError``, also when another copy of the pair is under way.
    package init(
        _ pair: SyncPair,
        mode: String,
        filter: String?,
        store: SyncRecordStore,
        now: @escaping @Sendable () -> Date = { Date() }
    ) throws(CheckpointError) {
        self.store = store
        self.now = now
        lock = try JournalFile(path: store.path(ofLockFor: pair))
        let record = HistoryRecord(
            pair,
            state: .running,
            mode: mode,
            filter: filter,
            startDate: now(),
            date: now(),
            done: 0,
            total: nil,
            failed: 0
        )
        state = Mutex(State(record: record))
        try store.save(record)
    }

    /// Takes note of how far the copy is; written every few seconds.
    package func update(done: Int, total: Int?, failed: Int) {
        let now = now()
        state.withLock { state in
            guard abs(now.timeIntervalSince(state.record.date)) >= Self.interval else { return }
            state.record.date = now
            (state.record.done, state.record.total, state.record.failed) = (done, total, failed)
            // The copy matters more than what is written about it, and its end is written in any case.
            try? store.save(state.record)
        }
    }

    /// Writes that the copy has come to its end.
    ///
    /// - Throws: ``CheckpointError``.
    package func finish(done: Int, failed: Int) throws(CheckpointError) {
        let record = state.withLock { state in
            state.record.state = .finished
            state.record.date = now()
            (state.record.done, state.record.total, state.record.failed) = (done, done, failed)
            return state.record
        }
        try store.save(record)
        lock.remove()
    }
}
