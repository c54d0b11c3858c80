internal import AWSCore
import Synchronization

/// Keeps calls within so many capacity units a second, and counts what they consume.
///
/// What a call costs is known when its answer is there; until then its estimate counts, so that calls in flight at the
/// same time cannot spend the same second twice.
final class CapacityPacer: Sendable {
    /// How much unused time may be made up for: little, because a second must stay within 5 % of the rate.
    private static let burst = Duration.milliseconds(40)
    /// How much of a second's units one call should cost at most.
    private static let share = 0.2

    /// `nil` for no limit.
    let unitsPerSecond: Double?
    private let clock: SyncClock
    private let state: Mutex<State>

    private struct State {
        /// When what was admitted so far will have been earned.
        var earned: ContinuousClock.Instant
        var consumed = 0.0
        /// Of one item, as far as is known.
        var unitsPerItem: Double
    }

    /// - Parameter unitsPerItem: what to take an item for before one is known.
    init(unitsPerSecond: Double?, unitsPerItem: Double = 1, clock: SyncClock) {
        self.unitsPerSecond = unitsPerSecond
        self.clock = clock
        self.state = Mutex(State(earned: clock.now(), unitsPerItem: unitsPerItem))
    }

    /// Units that calls have consumed so far.
    var consumed: Double { state.withLock { $0.consumed } }

    /// What a call for so many items is taken to cost.
    func estimate(items: Int) -> Double {
        unitsPerSecond == nil ? 0 : state.withLock { $0.unitsPerItem } * Double(items)
    }

    /// How many items a call should be for, so that its cost is a small part of a second's.
    func itemsPerCall(upTo maximum: Int) -> Int {
        guard let unitsPerSecond else { return maximum }
        let unitsPerItem = state.withLock { $0.unitsPerItem }
        return max(1, Int(min(Double(maximum), unitsPerSecond * Self.share / max(unitsPerItem, 0.001))))
    }

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

    /// Makes a call about one item when it is due.
    ///
    /// - Parameter call: sets the units to what it has consumed, as far as that is known; else the estimate stands.
    /// - Throws: what the call throws; `CancellationError`.
    func pace<Output>(
        estimate: Double,
        _ call: (_ units: inout Double?) async throws -> Output
    ) async throws -> Output {
        try await admit(estimate)
        var units: Double?
        do {
            let output = try await call(&units)
            settle(estimate: estimate, actual: units, items: 1)
            return output
        } catch {
            settle(estimate: estimate, failedWith: error)
            throw error
        }
    }

    /// Corrects an estimate by what the call has really cost.
    ///
    /// - Parameters:
    ///   - actual: `nil` where the answer does not say; then the estimate stands.
    ///   - items: how many items it was for; 0 where that says nothing about an item's cost.
    func settle(estimate: Double, actual: Double?, items: Int = 0) {
        state.withLock { state in
            let actual = actual ?? estimate
            state.consumed += actual
            guard let unitsPerSecond else { return }
            state.earned += .seconds((actual - estimate) / unitsPerSecond)
            if items > 0 { state.unitsPerItem += (actual / Double(items) - state.unitsPerItem) / 8 }
        }
    }

    /// A call has failed: refused calls cost nothing, and of one without an answer the worst must be thought.
    func settle(estimate: Double, failedWith error: any Error) {
        let isRefused = (error as? AWSError).map { $0.kind == .throttling || $0.kind == .client } ?? false
        settle(estimate: estimate, actual: isRefused ? 0 : estimate, items: 0)
    }
}
