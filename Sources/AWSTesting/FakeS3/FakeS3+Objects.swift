import AWSCore
import FoundationEssentials

extension FakeS3.State {
    mutating func write(_ object: FakeS3Object, _ bucket: String, _ key: FakeS3Key) {
        var object = object
        now = now.addingTimeInterval(1)
        object.lastModified = now
        buckets[bucket]?.put(object, key)
    }

    mutating func answer(_ call: FakeS3Call) -> HTTPResponse {
        if call.operation == "CreateBucket" { return createBucket(call) }
        guard let bucket = buckets[call.bucket] else { return .s3Error("NoSuchBucket", 404) }
        guard !bucket.refusedAccessKeys.contains(call.accessKeyID) else {
            var response = HTTPResponse.s3Error("AccessDenied", 403)
            response.headers["x-amz-bucket-region"] = bucket.region
            return response
        }
        switch call.operation {
        case "HeadBucket": return HTTPResponse(status: 200, headers: ["x-amz-bucket-region": bucket.region])
        case "ListObjectsV2": return list(call)
        case "HeadObject", "GetObject": return get(call)
        case "PutObject": return put(call)
        case "DeleteObject": return delete(call)
        case "CopyObject": return copy(call, from: copySource(call))
        case "GetObjectTagging": return tags(call)
        case "PutObjectTagging", "DeleteObjectTagging": return setTags(call)
        case "ListParts": return listParts(call)
        case "CreateMultipartUpload": return createUpload(call)
        case "UploadPart": return uploadPart(call)
        case "UploadPartCopy": return uploadPartCopy(call)
        case "CompleteMultipartUpload": return completeUpload(call)
        case "AbortMultipartUpload":
            uploads[call.query["uploadId"] ?? ""] = nil
            return HTTPResponse(status: 204)
        default:
            if call.operation.contains(" ?") { return configuration(call) }
            return .s3Error("NotImplemented", 501, call.operation)
        }
    }

    func object(_ call: FakeS3Call) -> FakeS3Object? { buckets[call.bucket]?.objects[FakeS3Key(call.key)] }

    /// - Returns: the refusal of a write whose condition does not hold.
    func refusal(_ call: FakeS3Call) -> HTTPResponse? {
        let there = object(call)
        if call.headers["If-None-Match"] != nil, there != nil { return .s3Error("PreconditionFailed", 412) }
        if let etag = call.headers["If-Match"] {
            guard let there else { return .s3Error("NoSuchKey", 404) }
            if there.etag != etag { return .s3Error("PreconditionFailed", 412) }
        }
        return nil
    }

    /// What a write's headers say of the object.
    func template(_ call: FakeS3Call) -> FakeS3Object {
        var object = FakeS3Object(bytes: call.body, etag: FakeS3.etag(call.body, parts: []), lastModified: now)
        for name in [
            "content-type", "content-encoding", "cache-control", "content-disposition", "content-language", "expires",
            "x-amz-website-redirect-location",
        ] {
            object.content[name] = call.headers[name]
        }
        if object.content["content-encoding"] == "aws-chunked" { object.content["content-encoding"] = nil }
        for field in call.headers.fields where field.name.lowercased().hasPrefix("x-amz-meta-") {
            object.metadata[String(field.name.lowercased().dropFirst("x-amz-meta-".count))] = field.value
        }
        object.tags = (call.headers["x-amz-tagging"] ?? "").split(separator: "&").map { pair in
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            return S3Tag(
                URIEncoding.decode(String(parts[0])) ?? "",
                URIEncoding.decode(parts.count > 1 ? String(parts[1]) : "") ?? ""
            )
        }
        object.storageClass = call.headers["x-amz-storage-class"] ?? "STANDARD"
        object.encryption = call.headers["x-amz-server-side-encryption"] ?? "AES256"
        return object
    }

    private func get(_ call: FakeS3Call) -> HTTPResponse {
        let isHead = call.operation == "HeadObject"
        guard let object = object(call) else {
            return isHead ? HTTPResponse(status: 404) : .s3Error("NoSuchKey", 404)
        }
        if let etag = call.headers["If-Match"], etag != object.etag {
            return isHead ? HTTPResponse(status: 412) : .s3Error("PreconditionFailed", 412)
        }
        var headers: HTTPHeaders = ["ETag": object.etag, "Last-Modified": FakeS3Time.http(object.lastModified)]
        for (name, value) in object.content { headers[name] = value }
        for (name, value) in object.metadata { headers["x-amz-meta-\(name)"] = value }
        if object.storageClass != "STANDARD" { headers["x-amz-storage-class"] = object.storageClass }
        headers["x-amz-restore"] = object.restore
        headers["x-amz-server-side-encryption"] = object.encryption
        if tellsTagCounts, !object.tags.isEmpty { headers["x-amz-tagging-count"] = "\(object.tags.count)" }
        if !isHead, object.isArchived { return .s3Error("InvalidObjectState", 403) }
        var range = 0..<object.bytes.count
        var status = 200
        if let part = call.query["partNumber"].flatMap({ Int($0) }) {
            let sizes = object.parts.isEmpty ? [object.bytes.count] : object.parts
            guard (1...sizes.count).contains(part) else { return HTTPResponse(status: 416) }
            let start = sizes[..<(part - 1)].reduce(0, +)
            range = start..<(start + sizes[part - 1])
            status = 206
            if !object.parts.isEmpty { headers["x-amz-mp-parts-count"] = "\(sizes.count)" }
        } else if let text = call.headers["Range"] {
            let numbers = text.dropFirst("bytes=".count).split(separator: "-").compactMap { Int($0) }
            guard numbers.count == 2, numbers[0] < object.bytes.count else { return .s3Error("InvalidRange", 416) }
            range = numbers[0]..<min(object.bytes.count, numbers[1] + 1)
            status = 206
        }
        if status == 206 {
            headers["Content-Range"] = "bytes \(range.lowerBound)-\(range.upperBound - 1)/\(object.bytes.count)"
        } else if call.headers["x-amz-checksum-mode"] == "ENABLED" {
            for (name, value) in object.checksums { headers["x-amz-checksum-\(name.lowercased())"] = value }
            if !object.checksums.isEmpty { headers["x-amz-checksum-type"] = object.checksumType }
        }
        headers["Content-Length"] = "\(range.count)"
        return HTTPResponse(status: status, headers: headers, body: isHead ? [] : Array(object.bytes[range]))
    }

    private mutating func put(_ call: FakeS3Call) -> HTTPResponse {
        if let refusal = refusal(call) { return refusal }
        var object = template(call)
        object.checksums = ["CRC64NVME": ChecksumAlgorithm.crc64nvme.headerValue(object.bytes)]
        write(object, call.bucket, FakeS3Key(call.key))
        return HTTPResponse(status: 200, headers: ["ETag": object.etag])
    }

    private mutating func delete(_ call: FakeS3Call) -> HTTPResponse {
        if call.headers["If-Match"] != nil, let refusal = refusal(call) { return refusal }
        buckets[call.bucket]?.put(nil, FakeS3Key(call.key))
        return HTTPResponse(status: 204)
    }

    /// - Returns: the source, or the refusal.
    func copySource(_ call: FakeS3Call) -> (FakeS3Object?, HTTPResponse?) {
        guard let (bucketName, key) = call.copySource else { return (nil, .s3Error("InvalidArgument", 400)) }
        guard let bucket = buckets[bucketName] else { return (nil, .s3Error("NoSuchBucket", 404)) }
        guard !bucket.refusedAccessKeys.contains(call.accessKeyID) else { return (nil, .s3Error("AccessDenied", 403)) }
        guard let source = bucket.objects[key] else { return (nil, .s3Error("NoSuchKey", 404)) }
        if let etag = call.headers["x-amz-copy-source-if-match"], etag != source.etag {
            return (nil, .s3Error("PreconditionFailed", 412))
        }
        if source.isArchived { return (nil, .s3Error("InvalidObjectState", 403)) }
        return (source, nil)
    }

    /// - Parameter found: the source as it was when S3 read it, or the refusal.
    mutating func copy(_ call: FakeS3Call, from found: (FakeS3Object?, HTTPResponse?)) -> HTTPResponse {
        let (source, refused) = found
        guard var copy = source else { return refused ?? .s3Error("InternalError", 500) }
        if let refusal = refusal(call) { return refusal }
        guard copy.bytes.count <= maximumCopySize else { return .s3Error("InvalidRequest", 400, "larger than allowed") }
        copy.etag = FakeS3.etag(copy.bytes, parts: [])
        if call.headers["x-amz-metadata-directive"] == "REPLACE" {
            let replacement = template(call)
            copy.content = replacement.content
            copy.metadata = replacement.metadata
        } else {
            copy.content["x-amz-website-redirect-location"] = nil
        }
        copy.parts = []
        copy.restore = nil
        copy.storageClass = call.headers["x-amz-storage-class"] ?? "STANDARD"
        copy.encryption = call.headers["x-amz-server-side-encryption"] ?? "AES256"
        copy.checksums = ["CRC64NVME": ChecksumAlgorithm.crc64nvme.headerValue(copy.bytes)]
        copy.checksumType = "FULL_OBJECT"
        write(copy, call.bucket, FakeS3Key(call.key))
        return .xml(
            "<CopyObjectResult><ETag>\(copy.etag.xmlEscaped)</ETag>"
                + "<LastModified>\(FakeS3Time.xml(now))</LastModified></CopyObjectResult>"
        )
    }

    /// Tags change nothing else of an object, not even its time.
    private mutating func setTags(_ call: FakeS3Call) -> HTTPResponse {
        let key = FakeS3Key(call.key)
        guard buckets[call.bucket]?.objects[key] != nil else { return .s3Error("NoSuchKey", 404) }
        var tags: [S3Tag] = []
        if call.operation == "PutObjectTagging" {
            guard let document = try? XMLElement(parsing: call.body), let set = document["TagSet"] else {
                return .s3Error("MalformedXML", 400)
            }
            tags = set.all("Tag").map { S3Tag($0["Key"]?.text ?? "", $0["Value"]?.text ?? "") }
        }
        buckets[call.bucket]?.objects[key]?.tags = tags
        return HTTPResponse(status: call.operation == "PutObjectTagging" ? 200 : 204)
    }

    private func tags(_ call: FakeS3Call) -> HTTPResponse {
        guard let object = object(call) else { return .s3Error("NoSuchKey", 404) }
        let tags = object.tags.map {
            "<Tag><Key>\($0.key.xmlEscaped)</Key><Value>\($0.value.xmlEscaped)</Value></Tag>"
        }
        return .xml("<Tagging><TagSet>\(tags.joined())</TagSet></Tagging>")
    }
}

extension FakeS3Object {
    var isArchived: Bool {
        ["GLACIER", "DEEP_ARCHIVE"].contains(storageClass) && restore?.contains("ongoing-request=\"false\"") != true
    }
}

extension String {
    var xmlEscaped: String {
        var text = ""
        for character in unicodeScalars {
            switch character {
            case "&": text += "&amp;"
            case "<": text += "&lt;"
            case ">": text += "&gt;"
            case "\"": text += "&quot;"
            default: text.unicodeScalars.append(character)
            }
        }
        return text
    }
}
