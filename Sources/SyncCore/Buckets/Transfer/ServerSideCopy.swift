import AWSCore

/// Has S3 copy objects from bucket to bucket, so that no byte comes here.
struct ServerSideCopy: ObjectMover {
    let source: BucketSide
    let target: BucketSide
    let options: BucketSyncOptions

    func move(_ task: TransferTask) async throws {
        let request = CopyObjectRequest(
            source: S3CopySource(bucket: source.bucket, key: source.key(task.key), ifMatch: task.etag),
            bucket: target.bucket,
            key: target.key(task.key),
            condition: task.condition,
            storageClass: options.storageClass ?? task.storageClass.map { S3StorageClass($0) },
            encryption: options.encryption
        )
        let result: CopyObjectResult
        do {
            result = try await target.s3.copyObject(request)
        } catch let error as AWSError {
            throw error.asMoveError
        }
        if result.etag != task.etag { try await verifySize(task) }
    }

    private func verifySize(_ task: TransferTask) async throws {
        let head = try await target.s3.headObject(HeadObjectRequest(bucket: target.bucket, key: target.key(task.key)))
        guard head.size == task.size else { throw ObjectMoveError.changed }
    }

    func refreshed(_ task: TransferTask) async throws -> TransferTask? {
        async let sourceHead = source.s3.headObjectIfPresent(
            HeadObjectRequest(bucket: source.bucket, key: source.key(task.key))
        )
        async let targetHead = target.s3.headObjectIfPresent(
            HeadObjectRequest(bucket: target.bucket, key: target.key(task.key))
        )
        let (now, there) = try await (sourceHead, targetHead)
        guard let now else { return nil }
        var task = task
        task.size = now.size
        task.etag = now.etag
        task.lastModified = now.lastModified
        task.storageClass = now.storageClass == .standard ? nil : now.storageClass.name
        task.target = there.map { TransferTask.Target(etag: $0.etag, size: $0.size) }
        return task
    }

    func isEqual(_ task: TransferTask) async throws -> Bool {
        task.target?.etag == task.etag
    }

    func takeBackIfSourceGone(_ task: TransferTask) async throws -> Bool { false }
}

extension TransferTask {
    /// What must hold at the target for a write.
    var condition: S3WriteCondition? {
        guard let target else { return .absent }
        return target.etag.map { .etag($0) }
    }
}

extension AWSError {
    /// The error, or what it means for a move.
    var asMoveError: any Error {
        switch code {
        case "PreconditionFailed": ObjectMoveError.changed
        case "InvalidObjectState": ObjectMoveError.archived
        default: status == 412 ? ObjectMoveError.changed : self
        }
    }
}
