import AWSCore
import Glibc

import struct FoundationEssentials.Date

/// Compares objects as closely as it takes, without copying them.
struct DeepComparison: Sendable {
    let source: SyncSide
    let target: SyncSide
    let comparison: ObjectComparison

    /// Whether the target's object is the source's, by the sync's comparison.
    ///
    /// Where nothing tells, they are different: copying once too often loses nothing.
    func isEqual(_ task: TransferTask) async throws -> Bool {
        guard let there = task.target, there.size == task.source.size else { return false }
        if comparison == .size { return true }
        switch (source, target) {
        case (.bucket(let source), .bucket(let target)):
            async let left = source.s3.headObjectIfPresent(source.head(task.key, includesChecksums: true))
            async let right = target.s3.headObjectIfPresent(target.head(task.key, includesChecksums: true))
            guard let left = try await left, let right = try await right else { return false }
            switch HeadComparison.compare(left, right) {
            case .equal: return true
            case .different: return false
            case .unknown: return comparison == .time && isNotOlder(there, than: task.source)
            }
        case (.folder(let path), .bucket(let bucket)):
            if comparison == .time { return isNotOlder(there, than: task.source) }
            return try await isEqual(path, bucket, task.key)
        case (.bucket(let bucket), .folder(let path)):
            if comparison == .time {
                return task.source.lastModified?.wholeSeconds == there.lastModified?.wholeSeconds
            }
            return try await isEqual(path, bucket, task.key)
        case (.folder, .folder): return false
        }
    }

    private func isNotOlder(_ target: ObjectState, than source: ObjectState) -> Bool {
        guard let there = target.lastModified, let here = source.lastModified else { return false }
        return there >= here
    }

    /// Computes of a file what S3 has computed of the object.
    private func isEqual(_ path: String, _ bucket: BucketSide, _ key: String) async throws -> Bool {
        guard let head = try await bucket.s3.headObjectIfPresent(bucket.head(key, includesChecksums: true)) else {
            return false
        }
        let file = FolderTree(path: path).path(of: key)
        let descriptor = try FileDescriptor.open(file, O_RDONLY)
        if comparison == .checksum, let checksum = head.fullObjectChecksum, let algorithm = checksum.algorithm {
            var running = RunningChecksum(algorithm)
            try read(descriptor, file, head.size) { running.update($0) }
            return running.headerValue == checksum.value
        }
        if head.hasDigestETag, let etag = head.etag {
            var running: S3RunningETag?
            if head.digestETag != nil {
                running = S3RunningETag(.whole)
            } else if let layout = PartLayout(
                of: try await bucket.s3.headObject(bucket.head(key, partNumber: 1))
            ) {
                running = S3RunningETag(.equal(layout.partSize))
            }
            if var running {
                try read(descriptor, file, head.size) { running.update($0) }
                return running.etag == etag
            }
        }
        guard let checksum = head.fullObjectChecksum, let algorithm = checksum.algorithm else { return false }
        var running = RunningChecksum(algorithm)
        try read(descriptor, file, head.size) { running.update($0) }
        return running.headerValue == checksum.value
    }

    private func read(
        _ file: FileDescriptor,
        _ path: String,
        _ size: Int,
        _ update: (UnsafeRawBufferPointer) -> Void
    ) throws {
        var position = 0
        while position < size {
            try Task.checkCancellation()
            let bytes = try file.read(at: position, count: min(1 << 20, size - position), path)
            if bytes.isEmpty { return }
            bytes.withUnsafeBytes(update)
            position += bytes.count
        }
    }
}

extension Date {
    /// Since 1970, rounded down.
    fileprivate var wholeSeconds: Int { Int(timeIntervalSince1970.rounded(.down)) }
}
