import AWSCore

/// Does what the listings asked for, object by object, whatever happens on the way.
struct TransferRunner: Sendable {
    let source: SyncSide
    let target: SyncSide
    let mover: any ObjectMover
    let options: BucketSyncOptions
    let ledger: SyncLedger
    let clock: SyncClock
    /// Told of each object that would be transferred in a dry run.
    let onPlanned: @Sendable (TransferTask) -> Void
    /// Where what is being replaced is noted; `nil` where nobody would read it.
    var journal: MergeJournal?

    /// How often an object that changes under the sync's hands is begun anew.
    private static let maximumRounds = 8
    /// How often an object is tried when the network or the service is to blame; each is several attempts of a call.
    private static let maximumAttempts = 6

    /// The same, for objects that are not counted with the others.
    func counting(in ledger: SyncLedger) -> TransferRunner {
        TransferRunner(
            source: source,
            target: target,
            mover: mover,
            options: options,
            ledger: ledger,
            clock: clock,
            onPlanned: onPlanned,
            journal: journal
        )
    }

    /// Deals with one object; a failure of its own is counted, not thrown.
    ///
    /// - Throws: `CancellationError`, and what would fail for every object.
    func run(_ task: TransferTask) async throws {
        var task = task
        var attempt = 1
        while true {
            try Task.checkCancellation()
            do {
                try await settle(&task)
                journal?.ended(task.key)
                return
            } catch  where Self.mayPass(error) && attempt < Self.maximumAttempts {
                if (error as? DamagedCopyError)?.isAtTarget == true { task.isDamaged = true }
                try await clock.sleep(Backoff.delay(afterFailures: attempt, random: clock.random()))
                attempt += 1
            } catch is CancellationError {
                throw CancellationError()
            } catch {
                // Requests that were cut off by an interruption fail in many ways.
                try Task.checkCancellation()
                if Self.endsEverything(error) { throw error }
                return try ledger.failed(task.key, error)
            }
        }
    }

    private func settle(_ first: inout TransferTask) async throws {
        var task = first
        // Of a damaged copy, neither is known what the target has by now nor that its time says anything.
        var isKnown = !first.isResumed && !first.isDamaged && source.isPinned(first.source)
        if let there = first.target, !target.isPinned(there) { isKnown = false }
        // As the marker of the very folder that is synced is at the root of a bucket: there is nothing to look at.
        let hasNoName = first.key.isEmpty && target.isRoot
        for round in 1...Self.maximumRounds {
            try Task.checkCancellation()
            if isKnown {
                let compares = !task.isDamaged && (task.isUndecided || round > 1)
                if try await settle(first, as: task, compares: compares) { return }
                // Whoever made that attempt fail has written to one of the sides since.
                task.isDamaged = false
            }
            guard let now = try await source.state(of: task.key, isSource: true) else {
                if options.mergesWithLiveSync, !options.isDryRun, !hasNoName {
                    switch try await takeBackWhatMayBeOurs(first) {
                    case .nothing: break
                    case .done: return ledger.settled(first) { $0.takenBack += 1 }
                    case .sourceIsBack:
                        isKnown = false
                        continue
                    }
                }
                return ledger.settled(first) { $0.vanished += 1 }
            }
            task.source = now
            task.target = hasNoName ? nil : try await target.state(of: task.key, isSource: false)
            // As the listing then finds it.
            if let there = task.target, first.isOlder(than: there) {
                return ledger.settled(first) { $0.foundEqual += 1 }
            }
            // From here on it may be written by us, too, as an answer that gets lost does not tell.
            first.mayBeOursUntil = nil
            isKnown = true
        }
        throw UnsettledObjectError()
    }

    /// Deals with an object as both sides were when they were last looked at.
    ///
    /// - Parameter compares: whether what is found equal is not copied.
    /// - Returns: `false` when a side is not so any more.
    private func settle(_ first: TransferTask, as task: TransferTask, compares: Bool) async throws -> Bool {
        do {
            if task.key.isEmpty, task.source.size == 0, target.isRoot { throw ObjectMoveError.folderMarker }
            if task.source.isArchived(at: clock.date()) { throw ObjectMoveError.archived }
            if task.target != nil, !options.isDryRun, let settlement {
                try await replace(first, settlement)
                return true
            }
            if task.target != nil, compares, try await comparison.isEqual(task) {
                ledger.settled(first) { $0.foundEqual += 1 }
                return true
            }
            if options.isDryRun {
                onPlanned(task)
            } else {
                try journal?.began(first.key, etag: first.target?.etag)
                let written = try await mover.move(task)
                if options.mergesWithLiveSync, try await tookBack(task, written) {
                    ledger.settled(first) { $0.takenBack += 1 }
                    return true
                }
            }
            ledger.settled(first) {
                $0.transferredObjects += 1
                $0.transferredBytes += task.source.size
            }
            return true
        } catch ObjectMoveError.archived {
            ledger.archived(first)
            return true
        } catch ObjectMoveError.folderMarker {
            ledger.settled(first) { $0.folderMarkers += 1 }
            return true
        } catch ObjectMoveError.changed {
            ledger.change { $0.conflicts += 1 }
        } catch let error as AWSError where error.isS3NotFound && error.code != "NoSuchBucket" {
            // Gone since it was listed, or gone from the target, where the write's condition wanted it; if neither is so,
            // the error stands.
            if try await source.state(of: task.key, isSource: true) != nil {
                let there = try await target.state(of: task.key, isSource: false)
                guard there?.etag != task.target?.etag else { throw error }
                ledger.change { $0.conflicts += 1 }
            }
        } catch let error as FileError where error.code == "NoSuchFile" {
            guard try await source.state(of: task.key, isSource: true) == nil else { throw error }
        }
        return false
    }

    /// Settles an object that the target has, as live sync does.
    ///
    /// A copy on condition is not enough for it: the source's object may change back to what the target has while S3
    /// copies, or get other metadata or tags with the same bytes, and live sync may bring that to the target before the
    /// copy is there, whose condition holds all the same. Where the target has nothing, such a change makes it fail.
    private func replace(_ first: TransferTask, _ settlement: ObjectSettlement) async throws {
        do {
            try journal?.began(first.key, etag: first.target?.etag)
            let outcome = try await settlement.settle(key: first.key, keeping: first.target?.etag) {
                ledger.change { $0.conflicts += 1 }
            }
            ledger.settled(first) {
                switch outcome {
                case .unchanged: $0.foundEqual += 1
                case .vanished: $0.vanished += 1
                case .tagged: $0.transferredObjects += 1
                case .deleted: $0.takenBack += 1
                case .copied(let bytes):
                    $0.transferredObjects += 1
                    $0.transferredBytes += bytes
                }
            }
        } catch let error as ObjectSettlementError {
            switch error.reason {
            case .archived: throw ObjectMoveError.archived
            case .restless: throw UnsettledObjectError()
            case .sourceBucketIsGone: throw error
            }
        }
    }

    /// `nil` where a folder is one of the sides, or live sync does not write, too.
    private var settlement: ObjectSettlement? {
        guard options.mergesWithLiveSync, case .bucket(let source) = source, case .bucket(let target) = target else {
            return nil
        }
        return ObjectSettlement(source: source, target: target, mover: mover)
    }

    /// Undoes a write if the source has lost the object meanwhile: its deletion may have been applied before the write.
    ///
    /// The source is read once more behind the deletion, because it may have got the object back, and live sync may
    /// have found it at the target already.
    /// - Returns: whether the target's object was deleted, and has to be.
    /// - Throws: ``ObjectMoveError/changed`` when the source's object is another one by now.
    private func tookBack(_ task: TransferTask, _ written: ObjectState) async throws -> Bool {
        let key = task.key
        if let now = try await source.state(of: key, isSource: true) {
            guard now.etag == task.source.etag else { throw ObjectMoveError.changed }
            return false
        }
        try await settlement?.confirmSource()
        // Another object by now is live sync's.
        guard try await target.delete(key, ifUnchangedSince: written) else { return false }
        guard try await source.state(of: key, isSource: true) == nil else { throw ObjectMoveError.changed }
        return true
    }

    private enum TakenBack {
        case nothing
        case done
        case sourceIsBack
    }

    /// The same where nobody knows whether the write took place, since its answer got lost.
    ///
    /// What was written to the target since it was listed is ours or live sync's, and the source has it no more: it has
    /// to go either way.
    private func takeBackWhatMayBeOurs(_ first: TransferTask) async throws -> TakenBack {
        guard let there = try await target.state(of: first.key, isSource: false), there.etag != first.target?.etag,
            !first.isOlder(than: there)
        else {
            return .nothing
        }
        // It may be live sync's copy of what has come to the source only now.
        guard try await source.state(of: first.key, isSource: true) == nil else { return .sourceIsBack }
        try await settlement?.confirmSource()
        guard try await target.delete(first.key, ifUnchangedSince: there) else { return .nothing }
        return try await source.state(of: first.key, isSource: true) == nil ? .done : .sourceIsBack
    }

    private var comparison: DeepComparison {
        DeepComparison(source: source, target: target, comparison: options.comparison)
    }

    private static func mayPass(_ error: any Error) -> Bool {
        switch error {
        case let error as AWSError: error.kind == .transient || error.kind == .throttling
        case let error as HTTPError: error.isTransient
        case is InterruptedStreamError, is DamagedCopyError: true
        default: false
        }
    }

    private static let fatalCodes: Set<String> = [
        "NoSuchBucket", "InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken", "InvalidToken",
        "InvalidClientTokenId",
        "AccountProblem", "AllAccessDisabled", "NotSignedUp",
    ]

    private static func endsEverything(_ error: any Error) -> Bool {
        switch error {
        case let error as AWSError: fatalCodes.contains(error.code)
        case let error as FileError: error.endsEverything
        case let error as ObjectSettlementError: error.reason == .sourceBucketIsGone
        case is CredentialsError, is ConfigurationError: true
        default: false
        }
    }
}

/// An object that changed each time that it was to be written.
struct UnsettledObjectError: CodedError, CustomStringConvertible {
    var code: String { "ObjectKeepsChanging" }
    var description: String {
        "it changed at the source or the target each time that it was to be copied; run the command again when it rests"
    }
}
