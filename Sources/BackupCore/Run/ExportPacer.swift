internal import AWSCore
import Synchronization

/// Lets calls through at full speed until DynamoDB throttles one, and from then on one after the other.
///
/// DynamoDB takes about twenty ExportTableToPointInTime or DescribeExport calls in two seconds and counts refused ones
/// too, so that retrying at once keeps the throttle shut; one every 1.5 s passes.
final class ExportPacer: Sendable {
    private struct State {
        var isSlow = false
        var nextSlot: ContinuousClock.Instant
    }

    private let interval: Duration
    private let now: @Sendable () -> ContinuousClock.Instant
    private let sleep: @Sendable (Duration) async throws -> Void
    private let state: Mutex<State>

    init(
        interval: Duration = .milliseconds(1_500),
        now: @escaping @Sendable () -> ContinuousClock.Instant = { ContinuousClock.now },
        sleep: @escaping @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) }
    ) {
        self.interval = interval
        self.now = now
        self.sleep = sleep
        self.state = Mutex(State(nextSlot: now()))
    }

    /// Makes a call, and again after a pause for as long as it is throttled and the task is not cancelled.
    func call<Output: Sendable>(_ body: () async throws -> Output) async throws -> Output {
        while true {
            try await waitForSlot()
            do {
                return try await body()
            } catch let error as AWSError
                where error.kind == .throttling && error.code != "LimitExceededException"
            {
                // LimitExceededException is another matter: 300 exports run already, and seconds do not help.
                state.withLock { $0.isSlow = true }
            }
        }
    }

    private func waitForSlot() async throws {
        let current = now()
        let wait = state.withLock { state -> Duration in
            guard state.isSlow else { return .zero }
            let slot = max(current, state.nextSlot)
            state.nextSlot = slot.advanced(by: interval)
            return current.duration(to: slot)
        }
        if wait > .zero { try await sleep(wait) }
        try Task.checkCancellation()
    }
}
