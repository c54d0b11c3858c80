import AWSCore
import BackupCore
import Logging

/// Makes an object of parts, or leaves none of them behind.
struct MultipartWrite: Sendable {
    let target: BucketSide
    let parts: TransferPace
    /// Where uploads are noted while they are going on.
    let journal: UploadJournal?
    /// What S3 says of the object.
    struct Written: Sendable {
        var etag: String?
        var checksums: [S3Checksum]
    }

    /// Called with a part's bytes when it is at the target.
    let onPart: @Sendable (Int) -> Void

    /// Uploads all parts, several at a time, and puts them together.
    ///
    /// - Parameters:
    ///   - checksum: what the upload is created with; the whole's is then computed from the parts' and verified by S3.
    ///   - expected: the whole's, where it is known beforehand; other parts are not put together.
    ///   - condition: what must hold at the target when the parts are put together.
    ///   - part: uploads the part of a number, which has these bytes of the object.
    /// - Throws: ``ObjectMoveError/changed`` when the condition does not hold; ``DamagedCopyError``; what `part` throws.
    func write(
        key: String,
        layout: PartLayout,
        properties: S3ObjectProperties,
        checksum: ChecksumAlgorithm?,
        expected: S3Checksum? = nil,
        condition: S3WriteCondition?,
        part: @escaping @Sendable (S3MultipartUpload, Int, Range<Int>) async throws -> S3UploadedPart
    ) async throws -> Written {
        let upload = try await parts.run {
            try await target.s3.createMultipartUpload(
                bucket: target.bucket,
                key: target.key(key),
                properties: properties,
                checksum: checksum.map { S3MultipartChecksum($0, .fullObject) }
            )
        }
        do {
            try journal?.began(upload, at: target.s3)
            let parts = try await uploadParts(upload, layout: layout, part)
            var whole: S3Checksum?
            if let checksum {
                let values = parts.enumerated().compactMap { index, part in
                    part.checksums.first { $0.algorithm == checksum }.map {
                        ($0.value, layout.range(of: index + 1).count)
                    }
                }
                if values.count == parts.count { whole = S3PartSums.fullObject(checksum, parts: values) }
            }
            if let expected, let whole, whole != expected {
                throw DamagedCopyError(message: "the parts that came have another \(expected.name)")
            }
            let checksum = whole
            let written = try await self.parts.run {
                try await complete(upload, parts, layout: layout, checksum, condition)
            }
            journal?.ended(upload)
            return written
        } catch {
            await abort(upload)
            if let error = error as? AWSError { throw error.asMoveError }
            throw error
        }
    }

    private func complete(
        _ upload: S3MultipartUpload,
        _ parts: [S3UploadedPart],
        layout: PartLayout,
        _ checksum: S3Checksum?,
        _ condition: S3WriteCondition?
    ) async throws -> Written {
        do {
            let result = try await target.s3.completeMultipartUpload(
                upload,
                parts: parts,
                condition: condition,
                objectSize: layout.size,
                checksum: checksum,
                checksumType: checksum == nil ? nil : .fullObject
            )
            return Written(etag: result.etag, checksums: result.checksums)
        } catch let error as AWSError where error.code == "NoSuchUpload" {
            // An answer that got lost, and the upload is gone because it was completed: then the object is these parts.
            let head = try await target.s3.headObjectIfPresent(
                HeadObjectRequest(bucket: upload.bucket, key: upload.key, includesChecksums: true)
            )
            guard let head, head.size == layout.size, let checksum, head.checksums.contains(checksum) else {
                throw error
            }
            return Written(etag: head.etag, checksums: head.checksums)
        }
    }

    private func uploadParts(
        _ upload: S3MultipartUpload,
        layout: PartLayout,
        _ part: @escaping @Sendable (S3MultipartUpload, Int, Range<Int>) async throws -> S3UploadedPart
    ) async throws -> [S3UploadedPart] {
        try await withThrowingTaskGroup(of: S3UploadedPart.self) { group in
            var parts: [S3UploadedPart] = []
            parts.reserveCapacity(layout.count)
            for number in 1...layout.count {
                // A task for each of 10,000 parts would only wait.
                if number > Self.tasksAtOnce, let done = try await group.next() { parts.append(done) }
                group.addTask {
                    let range = layout.range(of: number)
                    let done = try await self.parts.run { try await part(upload, number, range) }
                    onPart(range.count)
                    return done
                }
            }
            for try await done in group { parts.append(done) }
            return parts.sorted { $0.number < $1.number }
        }
    }

    private static let tasksAtOnce = 64

    /// Also when the sync was interrupted: parts that stay cost money every month.
    private func abort(_ upload: S3MultipartUpload) async {
        let s3 = target.s3
        let failure = await Task(executorPreference: s3.client.executor) { () -> (any Error)? in
            do {
                try await parts.run { try await s3.abortMultipartUpload(upload) }
                return nil
            } catch {
                return error
            }
        }.value
        // Where it is not there any more, or its bucket, there is nothing left of it.
        guard let failure, (failure as? AWSError)?.isS3NotFound != true else {
            journal?.ended(upload)
            return
        }
        // What could not be aborted is the next run's; without a journal nobody else knows of it.
        guard journal == nil else { return }
        let command = ShellCommand([
            "aws", "s3api", "abort-multipart-upload", "--bucket", upload.bucket, "--key", upload.key, "--upload-id",
            upload.uploadID,
        ])
        s3.client.logger.warning(
            """
            the parts of s3://\(OneLine.text(upload.bucket))/\(OneLine.text(upload.key)) stay and cost money, because their \
            upload could not be aborted: \(failure); run \(OneLine.text(command.description)), or let a lifecycle rule \
            with AbortIncompleteMultipartUpload clear it up
            """
        )
    }
}
