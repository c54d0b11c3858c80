package import struct FoundationEssentials.Date

/// What CopyObject copies, and where to.
package struct CopyObjectRequest: Sendable, Equatable {
    package var sourceBucket: String
    package var sourceKey: String
    package var sourceVersionID: String?
    /// The account that the source bucket must belong to; `nil` for no check.
    package var sourceBucketOwner: String?
    /// Fails with 412 when the source has another ETag by now.
    package var sourceIfMatch: String?
    package var bucket: String
    package var key: String
    package var condition: PutObjectRequest.Condition?
    /// `nil` is `STANDARD`: S3 does not copy the source's.
    package var storageClass: S3StorageClass?
    package var encryption: S3Encryption?

    package init(
        sourceBucket: String,
        sourceKey: String,
        sourceVersionID: String? = nil,
        sourceBucketOwner: String? = nil,
        sourceIfMatch: String? = nil,
        bucket: String,
        key: String,
        condition: PutObjectRequest.Condition? = nil,
        storageClass: S3StorageClass? = nil,
        encryption: S3Encryption? = nil
    ) {
        self.sourceBucket = sourceBucket
        self.sourceKey = sourceKey
        self.sourceVersionID = sourceVersionID
        self.sourceBucketOwner = sourceBucketOwner
        self.sourceIfMatch = sourceIfMatch
        self.bucket = bucket
        self.key = key
        self.condition = condition
        self.storageClass = storageClass
        self.encryption = encryption
    }
}

/// What S3 says of a copy.
package struct CopyObjectResult: Sendable, Equatable {
    package var etag: String?
    package var lastModified: Date?
    package var versionID: String?
}

extension S3Client {
    /// CopyObject within S3, metadata and tags included; at most 5 GB.
    ///
    /// The call goes to the destination's Region. S3 answers 200 before it is done; an error that follows is found and
    /// tried again as any other.
    @discardableResult
    package func copyObject(_ copy: CopyObjectRequest) async throws -> CopyObjectResult {
        var request = try request("CopyObject", .put, bucket: copy.bucket, key: copy.key)
        request.failureMayFollowStatus200 = true
        // Nothing but a few blanks comes until a large copy is done.
        request.timeouts = HTTPTimeouts(total: .seconds(900), stall: nil)
        var source = "/\(copy.sourceBucket)/\(URIEncoding.encodePath(copy.sourceKey))"
        if let version = copy.sourceVersionID { source += "?versionId=\(URIEncoding.encode(version))" }
        request.headers["x-amz-copy-source"] = source
        request.headers["x-amz-copy-source-if-match"] = copy.sourceIfMatch
        request.headers["x-amz-source-expected-bucket-owner"] = copy.sourceBucketOwner
        request.headers["x-amz-storage-class"] = copy.storageClass?.name
        copy.encryption?.add(to: &request.headers)
        switch copy.condition {
        case nil: break
        case .absent: request.headers["If-None-Match"] = "*"
        case .etag(let etag): request.headers["If-Match"] = etag
        }
        let (document, response) = try await sendForXML(request, root: "CopyObjectResult")
        return CopyObjectResult(
            etag: document["ETag"]?.text,
            lastModified: (document["LastModified"]?.text).flatMap(S3Date.parse),
            versionID: response.headers["x-amz-version-id"]
        )
    }
}
