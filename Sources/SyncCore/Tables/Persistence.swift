internal import AWSCore

/// Makes calls again for as long as they fail for now: throttled, no answer, or an answer that says nothing.
struct Persistence: Sendable {
    let scheduler: CopyScheduler
    let clock: SyncClock

    /// - Throws: what the call throws for good; ``CopyError/stalled(_:_:)``; `CancellationError`.
    func call<Output>(_ body: () async throws -> Output) async throws -> Output {
        var failures = 0
        while true {
            do {
                return try await body()
            } catch let error as AWSError where error.isPassing {
                try scheduler.noteFailure(error)
                failures += 1
                try await clock.sleep(Backoff.delay(afterFailures: failures, random: clock.random()))
            }
        }
    }
}

extension AWSError {
    /// Whether the same call may succeed later.
    var isPassing: Bool { kind == .throttling || kind == .transient }

    /// Whether DynamoDB refuses what a call would write, and not the caller: for one item of several, perhaps.
    var isRefusalOfItems: Bool {
        // HTTP 413 is the answer to a request that is too large as a whole.
        kind == .client
            && (code == "ValidationException" || code == "ItemCollectionSizeLimitExceededException" || status == 413)
    }
}
