import AWSCore

/// Does what the listings asked for, object by object, whatever happens on the way.
struct TransferRunner: Sendable {
    let mover: any ObjectMover
    let options: BucketSyncOptions
    let ledger: SyncLedger

    /// How often an object that changes under the sync's hands is begun anew.
    private static let maximumRounds = 5

    /// Never throws for a failure of the one object.
    ///
    /// - Throws: `CancellationError`.
    func run(_ task: TransferTask) async throws {
        do {
            try await settle(task)
        } catch is CancellationError {
            throw CancellationError()
        } catch {
            ledger.failed(task.key, error)
        }
    }

    private func settle(_ first: TransferTask) async throws {
        var task = first
        for round in 1...Self.maximumRounds {
            try Task.checkCancellation()
            do {
                if task.isUndecided || round > 1, task.target != nil, try await mover.isEqual(task) {
                    return ledger.settled(first) { $0.foundEqual += 1 }
                }
                if !options.isDryRun { try await mover.move(task) }
                return ledger.transferred(task)
            } catch ObjectMoveError.archived {
                return ledger.archived(task.key)
            } catch ObjectMoveError.folderMarker {
                return ledger.settled(first) { $0.folderMarkers += 1 }
            } catch ObjectMoveError.changed {
                ledger.change { $0.conflicts += 1 }
            } catch let error as AWSError where error.status == 404 {
                // Gone since it was listed, or never readable: reading it anew tells.
                guard try await mover.refreshed(task) == nil else { throw error }
                return ledger.settled(first) { $0.vanished += 1 }
            }
            guard let now = try await mover.refreshed(task) else {
                return ledger.settled(first) { $0.vanished += 1 }
            }
            task = now
        }
        throw UnsettledObjectError()
    }
}

/// An object that changed each time that it was to be written.
struct UnsettledObjectError: CodedError, CustomStringConvertible {
    var code: String { "ObjectKeepsChanging" }
    var description: String {
        "it changed at the source or the target each time that it was to be copied; run the command again when it rests"
    }
}
