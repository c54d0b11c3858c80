import Synchronization

/// Ids for `amz-sdk-invocation-id`, one for each call, the same for its retries.
///
/// They have the form of random UUIDs and are as good as unique: a random beginning for each client, and a counter that
/// begins anywhere. AWS uses them to tell a retry from another call; nothing depends on nobody guessing them.
final class InvocationIDs: Sendable {
    private let high = UInt64.random(in: 0...UInt64.max)
    private let next = Atomic(UInt64.random(in: 0...UInt64.max))

    func make() -> String {
        RandomUUID.string(high: high, low: next.wrappingAdd(1, ordering: .relaxed).oldValue)
    }
}
