package import struct FoundationEssentials.Date

/// What CopyObject copies, where to, and what the copy gets.
package struct CopyObjectRequest: Sendable, Equatable {
    /// Where content headers and metadata come from.
    package enum Metadata: Sendable, Equatable {
        /// From the source, but for ``S3ContentHeaders/websiteRedirectLocation``, which S3 leaves out.
        case copied
        case replaced(S3ContentHeaders, S3Metadata)
    }

    /// Where tags come from.
    package enum Tagging: Sendable, Equatable {
        /// From the source; needs `s3:GetObjectTagging` there and `s3:PutObjectTagging` here.
        case copied
        case replaced([S3Tag])
    }

    package var source: S3CopySource
    package var bucket: String
    package var key: String
    package var condition: S3WriteCondition?
    package var metadata: Metadata
    package var tagging: Tagging
    /// `nil` is `STANDARD`: S3 does not copy the source's.
    package var storageClass: S3StorageClass?
    package var encryption: S3Encryption?
    package var accessControl: S3CannedACL?
    /// The checksum that S3 computes of the copy; `nil` for the source's, or S3's default when it has none.
    package var checksumAlgorithm: ChecksumAlgorithm?

    package init(
        source: S3CopySource,
        bucket: String,
        key: String,
        condition: S3WriteCondition? = nil,
        metadata: Metadata = .copied,
        tagging: Tagging = .copied,
        storageClass: S3StorageClass? = nil,
        encryption: S3Encryption? = nil,
        accessControl: S3CannedACL? = nil,
        checksumAlgorithm: ChecksumAlgorithm? = nil
    ) {
        self.source = source
        self.bucket = bucket
        self.key = key
        self.condition = condition
        self.metadata = metadata
        self.tagging = tagging
        self.storageClass = storageClass
        self.encryption = encryption
        self.accessControl = accessControl
        self.checksumAlgorithm = checksumAlgorithm
    }

    fileprivate func add(to headers: inout HTTPHeaders) {
        source.add(to: &headers)
        condition?.add(to: &headers)
        if case .replaced(let content, let metadata) = metadata {
            headers["x-amz-metadata-directive"] = "REPLACE"
            content.add(to: &headers)
            metadata.add(to: &headers)
        }
        if case .replaced(let tags) = tagging {
            headers["x-amz-tagging-directive"] = "REPLACE"
            headers["x-amz-tagging"] = S3Tag.header(tags)
        }
        headers["x-amz-storage-class"] = storageClass?.name
        encryption?.add(to: &headers)
        headers["x-amz-acl"] = accessControl?.rawValue
        headers["x-amz-checksum-algorithm"] = checksumAlgorithm?.rawValue
    }
}

/// What S3 says of a copy.
package struct CopyObjectResult: Sendable, Equatable {
    package var etag: String?
    package var lastModified: Date?
    package var versionID: String?
    /// The version that was copied; `nil` when its bucket has no versions.
    package var sourceVersionID: String?
    package var checksums: [S3Checksum]
    package var checksumType: S3ChecksumType?
}

extension S3Client {
    /// CopyObject within S3; at most 5 GB.
    ///
    /// The call goes to the destination's Region. S3 answers 200 before it is done; an error that follows is found and
    /// tried again as any other. An answer that got lost is asked for again, see ``putObject(_:)``.
    ///
    /// - Throws: ``AWSError``: ``AWSError/isS3PreconditionFailed`` for a condition on either side,
    ///   ``AWSError/isS3NotFound``, `InvalidObjectState` for an archived source, `InvalidRequest` above 5 GB, …
    @discardableResult
    package func copyObject(_ copy: CopyObjectRequest) async throws -> CopyObjectResult {
        var request = try request("CopyObject", .put, bucket: copy.bucket, key: copy.key)
        request.failureMayFollowStatus200 = true
        // Nothing but a few blanks comes until a large copy is done.
        request.timeouts = Self.lateAnswer
        copy.add(to: &request.headers)
        let (document, response) = try await sendForXML(request, root: "CopyObjectResult")
        return CopyObjectResult(
            etag: document["ETag"]?.text,
            lastModified: (document["LastModified"]?.text).flatMap { Date(iso8601: $0) },
            versionID: response.headers["x-amz-version-id"],
            sourceVersionID: response.headers["x-amz-copy-source-version-id"],
            checksums: S3Checksum.all(in: document),
            checksumType: (document["ChecksumType"]?.text).flatMap(S3ChecksumType.init)
        )
    }

    /// For calls that S3 answers when bytes were copied within it.
    static let lateAnswer = HTTPTimeouts(total: .seconds(900), stall: nil)
}
