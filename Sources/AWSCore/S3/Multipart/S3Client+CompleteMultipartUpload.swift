/// What S3 says of an object that it put together.
package struct CompleteMultipartUploadResult: Sendable, Equatable {
    /// With its quotes; ends in `-` and the number of parts.
    package var etag: String?
    package var versionID: String?
    package var checksums: [S3Checksum]
    package var checksumType: S3ChecksumType?
}

extension S3Client {
    /// CompleteMultipartUpload: makes an object of the parts.
    ///
    /// S3 answers 200 before it is done; an error that follows is found and tried again. An answer that got lost is
    /// asked for again: ``AWSError/isS3NotFound`` may then mean that the first attempt made the object and its upload
    /// is gone, so that the caller must look at the object. S3 keeps the parts when a condition does not hold.
    ///
    /// - Parameters:
    ///   - parts: all that the object is to have, by rising number, with their checksums when the upload has any.
    ///   - objectSize: the sum of the parts' bytes, which S3 then compares; `nil` for no check.
    ///   - checksum: of the whole object, for uploads of type ``S3ChecksumType/fullObject``; S3 then compares it.
    /// - Throws: ``AWSError``: ``AWSError/isS3PreconditionFailed``, ``AWSError/isS3Conflict`` (begin the upload anew),
    ///   `InvalidPart`, `EntityTooSmall`, `BadDigest`, …
    package func completeMultipartUpload(
        _ upload: S3MultipartUpload,
        parts: [S3UploadedPart],
        condition: S3WriteCondition? = nil,
        objectSize: Int? = nil,
        checksum: S3Checksum? = nil,
        checksumType: S3ChecksumType? = nil
    ) async throws -> CompleteMultipartUploadResult {
        var request = try request(
            "CompleteMultipartUpload",
            .post,
            bucket: upload.bucket,
            key: upload.key,
            query: upload.query()
        )
        request.failureMayFollowStatus200 = true
        request.timeouts = Self.lateAnswer
        condition?.add(to: &request.headers)
        request.headers["x-amz-mp-object-size"] = objectSize.map(String.init)
        if let checksum { request.headers[checksum.headerName] = checksum.value }
        request.headers["x-amz-checksum-type"] = checksumType?.rawValue
        request.headers["Content-Type"] = "application/xml"
        let document = XMLElement(name: "CompleteMultipartUpload", children: parts.map(\.element))
        request.body = .bytes(document.serialized(namespace: Self.namespace))
        let (answer, response) = try await sendForXML(request, root: "CompleteMultipartUploadResult")
        return CompleteMultipartUploadResult(
            etag: answer["ETag"]?.text,
            versionID: response.headers["x-amz-version-id"],
            checksums: S3Checksum.all(in: answer),
            checksumType: (answer["ChecksumType"]?.text).flatMap(S3ChecksumType.init)
        )
    }

    /// AbortMultipartUpload: throws the parts away; succeeds as well when the upload is no longer there.
    ///
    /// A part whose upload still runs may stay behind: abort again when it has ended.
    package func abortMultipartUpload(_ upload: S3MultipartUpload) async throws {
        let request = try request(
            "AbortMultipartUpload",
            .delete,
            bucket: upload.bucket,
            key: upload.key,
            query: upload.query()
        )
        do { _ = try await client.send(request) } catch let error as AWSError where error.code == "NoSuchUpload" {}
    }
}
