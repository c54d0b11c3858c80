package import AWSCore
import Synchronization

import typealias FoundationEssentials.TimeInterval

extension BucketCopyPart {
    /// Copies the part, or as much of it as there is time for.
    ///
    /// - Parameters:
    ///   - source: a client with the credentials of the source's role; the same for the target.
    ///   - notes: where a merge's invocations note what they write, with the function's own credentials; a bucket without a
    ///     prefix.
    ///   - onFailure: gets every object that could not be copied, from any thread.
    /// - Returns: the part as it is then.
    /// - Throws: what ends the whole: a listing that failed, missing credentials, ``TooManyFailuresError``,
    ///   ``CopyPartError`` when the part has taken as many invocations as it may, `CancellationError`.
    package func run(
        source: AWSClient,
        target: AWSClient,
        notes: BucketSide?,
        time: PartTime,
        clock: SyncClock = SyncClock(),
        onFailure: @escaping @Sendable (BucketSyncReport.Failure) -> Void = { _ in }
    ) async throws -> BucketCopyPart {
        try await run(
            source: BucketSide(
                s3: S3Client(client: source, region: settings.source.region),
                bucket: settings.source.bucket,
                prefix: settings.source.prefix
            ),
            target: BucketSide(
                s3: S3Client(client: target, region: settings.target.region),
                bucket: settings.target.bucket,
                prefix: settings.target.prefix
            ),
            notes: notes,
            options: settings.options,
            time: time,
            clock: clock,
            onFailure: onFailure
        )
    }

    /// - Parameter options: of the copies; for tests.
    func run(
        source: BucketSide,
        target: BucketSide,
        notes: BucketSide?,
        options: BucketSyncOptions,
        time: PartTime,
        clock: SyncClock,
        onFailure: @escaping @Sendable (BucketSyncReport.Failure) -> Void
    ) async throws -> BucketCopyPart {
        guard !isDone else { return self }
        try CopyKind.bucket.requireRoom(for: result.segment, of: nil, after: invocations)
        var next = self
        next.invocations += 1
        let work = Work(source: source, target: target, options: options, time: time, clock: clock)
        guard settings.mergesWithLiveSync else {
            try await next.copy(work, onFailure)
            return next
        }
        guard let store = notes else {
            throw CopyPartError("the function was not told where to note what a merge writes: run deploy.sh sync again")
        }
        let notes = MergeNotes(store, settings, part: result.segment)
        if result.segment == 0, began == nil { next.began = clock.date() }
        try await next.merge(notes, work, onFailure)
        return next
    }

    /// Between what, how and how long an invocation copies.
    private struct Work {
        let source: BucketSide
        let target: BucketSide
        let options: BucketSyncOptions
        let time: PartTime
        let clock: SyncClock
    }

    /// Notes what the invocation writes, writes it, and takes care of what was left behind when all else is done.
    private mutating func merge(
        _ notes: MergeNotes,
        _ work: Work,
        _ onFailure: @escaping @Sendable (BucketSyncReport.Failure) -> Void
    ) async throws {
        let begun = unfinished
        let name =
            begun.isEmpty
            ? nil : try await notes.begin(begun, invocation: invocations, chance: work.clock.random())
        let failed = Mutex<Set<String>>([])
        try await copy(work) { failure in
            failed.withLock { _ = $0.insert(failure.key) }
            onFailure(failure)
        }
        if let name {
            let isFailed = failed.withLock { $0 }
            let isLeft = Set(unfinished.lazy.filter(\.wasBegun).map(\.key))
            try await notes.end(
                name,
                cutOff: begun.filter { isLeft.contains($0.key) },
                failed: begun.filter { isFailed.contains($0.key) }
            )
        }
        guard unfinished.isEmpty else { return }
        for name in self.notes { try await notes.delete(name) }
        (self.notes, notesUntil) = ([], nil)
        guard isDone else { return }
        isDone = false
        while true {
            switch try await notes.left(at: work.clock.date(), since: began) {
            case .nothing:
                isDone = true
                return
            case .objects(let left):
                (self.notes, notesUntil, unfinished) = (left.names, left.until, left.objects)
                return
            case .later(let date):
                while work.clock.date() < date {
                    guard !work.time.isShort() else { return }
                    try await work.clock.sleep(
                        .seconds(min(Self.longestSleep, date.timeIntervalSince(work.clock.date())))
                    )
                }
            }
        }
    }

    /// Seconds: an invocation whose time is short has to notice that.
    private static let longestSleep: TimeInterval = 5

    private mutating func copy(
        _ work: Work,
        _ onFailure: @escaping @Sendable (BucketSyncReport.Failure) -> Void
    ) async throws {
        let progress = SyncProgress()
        let ledger = SyncLedger(progress: progress, onFailure: onFailure)
        let pace = TransferPace(maximum: work.options.transfersAtOnce, clock: work.clock)
        let parts = TransferPace(maximum: work.options.partsAtOnce, clock: work.clock)
        let runner = TransferRunner(
            source: .bucket(work.source),
            target: .bucket(work.target),
            mover: PacedMover(mover: mover(work, parts, progress), pace: pace),
            options: work.options,
            ledger: ledger,
            clock: work.clock,
            onPlanned: { _ in }
        )
        let outcome = try await BucketPartRun(runner: runner, time: work.time).run(
            isListed ? nil : rest(work, progress),
            resuming: unfinished.map { $0.task(until: notesUntil) }
        )
        guard outcome.isDone || outcome.position != nil || !unfinished.isEmpty else {
            throw StalledPartError(part: result.segment)
        }
        for key in outcome.tooLarge { try ledger.failed(key, TooLargeForPartError()) }
        // Where only unfinished copies are left, the next invocation finds nothing behind this key.
        key = outcome.position ?? key
        isListed = outcome.isDone
        isDone = outcome.isDone && outcome.unfinished.isEmpty
        unfinished = outcome.unfinished
        var counts = ObjectCounts(outcome.listed, ledger.report)
        if !notes.isEmpty { counts = counts.ofLeftovers }
        counts.slowDowns = pace.slowDowns + parts.slowDowns
        result.counts += counts
    }

    /// What is still to be listed.
    private func rest(
        _ work: Work,
        _ progress: SyncProgress
    ) -> (walk: RangeWalk, pages: RangeWalk.Pages) {
        let merge = ListingMerge(
            source: listing(work.source, isSource: true),
            target: listing(work.target, isSource: false)
        )
        let visitor = PlanVisitor(
            filter: work.options.filter,
            comparison: ListingComparison(comparison: work.options.comparison, route: .copy),
            findsExtra: false,
            sourcePrefixLength: merge.source.keyPrefix.count,
            targetPrefixLength: merge.target.keyPrefix.count,
            tasks: nil,
            extra: DeletionList(limit: 0),
            progress: progress
        )
        let walk = RangeWalk(merge, upTo: range.upTo, visitor: visitor)
        return (walk, walk.start(after: key ?? range.after ?? []))
    }

    private func listing(_ side: BucketSide, isSource: Bool) -> BucketListing {
        var listing = BucketListing(
            s3: side.s3,
            bucket: side.bucket,
            prefix: side.prefix,
            includesRestoreStatus: isSource
        )
        listing.skipsPrefixItself = key != nil
        return listing
    }

    /// S3 copies by itself, unless the target's role may not read the source.
    private func mover(
        _ work: Work,
        _ parts: TransferPace,
        _ progress: SyncProgress
    ) -> any ObjectMover {
        let (source, target) = (work.source.leavingThrottlingToCaller(), work.target.leavingThrottlingToCaller())
        let copy = ServerSideCopy(
            source: source,
            target: target,
            options: work.options,
            parts: parts,
            progress: progress
        )
        guard settings.mayStream else { return copy }
        var streamed = work.options
        streamed.partsAtOnce = Self.streamedParts
        return CopyOrStream(
            copy: copy,
            stream: StreamedCopy(source: source, target: target, options: streamed, parts: parts, progress: progress),
            mayStream: settings.mayStream,
            mustStream: settings.mustStream
        )
    }

    /// Each takes memory of the function.
    private static let streamedParts = 6
}

/// An object for which the time of a whole invocation did not suffice.
struct TooLargeForPartError: CodedError, CustomStringConvertible {
    var code: String { "TooLargeForPart" }
    var description: String {
        "the time of one invocation does not suffice for its copy: copy it from a machine, with sync bucket and"
            + " --exclude '*' --include '<its key>'"
    }
}

/// An invocation that has got nowhere; the next one may.
package struct StalledPartError: Error, CustomStringConvertible {
    var part: Int

    package var description: String { "part \(part): S3 has listed nothing in the time of a whole invocation" }
}
