import Synchronization

package import struct FoundationEssentials.Date

/// Keeps the credentials of another provider and fetches new ones before they end.
///
/// Any number of callers share one fetch. It runs apart from them, so that a cancelled caller leaves at once and
/// neither ends the fetch nor disturbs the others. A failed fetch is not kept: the next caller tries again.
package final class CachingCredentialsProvider: CredentialsProvider {
    private let provider: any CredentialsProvider
    private let now: @Sendable () -> Date
    private let state = Mutex(State())

    package init(_ provider: any CredentialsProvider, now: @escaping @Sendable () -> Date = { Date.now }) {
        self.provider = provider
        self.now = now
    }

    /// The kept credentials, or new ones.
    ///
    /// From 15 minutes before their end one caller waits for new ones while the others get the old; from 10 minutes
    /// before it all wait. When the fetch fails, the old ones are given as long as they hold.
    package func credentials() async throws -> Credentials {
        if let kept = state.withLock({ $0.usable(at: now()) }) { return kept }
        let waiter = state.withLock { $0.makeWaiterID() }
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                switch state.withLock({ $0.enqueue(waiter, continuation, at: now(), isCancelled: Task.isCancelled) }) {
                case .give(let credentials): continuation.resume(returning: credentials)
                case .cancelled: continuation.resume(throwing: CancellationError())
                case .fetch: Task { await fetch() }
                case .wait: break
                }
            }
        } onCancel: {
            state.withLock { $0.waiters.removeValue(forKey: waiter) }?.resume(throwing: CancellationError())
        }
    }

    private func fetch() async {
        let result: Result<Credentials, any Error>
        do {
            result = .success(try await provider.credentials())
        } catch {
            result = .failure(error)
        }
        let (waiters, answer) = state.withLock { $0.finish(result, at: now()) }
        for waiter in waiters { waiter.resume(with: answer) }
    }
}

/// What the cache knows; its functions decide and leave the doing to the class.
private struct State {
    typealias Waiter = CheckedContinuation<Credentials, any Error>

    enum Action {
        case give(Credentials)
        case cancelled
        /// The caller waits, and starts the fetch.
        case fetch
        case wait
    }

    var waiters: [UInt64: Waiter] = [:]
    private var kept: Credentials?
    private var isFetching = false
    /// While the kept credentials hold, no new fetch before this; a source that fails, or that itself renews its
    /// credentials only at the last moment, would be asked with every request otherwise.
    private var earliestFetch = Date.distantPast
    private var lastWaiter: UInt64 = 0

    // botocore's times before the end of the credentials, in seconds.
    private static let advisory = 15.0 * 60
    private static let mandatory = 10.0 * 60
    private static let pause = 30.0

    mutating func makeWaiterID() -> UInt64 {
        lastWaiter += 1
        return lastWaiter
    }

    /// The kept credentials when they can be given without waiting.
    func usable(at time: Date) -> Credentials? {
        guard let kept else { return nil }
        guard let expiration = kept.expiration else { return kept }
        let remaining = expiration.timeIntervalSince(time)
        guard remaining > 0 else { return nil }
        if remaining > Self.advisory || time < earliestFetch { return kept }
        return isFetching && remaining > Self.mandatory ? kept : nil
    }

    mutating func enqueue(_ id: UInt64, _ waiter: Waiter, at time: Date, isCancelled: Bool) -> Action {
        if let kept = usable(at: time) { return .give(kept) }
        // A cancellation before this point found no waiter to resume; one after it will.
        if isCancelled { return .cancelled }
        waiters[id] = waiter
        guard !isFetching else { return .wait }
        isFetching = true
        return .fetch
    }

    mutating func finish(
        _ result: Result<Credentials, any Error>,
        at time: Date
    ) -> (waiters: [Waiter], answer: Result<Credentials, any Error>) {
        isFetching = false
        earliestFetch = time.addingTimeInterval(Self.pause)
        let released = Array(waiters.values)
        waiters = [:]
        switch result.flatMap({ Self.stillHolding($0, at: time) }) {
        case .success(let credentials):
            kept = credentials
            return (released, .success(credentials))
        case .failure(let error):
            if let kept, let expiration = kept.expiration, expiration > time { return (released, .success(kept)) }
            return (released, .failure(error))
        }
    }

    private static func stillHolding(_ credentials: Credentials, at time: Date) -> Result<Credentials, any Error> {
        guard let expiration = credentials.expiration, expiration <= time else { return .success(credentials) }
        return .failure(
            CredentialsError.failed(
                "the credentials had already ended when they arrived, at \(expiration.iso8601); renew them, "
                    + "and check this machine's clock"
            )
        )
    }
}
