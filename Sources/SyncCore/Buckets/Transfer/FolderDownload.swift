import AWSCore

import struct FoundationEssentials.Date

/// Downloads objects into files, each of which is complete or not there.
struct FolderDownload: ObjectMover {
    let source: BucketSide
    let target: FolderTree
    let options: BucketSyncOptions
    let parts: TransferPace
    let progress: SyncProgress

    func move(_ task: TransferTask) async throws -> ObjectState {
        if task.source.size == 0, task.key.isEmpty || task.key.utf8.last == UInt8(ascii: "/") {
            throw ObjectMoveError.folderMarker
        }
        guard let place = try target.place(of: task.key, creates: true) else {
            throw FileError(code: "NoSuchFile", "\(target.path(of: task.key)) cannot be made")
        }
        let partial = try PartialFile(for: place)
        do {
            let modified =
                task.source.size < options.streamPartThreshold
                ? try await downloadWhole(task, into: partial, place.path)
                : try await downloadInParts(task, into: partial, place.path)
            let time = task.source.lastModified ?? modified
            try partial.complete(modified: time, replacing: task.target)
            return ObjectState(size: task.source.size, lastModified: time)
        } catch {
            partial.discard()
            if let error = error as? AWSError { throw error.asMoveError }
            if let error = error as? HTTPError, error.isTransient {
                throw InterruptedStreamError(message: error.message)
            }
            throw error
        }
    }

    private func downloadWhole(_ task: TransferTask, into partial: PartialFile, _ path: String) async throws -> Date? {
        let object = try await source.s3.getObject(
            GetObjectRequest(
                bucket: source.bucket,
                key: source.key(task.key),
                ifMatch: task.source.etag,
                includesChecksums: true
            ),
            maximumBytes: options.streamPartThreshold
        )
        _ = try ContentCheck.check(object.bytes, against: object.head)
        guard object.bytes.count == task.source.size else { throw ObjectMoveError.changed }
        try partial.descriptor.write(object.bytes, at: 0, path)
        progress.moved(object.bytes.count)
        return object.head.lastModified
    }

    /// Ranges of one object, several at a time, and all of the same version of it.
    private func downloadInParts(_ task: TransferTask, into partial: PartialFile, _ path: String) async throws -> Date?
    {
        let head = try await source.s3.headObject(source.head(task.key, includesChecksums: true))
        guard head.etag == task.source.etag, head.size == task.source.size else { throw ObjectMoveError.changed }
        let layout = PartLayout(size: head.size, preferredPartSize: options.partSize)
        let crc = head.fullObjectCRC
        let sums = try await withThrowingTaskGroup(of: (number: Int, value: String).self) { group in
            var sums: [(number: Int, value: String)] = []
            for number in 1...layout.count {
                if number > 64, let done = try await group.next() { sums.append(done) }
                group.addTask {
                    let range = layout.range(of: number)
                    let value = try await parts.run {
                        try await download(range, of: task, into: partial, path, crc?.algorithm)
                    }
                    progress.moved(range.count)
                    return (number, value)
                }
            }
            for try await done in group { sums.append(done) }
            return sums.sorted { $0.number < $1.number }
        }
        if let crc, let algorithm = crc.algorithm {
            let parts = sums.map { ($0.value, layout.range(of: $0.number).count) }
            guard S3PartSums.fullObject(algorithm, parts: parts) == crc else {
                throw DamagedCopyError(message: "the bytes that came have another \(crc.name)")
            }
        } else {
            try await checkFile(partial, path, task, head)
        }
        return head.lastModified
    }

    private func download(
        _ range: Range<Int>,
        of task: TransferTask,
        into partial: PartialFile,
        _ path: String,
        _ algorithm: ChecksumAlgorithm?
    ) async throws -> String {
        let object = try await source.s3.streamObject(
            GetObjectRequest(bucket: source.bucket, key: source.key(task.key), range: range, ifMatch: task.source.etag)
        )
        var checksum = algorithm.map { RunningChecksum($0) }
        var position = range.lowerBound
        for try await chunk in object.body {
            guard position + chunk.count <= range.upperBound else {
                throw DamagedCopyError(message: "more bytes came than were asked for")
            }
            chunk.withUnsafeBytes { checksum?.update($0) }
            try partial.descriptor.write(chunk, at: position, path)
            position += chunk.count
        }
        guard position == range.upperBound else {
            throw DamagedCopyError(message: "the bytes ended \(range.upperBound - position) early")
        }
        return checksum?.headerValue ?? ""
    }

    /// Reads what was written, where only the ETag tells what it should be.
    private func checkFile(_ partial: PartialFile, _ path: String, _ task: TransferTask, _ head: S3ObjectHead)
        async throws
    {
        guard head.hasDigestETag, let etag = head.etag else { return }
        var isRight: Bool
        if head.digestETag != nil {
            isRight = try self.etag(of: partial, path, head.size, .whole) == etag
        } else {
            let firstPart = try await source.s3.headObject(source.head(task.key, partNumber: 1))
            let layout = PartLayout(of: firstPart)
            isRight =
                try layout.map { try self.etag(of: partial, path, head.size, .equal($0.partSize)) == etag } ?? false
            if !isRight {
                guard let count = firstPart.partCount else { return }
                let sizes = try await source.partSizes(task.key, count: count, etag: etag)
                isRight = try self.etag(of: partial, path, head.size, .listed(sizes)) == etag
            }
        }
        guard isRight else { throw DamagedCopyError(message: "the bytes that came have another ETag") }
    }

    private func etag(
        of partial: PartialFile,
        _ path: String,
        _ size: Int,
        _ partSizes: S3RunningETag.PartSizes
    ) throws -> String {
        var running = S3RunningETag(partSizes)
        var position = 0
        while position < size {
            try Task.checkCancellation()
            let bytes = try partial.descriptor.read(at: position, count: min(1 << 20, size - position), path)
            bytes.withUnsafeBytes { running.update($0) }
            position += bytes.count
            if bytes.isEmpty { break }
        }
        return running.etag
    }
}
