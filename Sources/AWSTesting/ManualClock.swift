import Synchronization

package import struct FoundationEssentials.Date

/// A clock that stands until the test moves it.
package final class ManualClock: Sendable {
    private let instant: Mutex<Date>

    /// Stands at `now`, by default 2026-11-21 02:00:07 UTC.
    package init(now: Date = Date(timeIntervalSince1970: 1_795_226_407)) {
        instant = Mutex(now)
    }

    package var now: Date {
        get { instant.withLock { $0 } }
        set { instant.withLock { $0 = newValue } }
    }

    /// Moves the clock on, or back for a negative duration.
    package func advance(by duration: Duration) {
        instant.withLock { $0 = $0.addingTimeInterval(duration / .seconds(1)) }
    }

    /// A sleeper that moves the clock on and returns at once.
    package func sleep(for duration: Duration) async throws {
        try Task.checkCancellation()
        advance(by: duration)
    }
}
