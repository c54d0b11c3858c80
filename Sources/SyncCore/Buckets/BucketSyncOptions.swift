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
    /// Whether bytes go through this machine although both sides are buckets.
    package var streams = false
    /// Whether files behind symbolic links of a source folder are uploaded.
    package var followsLinks = true
    /// `nil` keeps each object's own.
    package var storageClass: S3StorageClass?
    /// `nil` for what the target bucket does by itself.
    package var encryption: S3Encryption?
    /// How many objects are moved at the same time.
    package var transfersAtOnce = 64
    /// How many parts of large objects are moved at the same time, whatever the number of objects.
    package var partsAtOnce = 16
    /// How many ranges of keys are listed at the same time.
    package var listingsAtOnce = 16
    /// Bytes above which S3 copies an object in parts; it refuses more than 5 GB in one piece.
    package var multipartCopyThreshold = 5 << 30
    /// Bytes of a part that S3 copies by itself.
    package var copyPartSize = 256 << 20
    /// Bytes from which an object that goes through this machine does so in parts; smaller ones are held in memory.
    package var streamPartThreshold = 8 << 20
    /// Bytes of a part that goes through this machine.
    package var partSize = 16 << 20

    /// Where uploads in parts are noted, so that the next run aborts those that this one was killed in; `nil` for
    /// nowhere.
    package var uploads: UploadJournal?
    /// Where a merge notes what it is writing, so that the next one settles what this one was killed or failed in;
    /// `nil` for nowhere.
    package var journalFolder: String?

    package init() {}
}

/// How many objects may be deleted at most; a sync that would delete more deletes none.
package enum DeletionLimit: Sendable, Equatable {
    case objects(Int)
    /// Of the objects that the target has, rounded down.
    case percent(Int)
    /// A quarter of the target's objects, or 100 if that is more; none when the source is empty.
    case usual

    /// - Returns: how many of the target's objects may be deleted.
    func objects(of listed: ListedCounts) -> Int {
        switch self {
        case .objects(let count): count
        case .percent(let percent): listed.targetObjects * percent / 100
        case .usual: listed.sourceObjects == 0 ? 0 : max(100, listed.targetObjects / 4)
        }
    }

    var name: String {
        switch self {
        case .objects(let count): "--max-delete \(count)"
        case .percent(let percent): "--max-delete \(percent)%"
        case .usual: "the usual limit (a quarter of the target's objects, at least 100; none when the source is empty)"
        }
    }
}
