import Synchronization

/// Ids for `amz-sdk-invocation-id`, one for each call, the same for its retries.
///
/// They have the form of random UUIDs and are as good as unique: a random beginning for each client, and a counter that
/// begins anywhere. AWS uses them to tell a retry from another call; nothing depends on nobody guessing them.
final class InvocationIDs: Sendable {
    private let high = UInt64.random(in: 0...UInt64.max)
    private let next = Atomic(UInt64.random(in: 0...UInt64.max))

    func make() -> String {
        // RFC 9562: version 4, variant 10.
        let high = self.high & ~0xF000 | 0x4000
        let low = next.wrappingAdd(1, ordering: .relaxed).oldValue & ~(3 << 62) | 1 << 63
        return String(unsafeUninitializedCapacity: 36) { text in
            var index = 0
            for half in [high, low] {
                for shift in stride(from: 60, through: 0, by: -4) {
                    if index == 8 || index == 13 || index == 18 || index == 23 {
                        text[index] = UInt8(ascii: "-")
                        index += 1
                    }
                    text[index] = Hexadecimal.digit(UInt8(truncatingIfNeeded: half >> UInt64(shift)) & 0x0f)
                    index += 1
                }
            }
            return index
        }
    }
}
