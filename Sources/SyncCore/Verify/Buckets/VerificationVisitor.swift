import AWSCore

/// Looks through both listings and puts aside the keys that listings alone cannot call equal.
struct VerificationVisitor: ListingVisitor {
    struct Counts: Sendable {
        var sourceObjects = 0
        var targetObjects = 0
        var sourceBytes = 0
        var excluded = 0
        var equal = 0
        var folderMarkers = 0
    }

    let filter: KeyFilter
    /// Whether the same ETag and size are enough.
    let trustsETags: Bool
    let suspects: SuspectCollector
    let progress: VerificationProgress
    /// Whether keys of a side are the whole keys of objects, so that it cannot have the other's prefix itself.
    let hasRoot: Bool
    private(set) var counts = Counts()
    private var found: [[UInt8]] = []
    private var reported = (source: 0, target: 0, bytes: 0)

    init(
        filter: KeyFilter,
        trustsETags: Bool,
        suspects: SuspectCollector,
        progress: VerificationProgress,
        hasRoot: Bool
    ) {
        self.filter = filter
        self.trustsETags = trustsETags
        self.suspects = suspects
        self.progress = progress
        self.hasRoot = hasRoot
    }

    @inline(__always)
    mutating func visit(_ source: ListedKey?, _ target: ListedKey?) {
        guard let either = source ?? target else { return }
        if !filter.isEmpty, !filter.includes(either.key) {
            counts.excluded += 1
            return
        }
        if hasRoot, either.key.isEmpty, either.size == 0 {
            // The marker of the very folder that is compared, which no copy brings to a root.
            counts.folderMarkers += 1
            return
        }
        if let source {
            counts.sourceObjects += 1
            counts.sourceBytes += source.size
        }
        if target != nil { counts.targetObjects += 1 }
        if trustsETags, let source, let target, source.size == target.size, !source.etag.isEmpty,
            KeyOrder.compare(source.etag, target.etag) == 0
        {
            counts.equal += 1
            return
        }
        found.append(Array(either.key))
    }

    mutating func pagesVisited(source: ListObjectsV2Page?, target: ListObjectsV2Page?) async throws {
        for key in found { try suspects.add(key) }
        found.removeAll(keepingCapacity: true)
        progress.count(
            counts.sourceObjects - reported.source,
            bytes: counts.sourceBytes - reported.bytes,
            side: .source
        )
        progress.count(counts.targetObjects - reported.target, bytes: 0, side: .target)
        reported = (counts.sourceObjects, counts.targetObjects, counts.sourceBytes)
    }
}
