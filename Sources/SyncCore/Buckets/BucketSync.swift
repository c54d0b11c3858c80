import AWSCore

/// Makes a bucket or folder hold what another one holds.
///
/// Everything is decided by comparing both sides, so that running it again is how a sync goes on that was interrupted.
package struct BucketSync: Sendable {
    package let source: SyncSide
    package let target: SyncSide
    package let options: BucketSyncOptions

    package init(source: SyncSide, target: SyncSide, options: BucketSyncOptions) {
        self.source = source
        self.target = target
        self.options = options
    }

    /// Runs the sync.
    ///
    /// What fails for single objects is in the report.
    /// - Throws: what ends the whole: a listing that failed, missing credentials, `CancellationError`.
    package func run(progress: SyncProgress = SyncProgress()) async throws -> BucketSyncReport {
        let ledger = SyncLedger(progress: progress)
        let tasks = BoundedQueue<TransferTask>(limit: 4096)
        let extra = DeletionList(limit: 0)
        guard case .bucket(let sourceSide) = source, case .bucket(let targetSide) = target else {
            throw ConfigurationError("folders are not there yet")
        }
        let merge = ListingMerge(
            source: BucketListing(
                s3: sourceSide.s3,
                bucket: sourceSide.bucket,
                prefix: sourceSide.prefix,
                includesRestoreStatus: true
            ),
            target: BucketListing(s3: targetSide.s3, bucket: targetSide.bucket, prefix: targetSide.prefix),
            workers: options.listingsAtOnce
        )
        let runner = TransferRunner(
            mover: ServerSideCopy(source: sourceSide, target: targetSide, options: options),
            options: options,
            ledger: ledger
        )
        let listed = try await withThrowingTaskGroup(of: ListedCounts?.self) { group in
            group.addTask {
                do {
                    let visitors = try await merge.run {
                        PlanVisitor(
                            filter: options.filter,
                            comparison: ListingComparison(comparison: options.comparison, route: .copy),
                            findsExtra: options.deletion != nil,
                            sourcePrefixLength: merge.source.keyPrefix.count,
                            targetPrefixLength: merge.target.keyPrefix.count,
                            tasks: tasks,
                            extra: extra,
                            progress: progress
                        )
                    }
                    tasks.finish()
                    return visitors.reduce(ListedCounts()) { $0 + $1.counts }
                } catch {
                    tasks.finish(discards: true)
                    throw error
                }
            }
            for _ in 0..<options.transfersAtOnce {
                group.addTask {
                    while let task = await tasks.pop() { try await runner.run(task) }
                    return nil
                }
            }
            var listed = ListedCounts()
            for try await counts in group {
                if let counts { listed = counts }
            }
            return listed
        }
        var report = ledger.report
        report.listed = listed
        return report
    }
}
