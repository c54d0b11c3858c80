package import AWSCore

package import struct FoundationEssentials.Date

/// What is known of an object or file without reading its bytes.
package struct ObjectState: Sendable, Equatable {
    /// Bytes.
    package var size: Int
    /// With its quotes; `nil` for a file.
    package var etag: String?
    package var lastModified: Date?
    /// `.standard` for a file.
    package var storageClass = S3StorageClass.standard
    /// Of an archived object; `nil` when no restore was asked for.
    package var restoreStatus: S3RestoreStatus?

    /// Whether it must be restored before it can be read.
    func isArchived(at now: Date) -> Bool {
        guard storageClass.needsRestore else { return false }
        return switch restoreStatus {
        case nil, .inProgress: true
        case .restored(let until): until.map { $0 <= now } ?? false
        }
    }
}

/// One object that must be brought to the target, or of which only a closer look can tell.
package struct TransferTask: Sendable {
    /// Without the sides' prefixes.
    package var key: String
    package var source: ObjectState
    /// `nil` when there is none.
    package var target: ObjectState?
    /// Whether both are to be compared more closely first.
    package var isUndecided = false
    /// All that S3 says of the source's object, where it was asked.
    package var sourceHead: S3ObjectHead?
    /// Whether what the target has may be a damaged copy of ours, which is replaced whatever a comparison says.
    var isDamaged = false
    /// Whether another invocation has listed it, so that both sides have to be read before anything is done.
    var isResumed = false
    /// Whether that one has begun to copy it, too.
    var wasBegun = false
    /// What a run that is gone may have left: what was written at the target after this is not of that run.
    var mayBeOursUntil: Date?
    /// What its visitor had counted by then, with this one.
    var listed = ListedCounts()

    /// Whether an object of the target was written after the run that left this task.
    func isOlder(than object: ObjectState) -> Bool {
        guard let mayBeOursUntil else { return false }
        return object.lastModified.map { $0 > mayBeOursUntil } ?? true
    }

    /// What must hold at a target bucket for a write.
    var condition: S3WriteCondition? {
        guard let target else { return .absent }
        return target.etag.map { .etag($0) }
    }
}
