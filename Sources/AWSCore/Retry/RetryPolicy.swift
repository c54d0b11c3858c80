/// Whether and after what wait a failed attempt is made again: AWS's "standard" mode with full jitter.
///
/// Pure: the same arguments give the same answer. Figures are those of botocore's 2026 revision of the standard mode
/// (`retries/standard.py`): waits start small because most failures of one node are gone a moment later.
package struct RetryPolicy: Sendable, Equatable {
    /// How often a request is sent in all, at least 1.
    package var maximumAttempts: Int
    /// The wait that the first retry of a transient failure stays under.
    package var baseDelay: Duration
    /// The same for throttling.
    package var throttlingBaseDelay: Duration
    /// What no wait exceeds, before a server's own hint.
    package var maximumDelay: Duration

    package init(
        maximumAttempts: Int,
        baseDelay: Duration = .milliseconds(50),
        throttlingBaseDelay: Duration = .seconds(1),
        maximumDelay: Duration = .seconds(20)
    ) {
        self.maximumAttempts = max(1, maximumAttempts)
        self.baseDelay = baseDelay
        self.throttlingBaseDelay = throttlingBaseDelay
        self.maximumDelay = maximumDelay
    }

    /// The service's defaults: 3 attempts, DynamoDB 4 with half the wait.
    ///
    /// - Parameter maximumAttempts: overrides the number of attempts (`AWS_MAX_ATTEMPTS`).
    package static func standard(for service: AWSService, maximumAttempts: Int? = nil) -> RetryPolicy {
        let isDynamoDB = service.signingName == AWSService.dynamoDB.signingName
        return RetryPolicy(
            maximumAttempts: maximumAttempts ?? (isDynamoDB ? 4 : 3),
            baseDelay: isDynamoDB ? .milliseconds(25) : .milliseconds(50)
        )
    }

    /// How long to wait before the next attempt.
    ///
    /// - Parameters:
    ///   - attempt: the number of the attempt that failed, from 1.
    ///   - serverHint: what the server asked for (`Retry-After`, `x-amz-retry-after`); honoured up to 5 s beyond
    ///     the wait computed here, so that no server can park a client for hours.
    ///   - random: from 0 up to 1.
    /// - Returns: `nil` when the failure is final.
    package func delay(
        afterAttempt attempt: Int,
        kind: AWSError.Kind,
        serverHint: Duration? = nil,
        random: Double
    ) -> Duration? {
        guard attempt < maximumAttempts else { return nil }
        let base: Duration
        switch kind {
        case .client: return nil
        // The clock is set right before the next attempt: there is nothing to wait for.
        case .clockSkew: return .zero
        case .transient: base = baseDelay
        case .throttling: base = throttlingBaseDelay
        }
        let ceiling = min(base * (1 << min(attempt - 1, 20)), maximumDelay)
        let computed = ceiling * random
        guard let serverHint else { return computed }
        return min(max(serverHint, computed), computed + .seconds(5))
    }
}
