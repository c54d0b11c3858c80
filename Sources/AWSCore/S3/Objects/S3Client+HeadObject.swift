/// What HeadObject is asked for.
package struct HeadObjectRequest: Sendable, Equatable {
    package var bucket: String
    package var key: String
    package var versionID: String?
    /// Whether ``S3ObjectHead/checksums`` are wanted; needs `kms:Decrypt` for an object encrypted with a KMS key.
    package var includesChecksums: Bool
    /// Fails with 412 when the object has another ETag by now.
    package var ifMatch: String?
    /// The part to tell of, from 1: ``S3ObjectHead/partCount``, and its size as ``S3ObjectHead/contentLength``.
    package var partNumber: Int?

    package init(
        bucket: String,
        key: String,
        versionID: String? = nil,
        includesChecksums: Bool = false,
        ifMatch: String? = nil,
        partNumber: Int? = nil
    ) {
        self.bucket = bucket
        self.key = key
        self.versionID = versionID
        self.includesChecksums = includesChecksums
        self.ifMatch = ifMatch
        self.partNumber = partNumber
    }
}

extension S3Client {
    /// HeadObject.
    ///
    /// - Throws: ``AWSError``: `NotFound` also for a missing bucket, because the answer has no body that would say
    ///   more; `AccessDenied` for a missing key too, when the caller may not list the bucket.
    package func headObject(_ head: HeadObjectRequest) async throws -> S3ObjectHead {
        var request = try request("HeadObject", .head, bucket: head.bucket, key: head.key, versionID: head.versionID)
        if let part = head.partNumber { request.query.append(QueryItem("partNumber", String(part))) }
        if head.includesChecksums { request.headers["x-amz-checksum-mode"] = "ENABLED" }
        request.headers["If-Match"] = head.ifMatch
        let response = try await client.send(request)
        guard let head = S3ObjectHead(headers: response.headers) else {
            throw malformed("there is no Content-Length", response: response, of: request)
        }
        return head
    }

    /// HeadObject, with `nil` for an object that is not there.
    ///
    /// - Throws: ``AWSError`` for every other failure, a missing bucket excepted, which HEAD cannot tell apart.
    package func headObjectIfPresent(_ head: HeadObjectRequest) async throws -> S3ObjectHead? {
        do {
            return try await headObject(head)
        } catch let error as AWSError where error.isS3NotFound {
            return nil
        }
    }
}
