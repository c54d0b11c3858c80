package import struct FoundationEssentials.Date

/// What S3 says of an object apart from its bytes.
package struct S3ObjectHead: Sendable, Equatable {
    /// Bytes of the whole object, also when only a range was asked for.
    package var size: Int
    /// With its quotes, as S3 compares it; the MD5 only for simple uploads without KMS.
    package var etag: String?
    package var lastModified: Date?
    package var storageClass: S3StorageClass
    package var restoreStatus: S3RestoreStatus?
    /// `ARCHIVE_ACCESS` or `DEEP_ARCHIVE_ACCESS`: Intelligent-Tiering has archived it, and reading needs a restore.
    package var archiveStatus: String?
    package var versionID: String?
    package var contentType: String?
    package var contentEncoding: String?
    /// `AES256`, `aws:kms` or `aws:kms:dsse`.
    package var serverSideEncryption: String?
    package var kmsKeyID: String?
    /// The object's own metadata by lower-case name, without `x-amz-meta-`.
    package var metadata: [String: String]

    /// Whether GetObject and CopyObject work now.
    package func isReadable(at now: Date) -> Bool {
        guard storageClass.needsRestore || archiveStatus != nil else { return true }
        return switch restoreStatus {
        case nil, .inProgress: false
        case .restored(let until): until.map { $0 > now } ?? true
        }
    }

    /// - Returns: `nil` when the headers do not say how large the object is.
    package init?(headers: HTTPHeaders) {
        let total = headers["Content-Range"].flatMap { $0.split(separator: "/").last.flatMap { Int($0) } }
        guard let size = total ?? headers["Content-Length"].flatMap({ Int($0) }) else { return nil }
        self.size = size
        etag = headers["ETag"]
        lastModified = headers["Last-Modified"].flatMap(HTTPDate.parse)
        storageClass = S3StorageClass(headers["x-amz-storage-class"])
        restoreStatus = headers["x-amz-restore"].flatMap(S3RestoreStatus.init(header:))
        archiveStatus = headers["x-amz-archive-status"]
        versionID = headers["x-amz-version-id"]
        contentType = headers["Content-Type"]
        contentEncoding = headers["Content-Encoding"]
        serverSideEncryption = headers["x-amz-server-side-encryption"]
        kmsKeyID = headers["x-amz-server-side-encryption-aws-kms-key-id"]
        metadata = [:]
        let prefix = "x-amz-meta-"
        for field in headers.fields {
            let name = field.name.lowercased()
            if name.hasPrefix(prefix) { metadata[String(name.dropFirst(prefix.count))] = field.value }
        }
    }
}

extension S3Client {
    /// HeadObject.
    ///
    /// - Throws: ``AWSError``: `NotFound` also for a missing bucket, because the answer has no body that would say
    ///   more; `AccessDenied` for a missing key too, when the caller may not list the bucket.
    package func headObject(bucket: String, key: String, versionID: String? = nil) async throws -> S3ObjectHead {
        let request = try request("HeadObject", .head, bucket: bucket, key: key, versionID: versionID)
        let response = try await client.send(request)
        guard let head = S3ObjectHead(headers: response.headers) else {
            throw malformed("there is no Content-Length", response: response, of: request)
        }
        return head
    }

    /// HeadObject, with `nil` for an object that is not there.
    ///
    /// - Throws: ``AWSError`` for every other failure, a missing bucket excepted, which HEAD cannot tell apart.
    package func headObjectIfPresent(
        bucket: String,
        key: String,
        versionID: String? = nil
    ) async throws -> S3ObjectHead? {
        do {
            return try await headObject(bucket: bucket, key: key, versionID: versionID)
        } catch let error as AWSError where error.isS3NotFound {
            return nil
        }
    }
}
