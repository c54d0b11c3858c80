import Synchronization

/// Keeps calls within so many capacity units a second.
///
/// What a call costs is known when its answer is there; until then its estimate counts, so that calls in flight at the
/// same time cannot spend the same second twice.
final class CapacityPacer: Sendable {
    /// How much unused time may be made up for: little, because a second must stay within 5 % of the rate.
    private static let burst = Duration.milliseconds(40)

    /// `nil` for no limit.
    let unitsPerSecond: Double?
    private let clock: SyncClock
    private let state: Mutex<State>

    private struct State {
        /// When what was admitted so far will have been earned.
        var earned: ContinuousClock.Instant
        var consumed = 0.0
    }

    init(unitsPerSecond: Double?, clock: SyncClock) {
        self.unitsPerSecond = unitsPerSecond
        self.clock = clock
        self.state = Mutex(State(earned: clock.now()))
    }

    /// Units that calls have consumed so far.
    var consumed: Double { state.withLock { $0.consumed } }

    /// Suspends until a call of about that many units is due.
    ///
    /// - Throws: `CancellationError`.
    func admit(_ estimate: Double) async throws {
        guard let unitsPerSecond else { return }
        let now = clock.now()
        let wait = state.withLock { state in
            let start = max(state.earned, now - Self.burst)
            state.earned = start + .seconds(estimate / unitsPerSecond)
            return now.duration(to: start)
        }
        if wait > .zero { try await clock.sleep(wait) }
    }

    /// Corrects an estimate by what the call has really cost.
    func settle(estimate: Double, actual: Double) {
        state.withLock { state in
            state.consumed += actual
            if let unitsPerSecond { state.earned += .seconds((actual - estimate) / unitsPerSecond) }
        }
    }
}
