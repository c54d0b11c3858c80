package import AWSCore

/// A bucket, or what is below a prefix of it, as one side of a sync.
package struct BucketSide: Sendable {
    package let s3: S3Client
    package let bucket: String
    /// Empty, or ends with a slash.
    package let prefix: String

    package init(s3: S3Client, bucket: String, prefix: String = "") {
        self.s3 = s3
        self.bucket = bucket
        self.prefix = prefix
    }

    /// `s3://bucket/prefix`.
    package var name: String { "s3://\(bucket)/\(prefix)" }

    /// The object's whole key.
    func key(_ key: String) -> String { prefix + key }
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
}
