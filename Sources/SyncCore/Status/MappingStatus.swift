package import AWSCore

/// How it stands with a source and one of its targets.
package struct MappingStatus: Sendable {
    package var pair: SyncPair
    /// Where live sync runs for it: the source's Region.
    package var region: Region
    /// `where` of the mapping.
    package var filter: String?
    package var live: LiveStatus
    package var history: HistoryProgress?
    /// Of the source, hours old; `nil` where it is not known.
    package var sourceItemCount: Int?
    package var verification: VerificationRecord?
    /// Why the application must not cut over now, with what to do; empty when it may.
    package var reasons: [String] = []

    package var isSafe: Bool { reasons.isEmpty }

    /// What copies what was there before, as the user types it.
    var copyCommand: String {
        pair.copyCommand(filter: filter, creation: live.creation)
    }

    /// What compares both sides, as the user types it.
    var verifyCommand: String { pair.verifyCommand(filter: filter) }

    /// Gaps that no comparison has closed.
    package var openGaps: [StreamGap] { live.gaps.filter { !$0.isClosed(by: verification, filter: filter) } }
}

/// What is known, or why it is not.
package enum Known<Value: Sendable>: Sendable {
    case value(Value)
    case unknown(String)

    package var value: Value? {
        if case .value(let value) = self { value } else { nil }
    }

    package func map<Other>(_ transform: (Value) -> Other) -> Known<Other> {
        switch self {
        case .value(let value): .value(transform(value))
        case .unknown(let reason): .unknown(reason)
        }
    }
}

/// What AWS says of the live sync of one mapping.
package struct LiveStatus: Sendable {
    /// What feeds the function: the stream's or the queue's event source mapping.
    package var eventSource: Known<EventSourceMapping>
    /// Changes that are gone from the stream before they were applied.
    package var gaps: [StreamGap] = []
    /// What is wrong with the deployment, one line each.
    package var faults: [String] = []
    /// Whether the function is there at all; all else is for nothing without it.
    package var isDeployed = true
    /// The options with which a copy makes the target, where that is known not to exist; looked at only where changes do
    /// not arrive.
    package var creation: [String] = []
    /// How old the last change was when it was at the target, or how long the oldest event has waited; in seconds.
    package var lag: Known<Double>
    /// Whether nothing changed for a while, as far as AWS shows it: then there is no lag.
    package var isIdle = false
    /// Invocations that failed during ``LiveStatusReader/window``.
    package var errors: Known<Int>
    /// Messages in the queue of failures, which the mappings of a kind and Region share.
    package var failures: Known<Int>
    /// Events that wait in their queue; of buckets only.
    package var waiting: Known<Int>?
}
