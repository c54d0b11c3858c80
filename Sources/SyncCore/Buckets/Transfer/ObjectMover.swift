import AWSCore

/// Brings single objects from one side to the other.
protocol ObjectMover: Sendable {
    /// Brings an object to the target, verifies it, and leaves nothing half-done behind.
    ///
    /// Writes only over what the task says of the target, and only what the task says of the source.
    /// - Throws: ``ObjectMoveError``; ``AWSError`` and others for failures.
    func move(_ task: TransferTask) async throws

    /// Reads both sides anew.
    ///
    /// - Returns: the task as it is by now; `nil` when the source has no such object any more.
    func refreshed(_ task: TransferTask) async throws -> TransferTask?

    /// Whether source and target are equal by the sync's comparison, with as close a look as that needs.
    func isEqual(_ task: TransferTask) async throws -> Bool

    /// Undoes a move whose source has gone since, unless somebody else has written to the target.
    ///
    /// - Returns: whether the source has gone and the target's object was deleted.
    func takeBackIfSourceGone(_ task: TransferTask) async throws -> Bool
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
