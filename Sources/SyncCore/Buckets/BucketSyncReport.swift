/// What a bucket sync did, or would do.
package struct BucketSyncReport: Sendable, Equatable {
    /// One object that could not be brought to the target.
    package struct Failure: Sendable, Equatable {
        /// Without the sides' prefixes.
        package var key: String
        /// AWS's error code, or a word of ours for what never was a request.
        package var code: String
        /// One line, with AWS's request id.
        package var message: String
    }

    package var listed = ListedCounts()
    package var transferredObjects = 0
    package var transferredBytes = 0
    /// Equal after a closer look, or by the time that it was their turn.
    package var foundEqual = 0
    package var deleted = 0
    /// Gone from the source between listing and transfer.
    package var vanished = 0
    /// Zero-byte objects that stand for a folder, which a folder needs no copy of.
    package var folderMarkers = 0
    /// In an archive class and not restored.
    package var archived = 0
    /// Some of them, by key.
    package var archivedKeys: [String] = []
    /// How often somebody else had written at the target, or at the source, between listing and transfer.
    package var conflicts = 0
    /// Written, and deleted again since the source had lost the object meanwhile.
    package var takenBack = 0
    /// How often S3 asked to slow down.
    package var slowDowns = 0
    package var failed = 0
    /// The first of them.
    package var failures: [Failure] = []
    /// Why nothing was deleted although ``ListedCounts/extra`` is not 0.
    package var deletionRefusal: String?

    /// How many failures and archived keys are kept for the report.
    package static let maximumNamed = 100

    package init() {}

    /// Adds what came of the objects that an earlier run had left: what no listing of this one shows.
    mutating func adopt(leftovers: BucketSyncReport) {
        takenBack += leftovers.takenBack
        failed += leftovers.failed
        archived += leftovers.archived
        archivedKeys += leftovers.archivedKeys
        failures += leftovers.failures
    }

    /// Whether the target now has all that it should have.
    package var isComplete: Bool { failed == 0 && archived == 0 && deletionRefusal == nil }
}
