import AWSCore

/// Deletes what only the target has, after both listings have ended cleanly.
struct ExtraDeletion: Sendable {
    let source: SyncSide
    let target: SyncSide
    let extra: DeletionList
    let options: BucketSyncOptions
    let ledger: SyncLedger
    let progress: SyncProgress
    let onPlanned: @Sendable (String) -> Void
    /// Transfers an object that is at the source after all.
    let bringBack: @Sendable (TransferTask) async throws -> Void

    /// Deletes, or refuses to and says why.
    ///
    /// - Parameter problems: how many things of the source could not be listed.
    func run(_ listed: ListedCounts, problems: Int) async throws {
        guard let limit = options.deletion, listed.extra > 0 else { return }
        let report = ledger.report
        let allowed = limit.objects(of: listed)
        if problems > 0 {
            return refuse("some of the source could not be read")
        }
        if report.failed > 0 {
            return refuse("not every object could be copied")
        }
        if listed.extra > allowed || extra.isOverLimit || extra.count != listed.extra {
            return refuse(
                "\(listed.extra) of the target's \(listed.targetObjects) objects are not at the source, and \(limit.name)"
                    + " allows \(allowed)"
            )
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for index in 0..<extra.count {
                if index >= options.transfersAtOnce { try await group.next() }
                group.addTask {
                    let (key, state) = extra[index]
                    try await delete(key, state)
                }
            }
            try await group.waitForAll()
        }
    }

    private func refuse(_ reason: String) {
        ledger.change { $0.deletionRefusal = reason }
    }

    private func delete(_ key: String, _ state: ObjectState) async throws {
        do {
            // The listing may be minutes old, and may have been wrong.
            guard try await source.state(of: key, isSource: true) == nil else {
                return ledger.change { $0.conflicts += 1 }
            }
            if options.isDryRun {
                onPlanned(key)
                ledger.change { $0.deleted += 1 }
            } else if try await target.delete(key, ifUnchangedSince: state) {
                ledger.change { $0.deleted += 1 }
                progress.change { $0.deleted += 1 }
                // The same bytes may have come to the source meanwhile, which live sync has then found at the target.
                if options.mergesWithLiveSync, let now = try await source.state(of: key, isSource: true) {
                    ledger.change { $0.conflicts += 1 }
                    try await bringBack(TransferTask(key: key, source: now))
                }
            } else {
                // Written or deleted by somebody else since it was listed.
                ledger.change { $0.conflicts += 1 }
            }
        } catch is CancellationError {
            throw CancellationError()
        } catch {
            try Task.checkCancellation()
            try ledger.failed(key, error)
        }
    }
}
