import AWSCore

/// Brings single objects from one side to the other.
protocol ObjectMover: Sendable {
    /// Brings an object to the target, verifies it, and leaves nothing half-done behind.
    ///
    /// Reads only what the task says of the source, and writes only over what it says of the target.
    /// - Returns: what the target has now.
    /// - Throws: ``ObjectMoveError``; ``AWSError`` and others for failures.
    func move(_ task: TransferTask) async throws -> ObjectState

    /// Where the tasks that move objects run best; `nil` for anywhere.
    var executor: (any TaskExecutor)? { get }

    /// Movers for so many threads, between which the objects are divided.
    ///
    /// - Throws: ``HTTPError`` when a thread cannot start.
    func spread(over threads: Int) throws -> [any ObjectMover]
}

extension ObjectMover {
    /// Anywhere, since hashing or a file takes its time.
    var executor: (any TaskExecutor)? { nil }

    /// One for all.
    func spread(over threads: Int) throws -> [any ObjectMover] { [self] }
}

/// Moves so many objects at once as S3 takes, of all movers with one pace together.
struct PacedMover: ObjectMover {
    let mover: any ObjectMover
    let pace: TransferPace

    var executor: (any TaskExecutor)? { mover.executor }

    func move(_ task: TransferTask) async throws -> ObjectState {
        try await pace.run { try await mover.move(task) }
    }
}

/// Why an object was not moved, where that is no failure of its own.
enum ObjectMoveError: Error {
    /// One of the sides is not as the task says any more.
    case changed
    /// The source must be restored before it can be read.
    case archived
    /// What stands for a folder needs no copy.
    case folderMarker
}

/// A copy that is not what was copied.
struct DamagedCopyError: CodedError, CustomStringConvertible {
    /// `the target has 3 bytes, the source 4`.
    var message: String
    /// Whether it was written before that was seen.
    var isAtTarget = false

    var code: String { "DamagedCopy" }
    var description: String {
        "the copy is not what was copied: \(message); "
            + (isAtTarget
                ? "it stands at the target: run the command again with --compare checksum"
                : "it is copied again by the next run")
    }
}

extension AWSError {
    /// The error, or what it means for a move.
    var asMoveError: any Error {
        if isS3PreconditionFailed || isS3Conflict || code == "InvalidRange" { return ObjectMoveError.changed }
        return code == "InvalidObjectState" ? ObjectMoveError.archived : self
    }
}
