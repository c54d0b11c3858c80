package import AWSCore

extension BucketCopyPart {
    /// Copies the part, or as much of it as there is time for.
    ///
    /// - Parameters:
    ///   - source: a client with the credentials of the source's role; the same for the target.
    ///   - onFailure: gets every object that could not be copied, from any thread.
    /// - Returns: the part as it is then.
    /// - Throws: what ends the whole: a listing that failed, missing credentials, ``TooManyFailuresError``,
    ///   ``CopyPartError`` when the part has taken as many invocations as it may, `CancellationError`.
    package func run(
        source: AWSClient,
        target: AWSClient,
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
        options: BucketSyncOptions,
        time: PartTime,
        clock: SyncClock,
        onFailure: @escaping @Sendable (BucketSyncReport.Failure) -> Void
    ) async throws -> BucketCopyPart {
        guard !isDone else { return self }
        try CopyKind.bucket.requireRoom(for: result.segment, of: nil, after: invocations)
        let progress = SyncProgress()
        let ledger = SyncLedger(progress: progress, onFailure: onFailure)
        let pace = TransferPace(maximum: options.transfersAtOnce, clock: clock)
        let parts = TransferPace(maximum: options.partsAtOnce, clock: clock)
        let runner = TransferRunner(
            source: .bucket(source),
            target: .bucket(target),
            mover: PacedMover(mover: mover(source, target, options, parts, progress), pace: pace),
            options: options,
            ledger: ledger,
            clock: clock,
            onPlanned: { _ in }
        )
        let merge = ListingMerge(source: listing(source, isSource: true), target: listing(target, isSource: false))
        let visitor = PlanVisitor(
            filter: options.filter,
            comparison: ListingComparison(comparison: options.comparison, route: .copy),
            findsExtra: false,
            sourcePrefixLength: merge.source.keyPrefix.count,
            targetPrefixLength: merge.target.keyPrefix.count,
            tasks: nil,
            extra: DeletionList(limit: 0),
            progress: progress
        )
        let walk = RangeWalk(merge, upTo: range.upTo, visitor: visitor)
        let outcome = try await BucketPartRun(runner: runner, time: time).run(
            walk,
            from: walk.start(after: key ?? range.after ?? []),
            resuming: unfinished.map(\.task)
        )
        guard outcome.isDone || outcome.position != nil || !unfinished.isEmpty else {
            throw StalledPartError(part: result.segment)
        }
        for key in outcome.tooLarge { try ledger.failed(key, TooLargeForPartError()) }
        var next = self
        next.invocations += 1
        // Where only unfinished copies are left, the next invocation finds nothing behind this key.
        next.key = outcome.position ?? key
        next.isDone = outcome.isDone && outcome.unfinished.isEmpty
        next.unfinished = outcome.unfinished
        var counts = ObjectCounts(outcome.listed, ledger.report)
        counts.slowDowns = pace.slowDowns + parts.slowDowns
        next.result.counts += counts
        return next
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
        _ source: BucketSide,
        _ target: BucketSide,
        _ options: BucketSyncOptions,
        _ parts: TransferPace,
        _ progress: SyncProgress
    ) -> any ObjectMover {
        let (source, target) = (source.leavingThrottlingToCaller(), target.leavingThrottlingToCaller())
        let copy = ServerSideCopy(source: source, target: target, options: options, parts: parts, progress: progress)
        guard settings.mayStream else { return copy }
        var streamed = options
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
