package import AWSCore

/// The backup bucket, as far as reading backups needs it: one bucket, read only.
///
/// Implementations may be called from any number of tasks at once and retry by themselves what is worth it.
package protocol BackupObjectStore: Sendable {
    /// The bucket's name.
    var bucket: String { get }

    /// One page of keys and, where a delimiter is given, of common prefixes, in the order of their UTF-8 bytes.
    ///
    /// A delimiter may have several characters.
    ///
    /// - Parameters:
    ///   - startAfter: gives only what comes behind this key; used for the first page.
    ///   - continuationToken: the page before this one's; takes `startAfter`'s place.
    func list(
        prefix: String,
        delimiter: String?,
        startAfter: String?,
        continuationToken: String?
    ) async throws -> ListObjectsV2Page

    /// The object's bytes; `nil` when it is not there.
    ///
    /// - Throws: ``AWSError`` for everything else, such as `InvalidObjectState` for an archived one; ``HTTPError`` of
    ///   code ``HTTPError/Code/responseTooLarge``.
    func get(_ key: String, maximumBytes: Int) async throws -> [UInt8]?

    /// What S3 says of the object; `nil` when it is not there.
    func head(_ key: String) async throws -> S3ObjectHead?

    /// The object's bytes while they arrive; `nil` when it is not there.
    func stream(_ key: String) async throws -> HTTPResponseStream?
}

extension BackupObjectStore {
    /// For messages: `s3://my-backups`.
    package var name: String { "s3://\(bucket)" }
}

/// The backup bucket in S3.
package struct S3BackupStore: BackupObjectStore {
    package let client: S3Client
    package let bucket: String

    package init(client: S3Client, bucket: String) {
        self.client = client
        self.bucket = bucket
    }

    package func list(
        prefix: String,
        delimiter: String?,
        startAfter: String?,
        continuationToken: String?
    ) async throws -> ListObjectsV2Page {
        let request = ListObjectsV2Request(
            bucket: bucket,
            prefix: prefix.isEmpty ? nil : prefix,
            delimiter: delimiter,
            startAfter: startAfter,
            includesRestoreStatus: true
        )
        return try await client.listObjectsV2Page(request, continuationToken: continuationToken)
    }

    package func get(_ key: String, maximumBytes: Int) async throws -> [UInt8]? {
        try await client.getObjectIfPresent(GetObjectRequest(bucket: bucket, key: key), maximumBytes: maximumBytes)?
            .bytes
    }

    package func head(_ key: String) async throws -> S3ObjectHead? {
        try await client.headObjectIfPresent(HeadObjectRequest(bucket: bucket, key: key))
    }

    package func stream(_ key: String) async throws -> HTTPResponseStream? {
        do {
            return try await client.streamObject(GetObjectRequest(bucket: bucket, key: key)).body
        } catch let error as AWSError where error.code == "NoSuchKey" {
            return nil
        }
    }
}
