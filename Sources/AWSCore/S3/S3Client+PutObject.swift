/// What PutObject stores.
package struct PutObjectRequest: Sendable {
    /// When an object may be written.
    package enum Condition: Sendable, Equatable {
        /// Only when there is no object of that key (`If-None-Match: *`).
        case absent
        /// Only over the object with that ETag.
        case etag(String)
    }

    package var bucket: String
    package var key: String
    /// At most 5 GB.
    package var body: HTTPRequestBody
    package var contentType: String?
    package var contentEncoding: String?
    package var condition: Condition?
    /// S3 refuses bytes that arrive with another checksum, and keeps it with the object.
    package var checksum: ChecksumAlgorithm
    package var storageClass: S3StorageClass?
    package var encryption: S3Encryption?
    package var metadata: [String: String]
    package var tags: [String: String]

    package init(
        bucket: String,
        key: String,
        body: HTTPRequestBody,
        contentType: String? = nil,
        contentEncoding: String? = nil,
        condition: Condition? = nil,
        checksum: ChecksumAlgorithm = .crc32,
        storageClass: S3StorageClass? = nil,
        encryption: S3Encryption? = nil,
        metadata: [String: String] = [:],
        tags: [String: String] = [:]
    ) {
        self.bucket = bucket
        self.key = key
        self.body = body
        self.contentType = contentType
        self.contentEncoding = contentEncoding
        self.condition = condition
        self.checksum = checksum
        self.storageClass = storageClass
        self.encryption = encryption
        self.metadata = metadata
        self.tags = tags
    }
}

/// How S3 encrypts an object; without it, as the bucket says.
package enum S3Encryption: Sendable, Equatable {
    /// With S3's own keys.
    case aes256
    /// With a KMS key, by id, alias or ARN; `nil` for the account's `aws/s3`.
    case kms(keyID: String?)

    func add(to headers: inout HTTPHeaders) {
        switch self {
        case .aes256:
            headers["x-amz-server-side-encryption"] = "AES256"
        case .kms(let keyID):
            headers["x-amz-server-side-encryption"] = "aws:kms"
            headers["x-amz-server-side-encryption-aws-kms-key-id"] = keyID
        }
    }
}

/// What S3 says of an object that was written.
package struct PutObjectResult: Sendable, Equatable {
    package var etag: String?
    /// `nil` when the bucket has no versions.
    package var versionID: String?
}

extension S3Client {
    /// PutObject.
    ///
    /// A stream is sent as it is produced, with its checksum behind it. An answer that got lost is asked for again:
    /// with ``PutObjectRequest/Condition/absent`` the second attempt then finds the first one's object and fails with
    /// 412, so that a caller who gets 412 must look whose object is there.
    ///
    /// - Throws: ``AWSError``: `PreconditionFailed` when the condition does not hold, `AccessDenied`, `NoSuchBucket`, …
    @discardableResult
    package func putObject(_ put: PutObjectRequest) async throws -> PutObjectResult {
        var request = try request("PutObject", .put, bucket: put.bucket, key: put.key)
        request.body = put.body
        request.headers["Content-Type"] = put.contentType ?? "application/octet-stream"
        request.headers["Content-Encoding"] = put.contentEncoding
        request.headers["x-amz-storage-class"] = put.storageClass?.name
        put.encryption?.add(to: &request.headers)
        for (name, value) in put.metadata.sorted(by: { $0.key < $1.key }) {
            request.headers["x-amz-meta-\(name)"] = value
        }
        if !put.tags.isEmpty {
            let tags = put.tags.sorted { $0.key < $1.key }.map { QueryItem($0.key, $0.value) }
            request.headers["x-amz-tagging"] = URIEncoding.query(tags)
        }
        switch put.condition {
        case nil: break
        case .absent: request.headers["If-None-Match"] = "*"
        case .etag(let etag): request.headers["If-Match"] = etag
        }
        switch put.body {
        case .empty: request.headers[put.checksum.headerName] = put.checksum.headerValue([])
        case .bytes(let bytes): request.headers[put.checksum.headerName] = put.checksum.headerValue(bytes)
        case .stream: request.payload = .checksummedStream(put.checksum)
        }
        request.headers["x-amz-sdk-checksum-algorithm"] = put.checksum.rawValue
        let response = try await client.send(request)
        return PutObjectResult(
            etag: response.headers["ETag"],
            versionID: response.headers["x-amz-version-id"]
        )
    }
}
