import AWSCore

/// Compares two buckets, or a bucket and a folder, object by object.
///
/// Both listings are merged (``ListingMerge``); what they alone cannot call equal is looked at again on both sides
/// (``ObjectReview``) before it is called different, and repaired if that is wanted (``ObjectRepair``).
package struct BucketVerification: Sendable {
    package struct Options: Sendable {
        package var comparison = VerifiedBy.etag
        /// Content headers and user metadata are compared, too; between buckets only.
        package var comparesMetadata = false
        package var comparesTags = false
        package var filter = KeyFilter()
        /// Write what is missing or different at the target.
        package var repairs = false
        /// Delete what only the target has; only together with `repairs`.
        package var deletes = false
        /// Whether a repair moves bytes through this machine although both sides are buckets.
        package var streams = false
        /// The pause between two looks at what seems different.
        package var settle = Duration.seconds(5)
        package var temporaryDirectory = "/tmp"
        /// Objects that are looked at at the same time.
        package var concurrency = 32

        package init() {}
    }

    let source: SyncSide
    let target: SyncSide
    let options: Options
    let clock: SyncClock

    package init(source: SyncSide, target: SyncSide, options: Options = Options(), clock: SyncClock = SyncClock()) {
        self.source = source
        self.target = target
        self.options = options
        self.clock = clock
    }

    /// Compares both sides.
    ///
    /// - Parameter report: gets each difference, and each object that could not be compared, one after the other.
    /// - Throws: what keeps the comparison from being complete: ``AWSError``, ``BrokenListingError``,
    ///   ``TemporarySpace/Failure``, `CancellationError`; what `report` throws.
    package func run(
        progress: VerificationProgress = VerificationProgress(),
        report: (ObjectDifference) throws -> Void
    ) async throws -> BucketVerificationResult {
        let space = TemporarySpace(directory: options.temporaryDirectory)
        let suspects = SuspectCollector(space: space)
        let problems = ProblemList()
        let merge = ListingMerge(
            source: listing(of: source, isSource: true, problems),
            target: listing(of: target, isSource: false, problems)
        )
        let trustsETags = options.comparison != .content && !options.comparesMetadata && !options.comparesTags
        let visitors = try await merge.run {
            VerificationVisitor(
                filter: options.filter,
                trustsETags: trustsETags,
                suspects: suspects,
                progress: progress,
                hasRoot: source.isRoot || target.isRoot
            )
        }
        var result = BucketVerificationResult()
        for counts in visitors.map(\.counts) {
            result.sourceObjects += counts.sourceObjects
            result.targetObjects += counts.targetObjects
            result.sourceBytes += counts.sourceBytes
            result.excluded += counts.excluded
            result.folderMarkers += counts.folderMarkers
            if counts.equal > 0 { result.equal[.etag, default: 0] += counts.equal }
        }
        for problem in problems.all {
            let difference = ObjectDifference(kind: .unverified, key: problem.path, reason: problem.message)
            result.count(difference)
            try report(difference)
        }
        let inspector = ObjectInspector(
            source: source,
            target: target,
            comparison: options.comparison,
            comparesMetadata: options.comparesMetadata,
            comparesTags: options.comparesTags
        )
        let review = ObjectReview(
            inspector: inspector,
            repair: try repair(inspector),
            clock: clock,
            space: space,
            pauses: DifferenceReview.pauses(settle: options.settle),
            concurrency: options.concurrency
        )
        try await review.run(suspects.take(), progress: progress, result: &result, report: report)
        return result
    }

    private func repair(_ inspector: ObjectInspector) throws -> ObjectRepair? {
        guard options.repairs else { return nil }
        var sync = BucketSyncOptions()
        sync.streams = options.streams
        let mover = try BucketSync(source: source, target: target, options: sync, clock: clock).mover(SyncProgress())
        return ObjectRepair(inspector: inspector, mover: mover, mayDelete: options.deletes)
    }

    private func listing(of side: SyncSide, isSource: Bool, _ problems: ProblemList) -> any ListingSource {
        switch side {
        case .bucket(let bucket): BucketListing(s3: bucket.s3, bucket: bucket.bucket, prefix: bucket.prefix)
        case .folder(let path):
            FolderListing(path: path, followsLinks: isSource, mayBeMissing: false) { problem in
                if problem.isFailure { problems.add(problem) }
            }
        }
    }
}
