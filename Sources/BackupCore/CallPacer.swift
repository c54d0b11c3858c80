internal import AWSCore
import Synchronization

/// Lets calls through at full speed until AWS throttles one, and from then on one after the other.
///
/// For calls of a client that leaves throttling to its caller (``AWSClient/leavingThrottlingToCaller()``).
final class CallPacer: Sendable {
    private struct State {
        /// `nil` while nothing was throttled.
        var nextSlot: ContinuousClock.Instant?
    }

    /// DynamoDB takes about twenty ExportTableToPointInTime or DescribeExport calls in two seconds and counts refused
    /// ones too, so that retrying at once keeps the throttle shut; one every 1.5 s passes.
    static let exportInterval = Duration.milliseconds(1_500)
    /// DescribeContinuousBackups and ListTagsOfResource take ten calls a second (DynamoDB API Reference).
    static let describeInterval = Duration.milliseconds(150)

    private let interval: Duration
    private let maximumAttempts: Int
    private let now: @Sendable () -> ContinuousClock.Instant
    private let sleep: @Sendable (Duration) async throws -> Void
    private let state = Mutex(State())

    /// - Parameters:
    ///   - interval: between two calls, once one was throttled.
    ///   - maximumAttempts: how often a call that is throttled every time is made before its error is final.
    init(
        interval: Duration,
        maximumAttempts: Int = 40,
        now: @escaping @Sendable () -> ContinuousClock.Instant = { ContinuousClock.now },
        sleep: @escaping @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) }
    ) {
        self.interval = interval
        self.maximumAttempts = max(1, maximumAttempts)
        self.now = now
        self.sleep = sleep
    }

    /// Makes a call, and again after a pause while it is throttled.
    ///
    /// - Throws: what the call throws; the throttling after so many attempts; `CancellationError`.
    func call<Output: Sendable>(_ body: () async throws -> Output) async throws -> Output {
        var attempt = 1
        while true {
            try await waitForSlot()
            do {
                return try await body()
            } catch let error as AWSError
                where error.kind == .throttling && error.code != "LimitExceededException" && attempt < maximumAttempts
            {
                // LimitExceededException is another matter: 300 exports run already, and seconds do not help.
                attempt += 1
                slowDown()
            }
        }
    }

    /// The refused call took a slot of its own: the first pause begins with it.
    private func slowDown() {
        let current = now()
        state.withLock { state in
            if state.nextSlot == nil { state.nextSlot = current.advanced(by: interval) }
        }
    }

    private func waitForSlot() async throws {
        let current = now()
        let wait = state.withLock { state -> Duration in
            guard let nextSlot = state.nextSlot else { return .zero }
            let slot = max(current, nextSlot)
            state.nextSlot = slot.advanced(by: interval)
            return current.duration(to: slot)
        }
        if wait > .zero { try await sleep(wait) }
        try Task.checkCancellation()
    }
}
