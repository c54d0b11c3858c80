import AWSCore
import Glibc

/// SHA-256 of all bytes of an object or file, read piece by piece.
enum ContentDigest {
    /// How often a connection may break before the comparison gives up.
    private static let attempts = 6

    /// - Parameter state: what is to be read; nothing else is.
    /// - Returns: `nil` when it is another object or file by now.
    /// - Throws: ``AWSError``, with 412 for another object; ``FileError``; ``HTTPError``.
    static func of(_ key: String, _ state: ObjectState, _ side: SyncSide, isSource: Bool) async throws -> SHA256Digest?
    {
        switch side {
        case .bucket(let bucket): return try await object(key, state, bucket)
        case .folder(let path):
            let digest = try file(FolderTree(path: path).path(of: key), state.size)
            guard let now = try await side.state(of: key, isSource: isSource), now.isSameFile(as: state) else {
                return nil
            }
            return digest
        }
    }

    private static func object(_ key: String, _ state: ObjectState, _ bucket: BucketSide) async throws -> SHA256Digest?
    {
        let get = GetObjectRequest(bucket: bucket.bucket, key: bucket.key(key), ifMatch: state.etag)
        var attempt = 1
        while true {
            do {
                var hash = SHA256()
                var count = 0
                for try await chunk in try await bucket.s3.streamObject(get).body {
                    chunk.withUnsafeBytes { hash.update($0) }
                    count += chunk.count
                }
                return count == state.size ? hash.finalize() : nil
            } catch let error as HTTPError where error.isTransient && attempt < attempts {
                attempt += 1
            }
        }
    }

    private static func file(_ path: String, _ size: Int) throws -> SHA256Digest? {
        let file = try FileDescriptor.open(path, O_RDONLY)
        var hash = SHA256()
        var position = 0
        while position < size {
            try Task.checkCancellation()
            let bytes = try file.read(at: position, count: min(1 << 20, size - position), path)
            guard !bytes.isEmpty else { return nil }
            bytes.withUnsafeBytes { hash.update($0) }
            position += bytes.count
        }
        return hash.finalize()
    }
}
