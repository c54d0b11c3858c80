import AWSCore

/// Copies objects from bucket to bucket through this machine, where neither side may speak to the other.
struct StreamedCopy: ObjectMover {
    let source: BucketSide
    let target: BucketSide
    let options: BucketSyncOptions
    let parts: TransferPace
    let progress: SyncProgress

    func move(_ task: TransferTask) async throws -> ObjectState {
        do {
            return task.source.size < options.streamPartThreshold
                ? try await copyWhole(task) : try await copyLarge(task)
        } catch let error as AWSError {
            throw error.asMoveError
        } catch let error as HTTPError where error.isTransient {
            throw InterruptedStreamError(message: error.message)
        }
    }

    private func copyWhole(_ task: TransferTask) async throws -> ObjectState {
        let object = try await source.s3.getObject(
            GetObjectRequest(
                bucket: source.bucket,
                key: source.key(task.key),
                ifMatch: task.source.etag,
                includesChecksums: true
            ),
            maximumBytes: options.streamPartThreshold
        )
        let digest = try ContentCheck.check(object.bytes, against: object.head)
        progress.moved(object.bytes.count / 2)
        let result = try await target.s3.putObject(
            PutObjectRequest(
                bucket: target.bucket,
                key: target.key(task.key),
                body: object.bytes.isEmpty ? .empty : .bytes(object.bytes),
                properties: try await ObjectProperties(source: source, options: options).of(task, object.head),
                condition: task.condition,
                // S3 compares what arrives with it.
                checksum: digest.map { .known($0) } ?? .computed(.crc64nvme)
            )
        )
        progress.moved(object.bytes.count - object.bytes.count / 2)
        return ObjectState(size: object.bytes.count, etag: result.etag, storageClass: task.source.storageClass)
    }

    private func copyLarge(_ task: TransferTask) async throws -> ObjectState {
        let head = try await source.s3.headObject(source.head(task.key, includesChecksums: true))
        guard head.etag == task.source.etag, head.size == task.source.size else { throw ObjectMoveError.changed }
        let cut = try await source.cut(of: task.key, head)
        if head.fullObjectCRC == nil, cut.layout == nil, head.size <= PartLayout.maximumPartSize {
            let check = ContentCheck(of: head, partSizes: cut.partSizes)
            if check.comparesBytes { return try await copyInOrder(task, head, check) }
        }
        return try await copyInParts(task, head, sourceLayout: cut.layout)
    }

    /// As one stream, where only all bytes in their order tell whether they are right.
    ///
    /// The last ones are not sent unless they are, so that nothing else ever stands at the target; and what came whole has
    /// the same ETag there.
    private func copyInOrder(_ task: TransferTask, _ head: S3ObjectHead, _ check: ContentCheck) async throws
        -> ObjectState
    {
        let get = GetObjectRequest(bucket: source.bucket, key: source.key(task.key), ifMatch: head.etag)
        let result = try await target.s3.putObject(
            PutObjectRequest(
                bucket: target.bucket,
                key: target.key(task.key),
                body: .stream(
                    ObjectBytes.stream(get, of: source.s3, count: head.size, check: check) { progress.moved($0) }
                ),
                properties: try await ObjectProperties(source: source, options: options).of(task, head),
                condition: task.condition,
                checksum: .computed(.crc64nvme)
            )
        )
        return ObjectState(size: head.size, etag: result.etag, storageClass: head.storageClass)
    }

    private func copyInParts(
        _ task: TransferTask,
        _ head: S3ObjectHead,
        sourceLayout: PartLayout?
    ) async throws -> ObjectState {
        let layout = sourceLayout ?? PartLayout(size: head.size, preferredPartSize: options.partSize)
        let checksum = head.fullObjectCRC?.algorithm ?? .crc64nvme
        let get = GetObjectRequest(bucket: source.bucket, key: source.key(task.key), ifMatch: head.etag)
        let result = try await MultipartWrite(
            target: target,
            parts: parts,
            journal: options.uploads,
            onPart: { progress.moved($0) }
        ).write(
            key: task.key,
            layout: layout,
            properties: try await ObjectProperties(source: source, options: options).of(task, head),
            checksum: checksum,
            expected: head.fullObjectCRC,
            condition: task.condition
        ) { [sourceS3 = source.s3, targetS3 = target.s3] upload, number, range in
            var get = get
            get.range = range
            return try await targetS3.uploadPart(
                upload,
                number: number,
                body: .stream(ObjectBytes.stream(get, of: sourceS3, count: range.count)),
                checksum: .computed(checksum)
            )
        }
        // S3 has put together what we computed while reading; that is what the source has.
        let isRight =
            head.fullObjectCRC.map { result.checksums.contains($0) } ?? (result.etag == head.etag && head.hasDigestETag)
        guard !isRight else {
            return ObjectState(size: head.size, etag: result.etag, storageClass: head.storageClass)
        }
        return try await compare(task, head, etag: result.etag, layout: sourceLayout)
    }

    private func compare(
        _ task: TransferTask,
        _ original: S3ObjectHead,
        etag: String?,
        layout: PartLayout?
    ) async throws -> ObjectState {
        let copy = try await parts.run {
            try await target.s3.headObject(target.head(task.key, includesChecksums: true))
        }
        guard copy.etag == etag else { throw ObjectMoveError.changed }
        try await CopyCheck(source: source, key: task.key, layout: layout).check(copy, of: original)
        return ObjectState(copy)
    }
}

/// A stream between two buckets that broke, too often to go on.
struct InterruptedStreamError: CodedError, CustomStringConvertible {
    var message: String

    var code: String { "InterruptedStream" }
    var description: String { "the connection broke while bytes were moving: \(message)" }
}

/// An object's bytes as the body of another request.
enum ObjectBytes {
    /// Reads when the body is sent, no faster than it is sent, and anew for each attempt.
    ///
    /// - Parameters:
    ///   - check: what all bytes must be; those that end it are not given out otherwise, which ends the request before it
    ///     is complete.
    ///   - onBytes: called with how many are given out.
    static func stream(
        _ get: GetObjectRequest,
        of s3: S3Client,
        count: Int,
        check: ContentCheck? = nil,
        onBytes: @escaping @Sendable (Int) -> Void = { _ in }
    ) -> HTTPRequestStream {
        HTTPRequestStream(length: count) {
            let reader = Reader(get: get, s3: s3, check: check)
            return {
                let bytes = try await reader.next()
                if let bytes { onBytes(bytes.count) }
                return bytes
            }
        }
    }

    /// An actor only because the stream begins with a wait; it is asked for one piece after the other.
    private actor Reader {
        private let get: GetObjectRequest
        private let s3: S3Client
        private var body: HTTPResponseStream.AsyncIterator?
        private var check: ContentCheck?

        init(get: GetObjectRequest, s3: S3Client, check: ContentCheck?) {
            self.get = get
            self.s3 = s3
            self.check = check
        }

        func next() async throws -> [UInt8]? {
            if body == nil { body = try await s3.streamObject(get).body.makeAsyncIterator() }
            var iterator = body
            let chunk = try await iterator?.next()
            body = iterator
            if let chunk { chunk.withUnsafeBytes { check?.update($0) } }
            if let check, chunk == nil || check.isAtEnd { try check.requireRight() }
            return chunk
        }
    }
}
