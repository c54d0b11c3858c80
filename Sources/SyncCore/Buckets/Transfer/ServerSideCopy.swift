import AWSCore

/// Has S3 copy objects from bucket to bucket, so that no byte comes here.
struct ServerSideCopy: ObjectMover {
    let source: BucketSide
    let target: BucketSide
    let options: BucketSyncOptions
    let parts: TransferPace
    let progress: SyncProgress

    /// A copy is one small request, and nothing is computed for it here.
    var executor: (any TaskExecutor)? { target.s3.client.executor }

    /// Small requests are limited by the processor that makes them.
    func spread(over threads: Int) throws -> [any ObjectMover] {
        try (0..<max(1, threads)).map { number in
            number == 0
                ? self
                : ServerSideCopy(
                    source: try source.onAnotherThread(),
                    target: try target.onAnotherThread(),
                    options: options,
                    parts: parts,
                    progress: progress
                )
        }
    }

    func move(_ task: TransferTask) async throws -> ObjectState {
        do {
            return task.source.size < options.multipartCopyThreshold
                ? try await copy(task) : try await copyInParts(task)
        } catch let error as AWSError {
            throw error.asMoveError
        }
    }

    private func copy(_ task: TransferTask) async throws -> ObjectState {
        let result = try await target.s3.copyObject(
            CopyObjectRequest(
                source: source.copySource(task),
                bucket: target.bucket,
                key: target.key(task.key),
                condition: task.condition,
                metadata: metadata(task),
                storageClass: options.storageClass
                    ?? (task.source.storageClass == .standard ? nil : task.source.storageClass),
                encryption: options.encryption
            )
        )
        progress.moved(task.source.size)
        var state = task.source
        state.etag = result.etag
        state.lastModified = result.lastModified
        // The same ETag is the same MD5, or, with KMS keys and parts, none at all.
        if result.etag == task.source.etag, result.etag?.contains("-") == false { return state }
        return try await verify(task, etag: result.etag)
    }

    /// S3 leaves one header out when it copies the others by itself.
    private func metadata(_ task: TransferTask) -> CopyObjectRequest.Metadata {
        guard let head = task.sourceHead, head.content.websiteRedirectLocation != nil, head.missingMetadataCount == 0
        else { return .copied }
        return .replaced(head.content, head.metadata)
    }

    private func copyInParts(_ task: TransferTask) async throws -> ObjectState {
        let head = try await source.s3.headObject(source.head(task.key, includesChecksums: true))
        guard head.etag == task.source.etag else { throw ObjectMoveError.changed }
        // Cut the same way, the copy has the same ETag.
        let sourceLayout = try await source.cut(of: task.key, head).layout
        let layout = sourceLayout ?? PartLayout(size: head.size, preferredPartSize: options.copyPartSize)
        let copySource = source.copySource(task)
        let result = try await MultipartWrite(
            target: target,
            parts: parts,
            journal: options.uploads,
            onPart: { progress.moved($0) }
        ).write(
            key: task.key,
            layout: layout,
            properties: try await ObjectProperties(source: source, options: options).of(task, head),
            checksum: head.fullObjectCRC?.algorithm ?? .crc64nvme,
            expected: head.fullObjectCRC,
            condition: task.condition
        ) { [s3 = target.s3] upload, number, range in
            try await s3.uploadPartCopy(upload, number: number, from: copySource, range: range)
        }
        return try await verify(task, etag: result.etag, sourceHead: head, layout: sourceLayout)
    }

    /// Compares the copy with the source by whatever S3 has computed of both.
    private func verify(
        _ task: TransferTask,
        etag: String?,
        sourceHead: S3ObjectHead? = nil,
        layout: PartLayout? = nil
    ) async throws -> ObjectState {
        async let copyHead = parts.run {
            try await target.s3.headObject(target.head(task.key, includesChecksums: true))
        }
        let original: S3ObjectHead
        if let sourceHead {
            original = sourceHead
        } else {
            original = try await parts.run {
                try await source.s3.headObject(source.head(task.key, includesChecksums: true))
            }
        }
        let copy = try await copyHead
        // Somebody else's object by now, or another one at the source: both sides are read anew.
        guard copy.etag == etag, original.etag == task.source.etag else { throw ObjectMoveError.changed }
        try await CopyCheck(source: source, key: task.key, layout: layout).check(copy, of: original)
        return ObjectState(copy)
    }
}
