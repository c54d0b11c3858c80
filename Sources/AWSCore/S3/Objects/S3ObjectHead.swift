package import struct FoundationEssentials.Date

/// What S3 says of an object apart from its bytes.
package struct S3ObjectHead: Sendable, Equatable {
    /// Bytes of the whole object, also when only a range was asked for.
    package var size: Int
    /// Bytes of what was asked for: the whole object, a range, or a part.
    package var contentLength: Int
    /// With its quotes, as S3 compares it; the MD5 only for simple uploads without KMS.
    package var etag: String?
    package var lastModified: Date?
    package var storageClass: S3StorageClass
    package var restoreStatus: S3RestoreStatus?
    /// `ARCHIVE_ACCESS` or `DEEP_ARCHIVE_ACCESS`: Intelligent-Tiering has archived it, and reading needs a restore.
    package var archiveStatus: String?
    package var versionID: String?
    package var content: S3ContentHeaders
    /// `AES256`, `aws:kms` or `aws:kms:dsse`.
    package var serverSideEncryption: String?
    package var kmsKeyID: String?
    package var metadata: S3Metadata
    /// How many metadata entries S3 has that no header can hold, and so leaves out.
    package var missingMetadataCount: Int
    /// How many tags there are; 0 also for a caller who may not read them.
    package var tagCount: Int
    /// In how many parts it was uploaded; only told when a part was asked for.
    package var partCount: Int?
    /// Of the whole object, or of the part that was asked for; only told when asked for.
    package var checksums: [S3Checksum]
    package var checksumType: S3ChecksumType?

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
        contentLength = headers["Content-Length"].flatMap { Int($0) } ?? size
        etag = headers["ETag"]
        lastModified = headers["Last-Modified"].flatMap(HTTPDate.parse)
        storageClass = S3StorageClass(headers["x-amz-storage-class"])
        restoreStatus = headers["x-amz-restore"].flatMap(S3RestoreStatus.init(header:))
        archiveStatus = headers["x-amz-archive-status"]
        versionID = headers["x-amz-version-id"]
        content = S3ContentHeaders(headers: headers)
        serverSideEncryption = headers["x-amz-server-side-encryption"]
        kmsKeyID = headers["x-amz-server-side-encryption-aws-kms-key-id"]
        metadata = S3Metadata(headers: headers)
        missingMetadataCount = headers["x-amz-missing-meta"].flatMap { Int($0) } ?? 0
        tagCount = headers["x-amz-tagging-count"].flatMap { Int($0) } ?? 0
        partCount = headers["x-amz-mp-parts-count"].flatMap { Int($0) }
        checksums = S3Checksum.all(in: headers)
        checksumType = headers["x-amz-checksum-type"].flatMap(S3ChecksumType.init)
    }
}
