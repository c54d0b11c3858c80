package import AWSCore

/// A bucket, or what is below a prefix of it, as one side of a sync.
package struct BucketSide: Sendable {
    package private(set) var s3: S3Client
    package let bucket: String
    /// Empty, or ends with a slash.
    package let prefix: String
    /// Whether the bucket would have to be made first, as a dry run finds it.
    package var isMissing = false

    package init(s3: S3Client, bucket: String, prefix: String = "") {
        self.s3 = s3
        self.bucket = bucket
        self.prefix = prefix
    }

    /// The same side for callers that pace their calls by what S3 says.
    func leavingThrottlingToCaller() -> BucketSide {
        var copy = self
        copy.s3 = S3Client(
            client: s3.client.leavingThrottlingToCaller(),
            region: s3.region,
            expectedBucketOwner: s3.expectedBucketOwner
        )
        return copy
    }

    /// The same side over connections of its own.
    func onAnotherThread() throws -> BucketSide {
        var copy = self
        copy.s3 = S3Client(
            client: try s3.client.onAnotherThread(),
            region: s3.region,
            expectedBucketOwner: s3.expectedBucketOwner
        )
        return copy
    }

    /// `s3://bucket/prefix`.
    package var name: String { "s3://\(bucket)/\(prefix)" }

    /// The object's whole key.
    func key(_ key: String) -> String { prefix + key }

    func head(_ key: String, includesChecksums: Bool = false, partNumber: Int? = nil) -> HeadObjectRequest {
        HeadObjectRequest(
            bucket: bucket,
            key: self.key(key),
            includesChecksums: includesChecksums,
            partNumber: partNumber
        )
    }

    func copySource(_ task: TransferTask) -> S3CopySource {
        S3CopySource(
            bucket: bucket,
            key: key(task.key),
            ifMatch: task.source.etag,
            expectedBucketOwner: s3.expectedBucketOwner
        )
    }
}

/// One side of a bucket sync.
package enum SyncSide: Sendable {
    case bucket(BucketSide)
    /// The path of a folder.
    case folder(String)

    package var name: String {
        switch self {
        case .bucket(let side): side.name
        case .folder(let path): path
        }
    }

    /// Whether keys here are the whole keys of objects, which cannot be empty.
    var isRoot: Bool {
        switch self {
        case .bucket(let side): side.prefix.isEmpty
        case .folder: true
        }
    }

    /// Whether a read or a write can be made to depend on what is known of an object: a listing need not tell its ETag.
    func isPinned(_ state: ObjectState) -> Bool {
        switch self {
        case .bucket: state.etag != nil
        case .folder: true
        }
    }

    /// What an object is like now; `nil` when there is none.
    ///
    /// - Parameter isSource: Whether links are followed in a folder.
    func state(of key: String, isSource: Bool) async throws -> ObjectState? {
        switch self {
        case .bucket(let side):
            return try await side.s3.headObjectIfPresent(side.head(key)).map { ObjectState($0) }
        case .folder(let path):
            return try FolderTree(path: path).state(of: key, followsLinks: isSource)
        }
    }

    /// Deletes an object, unless another is there by now.
    ///
    /// - Returns: whether it was deleted.
    func delete(_ key: String, ifUnchangedSince state: ObjectState) async throws -> Bool {
        switch self {
        case .bucket(let side):
            do {
                // Without an ETag to compare nothing tells whose object it is.
                guard let etag = state.etag else { return false }
                try await side.s3.deleteObject(bucket: side.bucket, key: side.key(key), ifMatch: etag)
                return true
            } catch let error as AWSError where error.isS3PreconditionFailed || error.isS3NotFound {
                return false
            }
        case .folder(let path):
            return try FolderTree(path: path).delete(key, ifUnchangedSince: state)
        }
    }
}

extension ObjectState {
    init(_ head: S3ObjectHead) {
        self.init(
            size: head.size,
            etag: head.etag,
            lastModified: head.lastModified,
            storageClass: head.storageClass,
            restoreStatus: head.restoreStatus
        )
    }
}
