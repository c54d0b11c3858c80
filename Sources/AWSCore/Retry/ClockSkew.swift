import Synchronization

import struct FoundationEssentials.Date
import typealias FoundationEssentials.TimeInterval

/// How far AWS's clock is ahead of this machine's, as learned from answers that refused a request for its date.
final class ClockSkew: Sendable {
    /// AWS accepts five minutes on most services; a smaller difference cannot be why a request was refused.
    private static let tolerance: TimeInterval = 240

    private let offset = Mutex<TimeInterval>(0)

    /// Seconds to add to this machine's time, as far as is known.
    var current: TimeInterval { offset.withLock { $0 } }

    /// Learns from the `Date` header of a refusal.
    ///
    /// - Parameter signedOffset: what the refused request was signed with; another request may have learned since, and
    ///   then this one is worth another attempt just as well.
    /// - Returns: whether the clocks differ so much that signing again with the right time is worth an attempt.
    func learn(serverDate: String?, now: Date, signedOffset: TimeInterval) -> Bool {
        guard let serverDate, let date = HTTPDate.parse(serverDate) else { return false }
        let difference = date.timeIntervalSince(now)
        guard abs(difference - signedOffset) > Self.tolerance else { return false }
        offset.withLock { $0 = difference }
        return true
    }
}
