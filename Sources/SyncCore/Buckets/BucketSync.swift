import AWSCore
import Glibc
import Synchronization

/// Makes a bucket or folder hold what another one holds.
///
/// Everything is decided by comparing both sides, so that running it again is how a sync goes on that was interrupted.
package struct BucketSync: Sendable {
    /// Something to tell while a sync runs.
    package enum Event: Sendable {
        /// Something of a folder that is left out.
        case problem(FolderListing.Problem)
        /// So many uploads that an earlier run was killed in were aborted.
        case abortedUploads(Int)
        /// Uploads of an earlier run may stay behind.
        case unreadableUploads(UnreadableUploadJournal)
        /// A dry run would transfer it.
        case wouldTransfer(key: String, bytes: Int)
        /// A dry run would delete it.
        case wouldDelete(key: String)
    }

    package let source: SyncSide
    package let target: SyncSide
    package let options: BucketSyncOptions
    private let clock: SyncClock
    private let onEvent: @Sendable (Event) -> Void

    /// - Parameter onEvent: Called from any thread.
    package init(
        source: SyncSide,
        target: SyncSide,
        options: BucketSyncOptions,
        clock: SyncClock = SyncClock(),
        onEvent: @escaping @Sendable (Event) -> Void = { _ in }
    ) {
        self.source = source
        self.target = target
        self.options = options
        self.clock = clock
        self.onEvent = onEvent
    }

    /// Runs the sync.
    ///
    /// What fails for single objects is in the report.
    /// - Throws: what ends the whole: a listing that failed, missing credentials, a full disk, `CancellationError`.
    package func run(progress: SyncProgress = SyncProgress()) async throws -> BucketSyncReport {
        let ledger = SyncLedger(progress: progress)
        let extra = DeletionList(limit: options.deletion == nil ? 0 : Self.maximumDeletions)
        let problems = Atomic(0)
        let parts = TransferPace(maximum: options.partsAtOnce, clock: clock)
        let pace = TransferPace(maximum: options.transfersAtOnce, clock: clock)
        let (route, mover) = try way(parts, progress)
        try await clearUp()
        let merge = ListingMerge(
            source: listing(of: source, isSource: true) { problem in
                if problem.isFailure {
                    problems.add(1, ordering: .relaxed)
                    try? ledger.failed(problem.path, FileError(code: "CannotBeListed", problem.message))
                } else {
                    onEvent(.problem(problem))
                }
            },
            target: listing(of: target, isSource: false) { onEvent(.problem($0)) },
            workers: options.listingsAtOnce
        )
        let journal = journal
        let runners = try mover.spread(over: Self.threads(for: options.transfersAtOnce)).map { mover in
            TransferRunner(
                source: source,
                target: target,
                mover: PacedMover(mover: mover, pace: pace),
                options: options,
                ledger: ledger,
                clock: clock,
                onPlanned: { onEvent(.wouldTransfer(key: $0.key, bytes: $0.source.size)) },
                journal: journal
            )
        }
        if let journal { try await settleLeftovers(of: journal, runners, ledger) }
        let listed = try await transfer(merge, route, runners, extra, progress)
        try await ExtraDeletion(
            source: source,
            target: target,
            extra: extra,
            options: options,
            ledger: ledger,
            progress: progress,
            onPlanned: { onEvent(.wouldDelete(key: $0)) },
            bringBack: { try await runners[0].run($0) }
        ).run(listed, problems: problems.load(ordering: .relaxed))
        var report = ledger.report
        report.listed = listed
        report.slowDowns = pace.slowDowns + parts.slowDowns
        return report
    }

    /// A thread for each processor, as long as each has enough to do.
    private static func threads(for transfersAtOnce: Int) -> Int {
        max(1, min(sysconf(CInt(_SC_NPROCESSORS_ONLN)), transfersAtOnce / 16, 4))
    }

    /// A hundred bytes each.
    private static let maximumDeletions = 5_000_000

    /// Lists and transfers at the same time; ends when both are done.
    private func transfer(
        _ merge: ListingMerge,
        _ route: SyncRoute,
        _ runners: [TransferRunner],
        _ extra: DeletionList,
        _ progress: SyncProgress
    ) async throws -> ListedCounts {
        let tasks = BoundedQueue<TransferTask>(limit: 2048)
        return try await withThrowingTaskGroup(of: ListedCounts?.self) { group in
            group.addTask {
                do {
                    let visitors = try await merge.run {
                        PlanVisitor(
                            filter: options.filter,
                            comparison: ListingComparison(comparison: options.comparison, route: route),
                            findsExtra: options.deletion != nil,
                            sourcePrefixLength: merge.source.keyPrefix.count,
                            targetPrefixLength: merge.target.keyPrefix.count,
                            tasks: tasks,
                            extra: extra,
                            progress: progress
                        )
                    }
                    tasks.finish()
                    progress.change { $0.isListed = true }
                    return visitors.reduce(ListedCounts()) { $0 + $1.counts }
                } catch {
                    tasks.finish(discards: true)
                    throw error
                }
            }
            for number in 0..<options.transfersAtOnce {
                let runner = runners[number % runners.count]
                group.addTask {
                    do {
                        try await Self.work(runner) { await tasks.pop() }
                    } catch {
                        tasks.finish(discards: true)
                        throw error
                    }
                    return nil
                }
            }
            var listed = ListedCounts()
            for try await counts in group {
                if let counts { listed = counts }
            }
            return listed
        }
    }

    /// Runs one task after the other where they run best.
    private static func work(
        _ runner: TransferRunner,
        _ next: @Sendable () async -> TransferTask?
    ) async throws {
        // Not a preference of the group's task: none there (`nil`) makes optimised code leave the executor that the tasks
        // around it prefer, as a test's that steps through them; here it keeps it.
        try await withTaskExecutorPreference(runner.mover.executor) {
            while let task = await next() { try await runner.run(task) }
        }
    }

    /// Brings single objects from one side to the other, for as long as S3 lets it wait.
    func mover(_ progress: SyncProgress) throws -> any ObjectMover {
        let (_, mover) = try way(TransferPace(maximum: options.partsAtOnce, clock: clock), progress)
        return PacedMover(mover: mover, pace: TransferPace(maximum: options.transfersAtOnce, clock: clock))
    }

    /// How objects come from one side to the other; calls that S3 throttles are the caller's to repeat.
    private func way(_ parts: TransferPace, _ progress: SyncProgress) throws -> (SyncRoute, any ObjectMover) {
        switch (source, target) {
        case (.bucket(let from), .bucket(let to)):
            let (from, to) = (from.leavingThrottlingToCaller(), to.leavingThrottlingToCaller())
            if options.streams {
                return (
                    .copy,
                    StreamedCopy(source: from, target: to, options: options, parts: parts, progress: progress)
                )
            }
            return (
                .copy, ServerSideCopy(source: from, target: to, options: options, parts: parts, progress: progress)
            )
        case (.folder(let path), .bucket(let bucket)):
            let tree = FolderTree(path: path)
            let bucket = bucket.leavingThrottlingToCaller()
            return (
                .upload,
                FolderUpload(source: tree, target: bucket, options: options, parts: parts, progress: progress)
            )
        case (.bucket(let bucket), .folder(let path)):
            let tree = FolderTree(path: path)
            let bucket = bucket.leavingThrottlingToCaller()
            return (
                .download,
                FolderDownload(source: bucket, target: tree, options: options, parts: parts, progress: progress)
            )
        case (.folder, .folder):
            throw ConfigurationError("one side must be s3://bucket; for two folders there are cp and rsync")
        }
    }

    private var journal: MergeJournal? {
        guard options.mergesWithLiveSync, !options.isDryRun, let folder = options.journalFolder,
            case .bucket(let source) = source, case .bucket(let target) = target
        else { return nil }
        return MergeJournal(folder: folder, source: source, target: target, date: clock.date)
    }

    /// Settles what an earlier merge was killed in, or failed in; what the source still has is counted where it is listed.
    private func settleLeftovers(
        of journal: MergeJournal,
        _ runners: [TransferRunner],
        _ ledger: SyncLedger
    ) async throws {
        let left = try journal.takeLeftovers()
        // However many fail once more, the others are to be copied: the first run has not given up for them, either.
        let own = SyncLedger(progress: SyncProgress(), givesUp: false)
        let next = SharedIndex(count: left.count)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<min(left.count, options.transfersAtOnce) {
                let runner = runners[number % runners.count].counting(in: own)
                group.addTask { try await Self.work(runner) { next.next().map { left[$0] } } }
            }
            try await group.waitForAll()
        }
        ledger.adopt(leftovers: own.report)
    }

    /// Aborts the uploads that an earlier run was killed in.
    private func clearUp() async throws {
        guard !options.isDryRun, case .bucket(let side) = target, let journal = options.uploads else { return }
        let count = try await journal.abortLeftovers(in: side.bucket, at: side.s3) { onEvent(.unreadableUploads($0)) }
        if count > 0 { onEvent(.abortedUploads(count)) }
    }

    private func listing(
        of side: SyncSide,
        isSource: Bool,
        onProblem: @escaping @Sendable (FolderListing.Problem) -> Void
    ) -> any ListingSource {
        switch side {
        case .bucket(let bucket):
            BucketListing(
                s3: bucket.s3,
                bucket: bucket.bucket,
                prefix: bucket.prefix,
                includesRestoreStatus: isSource,
                isMissing: bucket.isMissing
            )
        case .folder(let path):
            FolderListing(
                path: path,
                followsLinks: isSource && options.followsLinks,
                mayBeMissing: !isSource,
                removesPartialFiles: !isSource && !options.isDryRun,
                onProblem: onProblem
            )
        }
    }
}
