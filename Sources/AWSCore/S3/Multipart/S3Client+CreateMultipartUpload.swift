/// The checksum that an object gets that is uploaded in parts.
package struct S3MultipartChecksum: Sendable, Equatable {
    package var algorithm: ChecksumAlgorithm
    /// `CRC64NVME` is always of the full object, `SHA1` and `SHA256` are always composite.
    package var type: S3ChecksumType

    package init(_ algorithm: ChecksumAlgorithm, _ type: S3ChecksumType) {
        self.algorithm = algorithm
        self.type = type
    }
}

extension S3Client {
    /// CreateMultipartUpload: begins an upload in parts, with all that the object gets besides its bytes.
    ///
    /// A lost answer leaves an upload behind of which nobody knows; a lifecycle rule of the bucket clears up after such.
    package func createMultipartUpload(
        bucket: String,
        key: String,
        properties: S3ObjectProperties = S3ObjectProperties(),
        checksum: S3MultipartChecksum? = nil
    ) async throws -> S3MultipartUpload {
        var request = try request(
            "CreateMultipartUpload",
            .post,
            bucket: bucket,
            key: key,
            query: [QueryItem("uploads")]
        )
        request.headers["Content-Type"] = "application/octet-stream"
        properties.add(to: &request.headers)
        request.headers["x-amz-checksum-algorithm"] = checksum?.algorithm.rawValue
        request.headers["x-amz-checksum-type"] = checksum?.type.rawValue
        let (document, response) = try await sendForXML(request, root: "InitiateMultipartUploadResult")
        guard let uploadID = document["UploadId"]?.text, !uploadID.isEmpty else {
            throw malformed("the answer has no UploadId", response: response, of: request)
        }
        return S3MultipartUpload(bucket: bucket, key: key, uploadID: uploadID)
    }
}
