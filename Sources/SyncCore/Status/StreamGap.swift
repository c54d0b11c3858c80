internal import AWSCore
import BackupCore

package import struct FoundationEssentials.Date

/// Changes of a table that live sync has not applied and that nobody can read any more.
///
/// DynamoDB Streams keeps records for 24 hours (DynamoDB Developer Guide, "Change data capture for DynamoDB Streams").
package struct StreamGap: Sendable, Equatable {
    /// When the first of them was made; `nil` where nobody knows.
    package var from: Date?
    /// No later one is lost, as far as is known now.
    package var to: Date
    /// Why they were not read, as "live sync was Disabled".
    package var cause: String

    /// How long records are kept, in seconds.
    package static let retention = 86_400.0

    /// - Returns: `nil` as long as all is still there.
    init?(from: Date?, to: Date?, cause: String, now: Date) {
        let horizon = now.addingTimeInterval(-Self.retention)
        guard let oldest = from ?? to, oldest < horizon else { return nil }
        self.from = from
        self.to = min(to ?? horizon, horizon)
        self.cause = cause
    }

    /// Whether a comparison that began after the last of them has found everything equal.
    package func isClosed(by verification: VerificationRecord?, filter: String?) -> Bool {
        guard let verification else { return false }
        return verification.proves(filter) && verification.startDate > to
    }

    /// What finds and mends what the gap has swallowed.
    package static func command(_ pair: SyncPair, filter: String?) -> String {
        ShellCommand(
            ["sync", "verify", "table", pair.source, pair.target, "--repair"] + (filter.map { ["--where", $0] } ?? [])
        ).description
    }

    /// One line: what is lost, why, and what to do.
    func text(_ pair: SyncPair, filter: String?) -> String {
        let time = from.map { "from \($0.readable) to \(to.readable)" } ?? "up to \(to.readable)"
        return
            "a gap: changes \(time) are gone from the stream, which keeps them for 24 hours (\(cause)); once live sync"
            + " runs, close it with \(Self.command(pair, filter: filter)), and --delete for what only the target has"
    }
}
