package import AWSCore
package import BackupCore

package import struct FoundationEssentials.Date

/// What a replay has done.
package struct ReplayReport: Sendable {
    /// How many items or objects ended in which way.
    package struct Counts: Sendable, Equatable {
        /// Were as at the source already.
        package var unchanged = 0
        package var written = 0
        package var deleted = 0
        /// Gone at the source, and left at a target whose mapping ignores deletes of expired items.
        package var kept = 0

        package init() {}

        package var all: Int { unchanged + written + deleted + kept }

        static func += (left: inout Counts, right: Counts) {
            left.unchanged += right.unchanged
            left.written += right.written
            left.deleted += right.deleted
            left.kept += right.kept
        }
    }

    /// A message that stays in its queue.
    package struct Left: Sendable, Equatable {
        package var queue: String
        package var region: Region
        package var messageID: String
        /// Why, and what to do.
        package var reason: String
    }

    /// Records of a stream that nobody can read any more.
    package struct Gap: Sendable, Equatable {
        package var source: TableARN
        package var stream: String
        package var shard: String
        package var first: String
        package var last: String
        package var firstDate: Date?
        package var lastDate: Date?
        package var count: Int?
        /// Whether a comparison of later on has proven every target equal.
        package var isClosed: Bool
        /// The targets, each with its condition.
        package var targets: [(table: TableARN, filter: String?)]

        package static func == (left: Gap, right: Gap) -> Bool {
            left.stream == right.stream && left.shard == right.shard && left.first == right.first
                && left.last == right.last && left.isClosed == right.isClosed
        }
    }

    /// Messages that were read.
    package var messages = 0
    /// Messages that are done with and deleted.
    package var done = 0
    /// Messages about other mappings than those that were asked for.
    package var skipped = 0
    package var counts = Counts()
    /// What a dry run would settle: keys, or events.
    package var planned = 0
    package var left: [Left] = []
    package var gaps: [Gap] = []
    /// Messages that are in the queues now, those that were not looked at included.
    package var remaining = 0

    package init() {}

    package var isComplete: Bool { left.isEmpty && !gaps.contains { !$0.isClosed } }
}
