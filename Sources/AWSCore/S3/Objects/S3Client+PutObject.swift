/// What PutObject stores.
package struct PutObjectRequest: Sendable {
    package var bucket: String
    package var key: String
    /// At most 5 GB.
    package var body: HTTPRequestBody
    /// A type is `application/octet-stream` when there is none.
    package var properties: S3ObjectProperties
    package var condition: S3WriteCondition?
    package var checksum: S3UploadChecksum

    package init(
        bucket: String,
        key: String,
        body: HTTPRequestBody,
        properties: S3ObjectProperties = S3ObjectProperties(),
        condition: S3WriteCondition? = nil,
        checksum: S3UploadChecksum = .computed(.crc32)
    ) {
        self.bucket = bucket
        self.key = key
        self.body = body
        self.properties = properties
        self.condition = condition
        self.checksum = checksum
    }
}

/// The checksum that goes along with bytes: S3 refuses other bytes, and keeps it with the object.
package enum S3UploadChecksum: Sendable, Equatable {
    /// Computed while the bytes are sent.
    case computed(ChecksumAlgorithm)
    /// Known beforehand, as that of the object of which this is a copy; must not be a composite one.
    case known(S3Checksum)
}

/// What S3 says of an object that was written.
package struct PutObjectResult: Sendable, Equatable {
    package var etag: String?
    /// `nil` when the bucket has no versions.
    package var versionID: String?
    /// As S3 computed them.
    package var checksums: [S3Checksum]
}

extension S3Client {
    /// PutObject.
    ///
    /// A stream is sent as it is produced, with its checksum behind it. An answer that got lost is asked for again:
    /// with ``S3WriteCondition/absent`` the second attempt then finds the first one's object and fails with 412, so that
    /// a caller who gets 412 must look whose object is there.
    ///
    /// - Throws: ``AWSError``: ``AWSError/isS3PreconditionFailed`` when the condition does not hold,
    ///   ``AWSError/isS3Conflict``, `BadDigest`, `AccessDenied`, `NoSuchBucket`, …
    @discardableResult
    package func putObject(_ put: PutObjectRequest) async throws -> PutObjectResult {
        var request = try request("PutObject", .put, bucket: put.bucket, key: put.key)
        request.headers["Content-Type"] = "application/octet-stream"
        put.properties.add(to: &request.headers)
        put.condition?.add(to: &request.headers)
        request.setBody(put.body, checksum: put.checksum)
        let response = try await client.send(request)
        return PutObjectResult(
            etag: response.headers["ETag"],
            versionID: response.headers["x-amz-version-id"],
            checksums: S3Checksum.all(in: response.headers)
        )
    }
}

extension AWSRequest {
    /// Gives the call a body and its checksum, in a header when it is known before the body is sent.
    mutating func setBody(_ body: HTTPRequestBody, checksum: S3UploadChecksum) {
        self.body = body
        switch (checksum, body) {
        case (.known(let checksum), _):
            headers[checksum.headerName] = checksum.value
            headers["x-amz-sdk-checksum-algorithm"] = checksum.name
        case (.computed(let algorithm), .stream):
            payload = .checksummedStream(algorithm)
            headers["x-amz-sdk-checksum-algorithm"] = algorithm.rawValue
        case (.computed(let algorithm), .bytes(let bytes)):
            headers[algorithm.headerName] = algorithm.headerValue(bytes)
            headers["x-amz-sdk-checksum-algorithm"] = algorithm.rawValue
        case (.computed(let algorithm), .empty):
            headers[algorithm.headerName] = algorithm.headerValue([])
            headers["x-amz-sdk-checksum-algorithm"] = algorithm.rawValue
        }
    }

    /// Gives the call an XML body, with the checksum that S3 wants of most documents.
    mutating func setXML(_ document: [UInt8]) {
        headers["Content-Type"] = "application/xml"
        setBody(.bytes(document), checksum: .computed(.crc32))
    }
}
