extension S3Client {
    /// UploadPart: sends one part's bytes, 5 MiB to 5 GiB, the last also less.
    ///
    /// The same number again replaces the part.
    ///
    /// - Parameters:
    ///   - number: from 1 to 10,000.
    ///   - checksum: of the algorithm that the upload was created with.
    /// - Throws: ``AWSError``: ``AWSError/isS3NotFound`` when the upload was completed or aborted, `BadDigest`, …
    package func uploadPart(
        _ upload: S3MultipartUpload,
        number: Int,
        body: HTTPRequestBody,
        checksum: S3UploadChecksum = .computed(.crc32)
    ) async throws -> S3UploadedPart {
        var request = try request(
            "UploadPart",
            .put,
            bucket: upload.bucket,
            key: upload.key,
            query: upload.query(QueryItem("partNumber", String(number)))
        )
        request.setBody(body, checksum: checksum)
        let response = try await client.send(request)
        guard let etag = response.headers["ETag"] else {
            throw malformed("the answer has no ETag", response: response, of: request)
        }
        return S3UploadedPart(
            number: number,
            etag: etag,
            size: body.length,
            checksums: S3Checksum.all(in: response.headers)
        )
    }

    /// UploadPartCopy: makes a part of the source's bytes within S3, at most 5 GiB.
    ///
    /// - Parameters:
    ///   - range: the source's bytes, from 0; `nil` for all. Not empty, and not behind the source's end.
    /// - Throws: ``AWSError``: ``AWSError/isS3PreconditionFailed`` when the source changed meanwhile, …
    package func uploadPartCopy(
        _ upload: S3MultipartUpload,
        number: Int,
        from source: S3CopySource,
        range: Range<Int>? = nil
    ) async throws -> S3UploadedPart {
        var request = try request(
            "UploadPartCopy",
            .put,
            bucket: upload.bucket,
            key: upload.key,
            query: upload.query(QueryItem("partNumber", String(number)))
        )
        request.failureMayFollowStatus200 = true
        request.timeouts = Self.lateAnswer
        source.add(to: &request.headers)
        if let range {
            guard !range.isEmpty, range.lowerBound >= 0 else { throw invalid(range, for: request) }
            request.headers["x-amz-copy-source-range"] = "bytes=\(range.lowerBound)-\(range.upperBound - 1)"
        }
        let (document, response) = try await sendForXML(request, root: "CopyPartResult")
        guard let etag = document["ETag"]?.text else {
            throw malformed("the answer has no ETag", response: response, of: request)
        }
        return S3UploadedPart(
            number: number,
            etag: etag,
            size: range?.count,
            checksums: S3Checksum.all(in: document)
        )
    }
}
