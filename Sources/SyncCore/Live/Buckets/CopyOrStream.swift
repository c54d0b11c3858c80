import AWSCore
import Synchronization

/// Has S3 copy, or carries the bytes where S3 may not: the role that writes the target cannot read the source.
///
/// Whether it can is seen by trying, and remembered while the function lives.
final class CopyOrStream: ObjectMover {
    private let copy: any ObjectMover
    private let stream: any ObjectMover
    private let streams: Atomic<Bool>
    /// Whether a copy that is not allowed may be so because two identities are needed.
    private let mayStream: Bool

    /// - Parameters:
    ///   - mayStream: whether source and target are reached with different credentials.
    ///   - mustStream: whether S3 cannot copy from one to the other at all, as between two partitions.
    init(copy: any ObjectMover, stream: any ObjectMover, mayStream: Bool, mustStream: Bool) {
        self.copy = copy
        self.stream = stream
        self.mayStream = mayStream
        streams = Atomic(mustStream)
    }

    func move(_ task: TransferTask) async throws -> ObjectState {
        if streams.load(ordering: .relaxed) { return try await stream.move(task) }
        do {
            return try await copy.move(task)
        } catch let error as AWSError where mayStream && error.status == 403 {
            // Should the target refuse it, it does so again, and that error says what is missing.
            let state = try await stream.move(task)
            streams.store(true, ordering: .relaxed)
            return state
        }
    }
}
