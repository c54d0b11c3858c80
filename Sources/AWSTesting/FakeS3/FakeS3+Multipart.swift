import AWSCore

extension FakeS3.State {
    mutating func createUpload(_ call: FakeS3Call) -> HTTPResponse {
        lastUpload += 1
        let id = "upload-\(lastUpload)"
        uploads[id] = FakeS3Upload(
            bucket: call.bucket,
            key: FakeS3Key(call.key),
            template: template(call),
            algorithm: call.headers["x-amz-checksum-algorithm"]
        )
        return .xml(
            "<InitiateMultipartUploadResult><Bucket>\(call.bucket)</Bucket><UploadId>\(id)</UploadId>"
                + "</InitiateMultipartUploadResult>"
        )
    }

    /// The upload and part number that a call names.
    private func upload(_ call: FakeS3Call) -> (id: String, number: Int)? {
        guard let id = call.query["uploadId"], let upload = uploads[id], upload.bucket == call.bucket,
            upload.key == FakeS3Key(call.key)
        else { return nil }
        return (id, call.query["partNumber"].flatMap { Int($0) } ?? 0)
    }

    mutating func uploadPart(_ call: FakeS3Call) -> HTTPResponse {
        guard let (id, number) = upload(call), let upload = uploads[id] else { return .s3Error("NoSuchUpload", 404) }
        uploads[id]?.parts[number] = call.body
        var headers: HTTPHeaders = ["ETag": FakeS3.etag(call.body, parts: [])]
        if let (name, value) = checksum(upload, call.body) { headers["x-amz-checksum-\(name.lowercased())"] = value }
        return HTTPResponse(status: 200, headers: headers)
    }

    mutating func uploadPartCopy(_ call: FakeS3Call) -> HTTPResponse {
        guard let (id, number) = upload(call), let upload = uploads[id] else { return .s3Error("NoSuchUpload", 404) }
        let (source, refused) = copySource(call)
        guard let source else { return refused ?? .s3Error("InternalError", 500) }
        var bytes = source.bytes
        if let range = call.headers["x-amz-copy-source-range"] {
            let numbers = range.dropFirst("bytes=".count).split(separator: "-").compactMap { Int($0) }
            guard numbers.count == 2, numbers[1] < bytes.count else { return .s3Error("InvalidRange", 416) }
            bytes = Array(bytes[numbers[0]...numbers[1]])
        }
        uploads[id]?.parts[number] = bytes
        let sum = checksum(upload, bytes).map { "<Checksum\($0)>\($1)</Checksum\($0)>" } ?? ""
        return .xml(
            "<CopyPartResult><ETag>\(FakeS3.etag(bytes, parts: []).xmlEscaped)</ETag>\(sum)</CopyPartResult>"
        )
    }

    private func checksum(_ upload: FakeS3Upload, _ bytes: [UInt8]) -> (String, String)? {
        guard let name = upload.algorithm, let algorithm = ChecksumAlgorithm(rawValue: name) else { return nil }
        return (name, algorithm.headerValue(bytes))
    }

    func listParts(_ call: FakeS3Call) -> HTTPResponse {
        guard let (id, _) = upload(call), let upload = uploads[id] else { return .s3Error("NoSuchUpload", 404) }
        let parts = upload.parts.sorted { $0.key < $1.key }.map { number, bytes in
            let sum = checksum(upload, bytes).map { "<Checksum\($0)>\($1)</Checksum\($0)>" } ?? ""
            return "<Part><PartNumber>\(number)</PartNumber><ETag>\(FakeS3.etag(bytes, parts: []).xmlEscaped)</ETag>"
                + "<Size>\(bytes.count)</Size>\(sum)</Part>"
        }
        return .xml("<ListPartsResult><IsTruncated>false</IsTruncated>\(parts.joined())</ListPartsResult>")
    }

    mutating func completeUpload(_ call: FakeS3Call) -> HTTPResponse {
        guard let (id, _) = upload(call), let upload = uploads[id] else { return .s3Error("NoSuchUpload", 404) }
        guard let document = try? XMLElement(parsing: call.body) else { return .s3Error("MalformedXML", 400) }
        var object = upload.template
        object.bytes = []
        for (index, part) in document.all("Part").enumerated() {
            guard let number = (part["PartNumber"]?.text).flatMap({ Int($0) }), let bytes = upload.parts[number],
                part["ETag"]?.text == FakeS3.etag(bytes, parts: [])
            else { return .s3Error("InvalidPart", 400) }
            guard number == index + 1 else { return .s3Error("InvalidPartOrder", 400) }
            object.bytes += bytes
            object.parts.append(bytes.count)
        }
        guard !object.parts.isEmpty, object.parts.dropLast().allSatisfy({ $0 >= minimumPartSize }) else {
            return .s3Error("EntityTooSmall", 400)
        }
        if let size = call.headers["x-amz-mp-object-size"], Int(size) != object.bytes.count {
            return .s3Error("InvalidRequest", 400, "another size")
        }
        for algorithm in ChecksumAlgorithm.allCases {
            guard let value = call.headers[algorithm.headerName] else { continue }
            guard algorithm.headerValue(object.bytes) == value else { return .s3Error("BadDigest", 400) }
        }
        if let refusal = refusal(call) { return refusal }
        object.etag = FakeS3.etag(object.bytes, parts: object.parts)
        let algorithm = upload.algorithm.flatMap { ChecksumAlgorithm(rawValue: $0) } ?? .crc64nvme
        object.checksums = [algorithm.rawValue: algorithm.headerValue(object.bytes)]
        uploads[id] = nil
        write(object, call.bucket, upload.key)
        let sums = object.checksums.map { "<Checksum\($0)>\($1)</Checksum\($0)>" }.joined()
        return .xml(
            "<CompleteMultipartUploadResult><ETag>\(object.etag.xmlEscaped)</ETag>\(sums)"
                + "<ChecksumType>FULL_OBJECT</ChecksumType></CompleteMultipartUploadResult>"
        )
    }
}
