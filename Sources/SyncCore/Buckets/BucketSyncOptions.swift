package import AWSCore

/// How a bucket sync is to be done.
package struct BucketSyncOptions: Sendable {
    package var comparison = ObjectComparison.time
    package var filter = KeyFilter()
    /// Whether objects that only the target has are deleted, and how many at most; `nil` deletes nothing.
    package var deletion: DeletionLimit?
    /// Says what would be done, and only reads.
    package var isDryRun = false
    /// Reads the source again after each write, for use while live sync writes to the target as well.
    package var mergesWithLiveSync = false
    /// `nil` keeps each object's own.
    package var storageClass: S3StorageClass?
    /// `nil` for what the target bucket does by itself.
    package var encryption: S3Encryption?
    /// How many objects are moved at the same time.
    package var transfersAtOnce = 64
    /// How many ranges of keys are listed at the same time.
    package var listingsAtOnce = 16
    /// Bytes from which an object is copied in parts; S3 allows 5 GB in one piece at most.
    package var multipartCopyThreshold = 5 << 30

    package init() {}
}

/// How many objects may be deleted at most; a sync that would delete more deletes none.
package enum DeletionLimit: Sendable, Equatable {
    case objects(Int)
    /// Of the objects that the target has, rounded up.
    case percent(Int)
}
