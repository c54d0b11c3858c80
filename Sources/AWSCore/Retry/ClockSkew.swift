import FoundationEssentials
import Synchronization

/// How far AWS's clock is ahead of this machine's, as learned from answers that refused a request for its date.
final class ClockSkew: Sendable {
    /// AWS accepts five minutes on most services; a smaller difference cannot be why a request was refused.
    private static let tolerance: TimeInterval = 240

    private let offset = Mutex<TimeInterval>(0)

    /// The instant as AWS sees it.
    func corrected(_ now: Date) -> Date {
        now.addingTimeInterval(offset.withLock { $0 })
    }

    /// Learns from the `Date` header of a refusal.
    ///
    /// - Returns: whether the clocks differ so much that signing again with the right time is worth an attempt.
    func learn(serverDate: String?, now: Date) -> Bool {
        guard let serverDate, let date = HTTPDate.parse(serverDate) else { return false }
        let difference = date.timeIntervalSince(now)
        return offset.withLock { offset in
            guard abs(difference - offset) > Self.tolerance else { return false }
            offset = difference
            return true
        }
    }
}
