import Synchronization

package import struct FoundationEssentials.Date

/// A backup run during which the last backups are read.
///
/// The reading leaves the run's own exports out and takes nothing from what the run needs: DynamoDB counts descriptions
/// of exports and starts of exports against one limit, so the descriptions come when the run has started what it could;
/// and the calls that read settings, ten of which it takes in a second, go through one pacer.
package final class BackupRunBeside: Sendable {
    private struct State {
        var hasEnded = false
        var waiters: [CheckedContinuation<Void, Never>] = []
    }

    /// Exports that were started from then on are the run's own.
    package let startedAt: Date
    let settingsPacer: CallPacer
    private let state = Mutex(State())

    /// - Parameter sleep: waits between throttled calls.
    package init(
        startedAt: Date,
        sleep: @escaping @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) }
    ) {
        self.startedAt = startedAt
        self.settingsPacer = CallPacer(interval: CallPacer.describeInterval, sleep: sleep)
    }

    /// The run has ended, whatever came of it; must be called, because readers may wait for it.
    package func end() {
        let waiters = state.withLock { state in
            state.hasEnded = true
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter.resume() }
    }

    func waitForEnd() async {
        await withCheckedContinuation { continuation in
            let hasEnded = state.withLock { state in
                if !state.hasEnded { state.waiters.append(continuation) }
                return state.hasEnded
            }
            if hasEnded { continuation.resume() }
        }
    }
}
