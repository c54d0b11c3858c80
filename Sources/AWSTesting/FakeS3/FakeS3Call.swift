package import AWSCore

/// One request as ``FakeS3`` reads it.
package struct FakeS3Call: Sendable {
    /// AWS's name: `CopyObject`.
    package var operation: String
    package var bucket: String
    /// Empty for calls about the bucket.
    package var key: String
    package var query: [String: String]
    package var headers: HTTPHeaders
    package var body: [UInt8]
    package var accessKeyID: String

    init?(_ request: HTTPRequest, body: [UInt8]) {
        let parts = request.path.dropFirst().split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let first = parts.first, let bucket = URIEncoding.decode(String(first)), !bucket.isEmpty,
            let key = URIEncoding.decode(parts.count > 1 ? String(parts[1]) : "")
        else { return nil }
        self.bucket = bucket
        self.key = key
        query = [:]
        for item in request.query.split(separator: "&") {
            let pair = item.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = URIEncoding.decode(String(pair[0])),
                let value = URIEncoding.decode(pair.count > 1 ? String(pair[1]) : "")
            else { return nil }
            query[name] = value
        }
        headers = request.headers
        self.body = body
        let credential = request.headers["Authorization"]?.firstRange(of: "Credential=")
        accessKeyID =
            credential.flatMap { range in
                request.headers["Authorization"]?[range.upperBound...].split(separator: "/").first.map(String.init)
            } ?? ""
        operation = ""
        operation = Self.operation(request.method, hasKey: !key.isEmpty, query, headers)
    }

    private static let subresources = [
        "versioning", "encryption", "cors", "lifecycle", "tagging", "publicAccessBlock", "ownershipControls",
        "location",
        "policy",
    ]

    private static func operation(
        _ method: HTTPMethod,
        hasKey: Bool,
        _ query: [String: String],
        _ headers: HTTPHeaders
    ) -> String {
        let isCopy = headers["x-amz-copy-source"] != nil
        if !hasKey {
            if let subresource = subresources.first(where: { query[$0] != nil }) {
                return "\(method.rawValue) ?\(subresource)"
            }
            switch method {
            case .get: return query["uploads"] != nil ? "ListMultipartUploads" : "ListObjectsV2"
            case .head: return "HeadBucket"
            case .put: return "CreateBucket"
            case .post: return "DeleteObjects"
            case .delete: return "DeleteBucket"
            }
        }
        let isPart = query["partNumber"] != nil && query["uploadId"] != nil
        switch method {
        case .get:
            return query["tagging"] != nil ? "GetObjectTagging" : query["uploadId"] != nil ? "ListParts" : "GetObject"
        case .head: return "HeadObject"
        case .put:
            if isPart { return isCopy ? "UploadPartCopy" : "UploadPart" }
            return query["tagging"] != nil ? "PutObjectTagging" : isCopy ? "CopyObject" : "PutObject"
        case .post: return query["uploads"] != nil ? "CreateMultipartUpload" : "CompleteMultipartUpload"
        case .delete:
            if query["tagging"] != nil { return "DeleteObjectTagging" }
            return query["uploadId"] != nil ? "AbortMultipartUpload" : "DeleteObject"
        }
    }

    /// Bucket, key and nothing else of `x-amz-copy-source`.
    package var copySource: (bucket: String, key: FakeS3Key)? {
        guard let header = headers["x-amz-copy-source"] else { return nil }
        let path = header.split(separator: "?")[0]
        let parts = (path.hasPrefix("/") ? path.dropFirst() : path).split(
            separator: "/",
            maxSplits: 1,
            omittingEmptySubsequences: false
        )
        guard parts.count == 2, let bucket = URIEncoding.decode(String(parts[0])),
            let key = URIEncoding.decode(String(parts[1]))
        else { return nil }
        return (bucket, FakeS3Key(key))
    }
}

/// What a body sent as aws-chunked holds.
struct FakeS3ChunkedBody {
    var bytes: [UInt8] = []
    var trailers: [String: String] = [:]

    /// - Returns: `nil` for anything but a whole body with its last chunk.
    init?(_ body: [UInt8]) {
        var position = 0
        func line() -> String? {
            guard let end = body[position...].firstIndex(of: 0x0D), end + 1 < body.count else { return nil }
            defer { position = end + 2 }
            return String(decoding: body[position..<end], as: UTF8.self)
        }
        while true {
            guard let head = line(), let text = head.split(separator: ";").first, let size = Int(text, radix: 16) else {
                return nil
            }
            if size == 0 { break }
            guard position + size + 2 <= body.count else { return nil }
            bytes += body[position..<(position + size)]
            position += size + 2
        }
        while position < body.count, let trailer = line(), !trailer.isEmpty {
            let pair = trailer.split(separator: ":", maxSplits: 1)
            if pair.count == 2 { trailers[String(pair[0])] = String(pair[1].drop { $0 == " " }) }
        }
    }
}
