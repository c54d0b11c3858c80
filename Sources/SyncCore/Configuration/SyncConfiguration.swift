package import AWSCore
package import BackupCore

/// The `sync` section of config.json: what live sync keeps equal, and where.
package struct SyncConfiguration: Sendable, Equatable {
    package static let defaultFunctionName = "DynamoDBSyncFunction"

    package var functionName: String
    /// Each source once.
    package var tables: [TableMapping]
    package var buckets: [BucketMapping]

    package init(
        functionName: String = defaultFunctionName,
        tables: [TableMapping] = [],
        buckets: [BucketMapping] = []
    ) {
        self.functionName = functionName
        self.tables = tables
        self.buckets = buckets
    }
}

/// A table and the tables that follow it.
package struct TableMapping: Sendable, Equatable {
    /// What becomes of deletes that DynamoDB made because an item's time to live was over.
    package enum TimeToLiveDeletes: String, Sendable, CaseIterable {
        /// The target's item is deleted, too.
        case forward
        /// The target's item stays; for targets whose own time to live deletes it.
        case ignore
    }

    package var source: TableARN
    /// At least one; no table is the target of two.
    package var targets: [TableTarget]
    package var timeToLiveDeletes: TimeToLiveDeletes

    package init(source: TableARN, targets: [TableTarget], timeToLiveDeletes: TimeToLiveDeletes = .forward) {
        self.source = source
        self.targets = targets
        self.timeToLiveDeletes = timeToLiveDeletes
    }
}

/// A table that follows another.
package struct TableTarget: Sendable, Equatable {
    package var table: TableARN
    /// The ARN of the role that writes there; `nil` for the function's own.
    package var role: String?
    /// Which of the source's items the table holds; `nil` for all.
    ///
    /// One that changes so that it no longer belongs there is deleted there.
    package var filter: ItemFilter?

    package init(table: TableARN, role: String? = nil, filter: ItemFilter? = nil) {
        self.table = table
        self.role = role
        self.filter = filter
    }
}

/// A bucket, or the part of it below a prefix, and the place that follows it.
package struct BucketMapping: Sendable, Equatable {
    /// How the source tells of its changes.
    ///
    /// The function reads either; it is `deploy.sh sync` that wires them.
    package enum Events: String, Sendable, CaseIterable {
        /// By rules of ours in the bucket's notification configuration.
        case notifications
        /// By EventBridge, for buckets whose own rules leave no room for ours.
        case eventBridge = "eventbridge"
    }

    package var source: BucketPrefix
    package var sourceRegion: Region
    package var target: BucketPrefix
    package var targetRegion: Region
    /// The ARN of the role that writes there; `nil` for the function's own.
    package var role: String?
    package var events: Events

    package init(
        source: BucketPrefix,
        sourceRegion: Region,
        target: BucketPrefix,
        targetRegion: Region,
        role: String? = nil,
        events: Events = .notifications
    ) {
        self.source = source
        self.sourceRegion = sourceRegion
        self.target = target
        self.targetRegion = targetRegion
        self.role = role
        self.events = events
    }
}

/// The objects of a bucket whose keys begin with a prefix: `s3://bucket` or `s3://bucket/prefix`.
package struct BucketPrefix: Sendable, Hashable, CustomStringConvertible {
    package let bucket: String
    /// Empty, or ends with a slash: `s3://bucket/old` means the folder `old/` and not also `older`.
    package let prefix: String

    package init(bucket: String, prefix: String = "") {
        self.bucket = bucket
        self.prefix = prefix.isEmpty || prefix.utf8.last == UInt8(ascii: "/") ? prefix : prefix + "/"
    }

    package var description: String { "s3://\(bucket)/\(prefix)" }

    /// Whether an object can lie in both.
    package func overlaps(_ other: BucketPrefix) -> Bool {
        guard bucket == other.bucket else { return false }
        // Keys are bytes: Unicode's equivalences do not count.
        return prefix.utf8.starts(with: other.prefix.utf8) || other.prefix.utf8.starts(with: prefix.utf8)
    }
}
