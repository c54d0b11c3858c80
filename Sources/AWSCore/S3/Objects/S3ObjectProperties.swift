/// What a new object gets besides its bytes.
package struct S3ObjectProperties: Sendable, Equatable {
    package var content: S3ContentHeaders
    package var metadata: S3Metadata
    package var tags: [S3Tag]
    /// `nil` is `STANDARD`.
    package var storageClass: S3StorageClass?
    /// `nil` is what the bucket says.
    package var encryption: S3Encryption?
    package var accessControl: S3CannedACL?

    package init(
        content: S3ContentHeaders = S3ContentHeaders(),
        metadata: S3Metadata = S3Metadata(),
        tags: [S3Tag] = [],
        storageClass: S3StorageClass? = nil,
        encryption: S3Encryption? = nil,
        accessControl: S3CannedACL? = nil
    ) {
        self.content = content
        self.metadata = metadata
        self.tags = tags
        self.storageClass = storageClass
        self.encryption = encryption
        self.accessControl = accessControl
    }

    func add(to headers: inout HTTPHeaders) {
        content.add(to: &headers)
        metadata.add(to: &headers)
        if !tags.isEmpty { headers["x-amz-tagging"] = S3Tag.header(tags) }
        headers["x-amz-storage-class"] = storageClass?.name
        encryption?.add(to: &headers)
        headers["x-amz-acl"] = accessControl?.rawValue
    }
}

/// How S3 encrypts an object; without it, as the bucket says.
package enum S3Encryption: Sendable, Equatable {
    /// With S3's own keys.
    case aes256
    /// With a KMS key, by id, alias or ARN; `nil` for the account's `aws/s3`.
    case kms(keyID: String?)
    /// The same, in two layers.
    case kmsDSSE(keyID: String?)

    func add(to headers: inout HTTPHeaders) {
        let keyID: String?
        switch self {
        case .aes256:
            headers["x-amz-server-side-encryption"] = "AES256"
            keyID = nil
        case .kms(let key):
            headers["x-amz-server-side-encryption"] = "aws:kms"
            keyID = key
        case .kmsDSSE(let key):
            headers["x-amz-server-side-encryption"] = "aws:kms:dsse"
            keyID = key
        }
        headers["x-amz-server-side-encryption-aws-kms-key-id"] = keyID
    }
}

/// Whom an object belongs to; only for buckets that still have access control lists.
package enum S3CannedACL: String, Sendable {
    case `private`
    /// For a bucket of another account: its owner gets all rights.
    case bucketOwnerFullControl = "bucket-owner-full-control"
}
