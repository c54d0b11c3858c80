internal import Synchronization

/// Derived signing keys of the last few secrets, days, Regions and services.
///
/// Deriving one takes four HMACs, as much as signing twice, and each holds for a whole UTC day. The cache never appears
/// in a description.
final class SigV4KeyCache: Sendable {
    static let shared = SigV4KeyCache()

    private struct Entry {
        let day: Int
        let secret: String
        let region: String
        let service: String
        let key: HMACSHA256
    }

    private struct State {
        var entries: [Entry] = []
        /// The entry that the next new key overwrites.
        var oldest = 0
    }

    /// Two Regions and eight services, as the backup uses at most.
    private static let capacity = 16
    private let state = Mutex(State())

    func key(secret: String, timestamp: SigV4Timestamp, region: String, service: String) -> HMACSHA256 {
        let known = state.withLock { state in
            state.entries.first {
                $0.day == timestamp.day && $0.service == service && $0.region == region && $0.secret == secret
            }?.key
        }
        if let known { return known }
        let key = Self.derive(secret: secret, timestamp: timestamp, region: region, service: service)
        state.withLock { state in
            let entry = Entry(day: timestamp.day, secret: secret, region: region, service: service, key: key)
            if state.entries.count < Self.capacity {
                state.entries.append(entry)
            } else {
                state.entries[state.oldest] = entry
                state.oldest = (state.oldest + 1) % Self.capacity
            }
        }
        return key
    }

    /// The chain of IAM's "Create a signed AWS API request": secret → date → Region → service → `aws4_request`.
    private static func derive(
        secret: String,
        timestamp: SigV4Timestamp,
        region: String,
        service: String
    ) -> HMACSHA256 {
        let dateKey = timestamp.withDateBytes { HMACSHA256(key: Array("AWS4".utf8) + secret.utf8).authenticate($0) }
        return [region, service, "aws4_request"].reduce(HMACSHA256(dateKey)) { key, message in
            HMACSHA256(key.authenticate(message.utf8))
        }
    }
}

extension HMACSHA256 {
    fileprivate init(_ key: SHA256Digest) {
        self = key.withUnsafeBytes { HMACSHA256(key: $0) }
    }
}
