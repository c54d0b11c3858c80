import Synchronization

/// Keeps retries from multiplying the load on a service in trouble: they stop when most requests fail.
///
/// One bucket for each client; 500 tokens, a retry costs 14 (throttling 5), a success gives back what its retry took,
/// or one. Figures as in botocore's `retries/quota.py` of 2026.
package final class RetryTokenBucket: Sendable {
    package static let capacity = 500

    private let tokens = Mutex(capacity)

    package init() {}

    /// Takes the cost of one retry.
    ///
    /// - Returns: what was taken, to be given back on success; `nil` when too little is left and the failure is final.
    package func takeTokens(for kind: AWSError.Kind) -> Int? {
        let cost = kind == .throttling ? 5 : 14
        return tokens.withLock { tokens in
            guard tokens >= cost else { return nil }
            tokens -= cost
            return cost
        }
    }

    /// A request succeeded; `taken` is what its last retry took, if there was one.
    package func returnTokens(_ taken: Int?) {
        tokens.withLock { $0 = min(Self.capacity, $0 + (taken ?? 1)) }
    }
}
