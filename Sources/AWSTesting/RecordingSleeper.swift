import Synchronization

/// A sleeper that returns at once and records how long it was asked to sleep.
package final class RecordingSleeper: Sendable {
    private let durations = Mutex<[Duration]>([])

    package init() {}

    /// Everything that was slept, in order.
    package var recorded: [Duration] { durations.withLock { $0 } }

    package func sleep(for duration: Duration) async throws {
        try Task.checkCancellation()
        durations.withLock { $0.append(duration) }
    }
}
