import AWSTesting
import Foundation
import Testing

@testable import AWSCore

/// Every call of S3 that writes, and those that read beside listings, beside what botocore sends for the same.
@Suite(
    "S3 requests as botocore sends them",
    .enabled("botocore cannot be imported; set LOCAL_AWS_PYTHON to a Python that has it") {
        await SigV4Oracle.isAvailable()
    }
)
struct S3RequestOracleTests {
    struct Call: Sendable {
        var operation: String
        var parameters: JSONObject
        var send: @Sendable (S3Client) async throws -> Void

        init(
            _ operation: String,
            _ parameters: JSONObject,
            _ send: @escaping @Sendable (S3Client) async throws -> Void
        ) {
            self.operation = operation
            self.parameters = parameters
            self.send = send
        }
    }

    /// A key with everything that must be encoded somewhere.
    static let key = "a b+c%d/../é//\u{1F600}&=?#\"'<>~\u{1}*"
    static let etag = "\"d41d8cd98f00b204e9800998ecf8427e-3\""
    static let content = S3ContentHeaders(
        contentType: "text/plain; charset=utf-8",
        contentEncoding: "gzip",
        cacheControl: "max-age=60",
        contentDisposition: "attachment; filename=\"a b.txt\"",
        contentLanguage: "de",
        expires: "Wed, 21 Oct 2026 07:28:00 GMT",
        websiteRedirectLocation: "/elsewhere"
    )
    static let contentParameters: JSONObject = [
        "ContentType": "text/plain; charset=utf-8", "ContentEncoding": "gzip", "CacheControl": "max-age=60",
        "ContentDisposition": "attachment; filename=\"a b.txt\"", "ContentLanguage": "de",
        "Expires": "Wed, 21 Oct 2026 07:28:00 GMT", "WebsiteRedirectLocation": "/elsewhere",
        "Metadata": ["owner": "me", "word": "=?UTF-8?B?w6k=?="],
    ]
    static let properties = S3ObjectProperties(
        content: content,
        metadata: ["Owner": "me", "word": "=?UTF-8?B?w6k=?="],
        tags: [S3Tag("a b", "c&d"), S3Tag("é", "")],
        storageClass: .glacierInstantRetrieval,
        encryption: .kmsDSSE(keyID: "alias/k"),
        accessControl: .bucketOwnerFullControl
    )
    static let otherParameters: JSONObject = [
        "Tagging": "a%20b=c%26d&%C3%A9=", "StorageClass": "GLACIER_IR", "ServerSideEncryption": "aws:kms:dsse",
        "SSEKMSKeyId": "alias/k", "ACL": "bucket-owner-full-control",
    ]
    static let upload = S3MultipartUpload(bucket: "b-b", key: key, uploadID: "u+/=1")
    static let source = S3CopySource(
        bucket: "source",
        key: key,
        versionID: "v1.x-_",
        ifMatch: etag,
        expectedBucketOwner: "210987654321"
    )
    static let sourceParameters: JSONObject = [
        "CopySource": ["Bucket": "source", "Key": .string(key), "VersionId": "v1.x-_"],
        "CopySourceIfMatch": .string(etag),
        "ExpectedSourceBucketOwner": "210987654321",
    ]

    static func parameters(_ parts: JSONObject...) -> JSONObject {
        var all: JSONObject = ["Bucket": "b-b", "Key": .string(key)]
        for part in parts { for member in part.members { all[member.key] = member.value } }
        return all
    }

    private static let calls: [Call] = [
        Call(
            "PutObject",
            parameters(
                contentParameters,
                otherParameters,
                [
                    "Body": "hello", "ChecksumAlgorithm": "CRC64NVME", "ChecksumCRC64NVME": "M3eFcAZSQlc=",
                    "IfMatch": .string(etag),
                ]
            )
        ) {
            try await $0.putObject(
                PutObjectRequest(
                    bucket: "b-b",
                    key: key,
                    body: .bytes(Array("hello".utf8)),
                    properties: properties,
                    condition: .etag(etag),
                    checksum: .computed(.crc64nvme)
                )
            )
        },
        Call("CopyObject", parameters(sourceParameters, ["IfNoneMatch": "*"])) {
            try await $0.copyObject(CopyObjectRequest(source: source, bucket: "b-b", key: key, condition: .absent))
        },
        Call(
            "CopyObject",
            parameters(
                sourceParameters,
                contentParameters,
                otherParameters,
                [
                    "IfMatch": .string(etag), "MetadataDirective": "REPLACE", "TaggingDirective": "REPLACE",
                    "ChecksumAlgorithm": "CRC32C",
                ]
            )
        ) {
            try await $0.copyObject(
                CopyObjectRequest(
                    source: source,
                    bucket: "b-b",
                    key: key,
                    condition: .etag(etag),
                    metadata: .replaced(content, properties.metadata),
                    tagging: .replaced(properties.tags),
                    storageClass: .glacierInstantRetrieval,
                    encryption: .kmsDSSE(keyID: "alias/k"),
                    accessControl: .bucketOwnerFullControl,
                    checksumAlgorithm: .crc32c
                )
            )
        },
        Call(
            "CreateMultipartUpload",
            parameters(
                contentParameters,
                otherParameters,
                ["ChecksumAlgorithm": "CRC64NVME", "ChecksumType": "FULL_OBJECT"]
            )
        ) {
            _ = try await $0.createMultipartUpload(
                bucket: "b-b",
                key: key,
                properties: properties,
                checksum: S3MultipartChecksum(.crc64nvme, .fullObject)
            )
        },
        Call(
            "UploadPart",
            parameters([
                "UploadId": "u+/=1", "PartNumber": 7, "Body": "hello", "ChecksumAlgorithm": "CRC32C",
                "ChecksumCRC32C": "mnG7TA==",
            ])
        ) {
            let body = HTTPRequestBody.bytes(Array("hello".utf8))
            _ = try await $0.uploadPart(upload, number: 7, body: body, checksum: .computed(.crc32c))
        },
        Call(
            "UploadPartCopy",
            parameters(
                sourceParameters,
                ["UploadId": "u+/=1", "PartNumber": 10_000, "CopySourceRange": "bytes=5-10737418240"]
            )
        ) { _ = try await $0.uploadPartCopy(upload, number: 10_000, from: source, range: 5..<(10 << 30) + 1) },
        Call(
            "CompleteMultipartUpload",
            parameters([
                "UploadId": "u+/=1", "IfNoneMatch": "*", "MpuObjectSize": 12, "ChecksumCRC64NVME": "M3eFcAZSQlc=",
                "ChecksumType": "FULL_OBJECT",
                "MultipartUpload": [
                    "Parts": [
                        ["ETag": "\"a\"", "PartNumber": 1, "ChecksumCRC64NVME": "AAAAAAAAAAA="],
                        ["ETag": "\"b\"", "PartNumber": 3],
                    ]
                ],
            ])
        ) {
            _ = try await $0.completeMultipartUpload(
                upload,
                parts: [
                    S3UploadedPart(
                        number: 1,
                        etag: "\"a\"",
                        size: 5,
                        checksums: [S3Checksum(.crc64nvme, value: "AAAAAAAAAAA=")]
                    ), S3UploadedPart(number: 3, etag: "\"b\""),
                ],
                condition: .absent,
                objectSize: 12,
                checksum: S3Checksum(.crc64nvme, value: "M3eFcAZSQlc="),
                checksumType: .fullObject
            )
        },
        Call("AbortMultipartUpload", parameters(["UploadId": "u+/=1"])) { try await $0.abortMultipartUpload(upload) },
        Call("ListParts", parameters(["UploadId": "u+/=1"])) { _ = try await $0.listParts(upload) },
        Call(
            "HeadObject",
            parameters(["VersionId": "v 1", "ChecksumMode": "ENABLED", "IfMatch": .string(etag), "PartNumber": 2])
        ) {
            _ = try await $0.headObject(
                HeadObjectRequest(
                    bucket: "b-b",
                    key: key,
                    versionID: "v 1",
                    includesChecksums: true,
                    ifMatch: etag,
                    partNumber: 2
                )
            )
        },
        Call("GetObject", parameters(["IfMatch": .string(etag), "Range": "bytes=5-9", "ChecksumMode": "ENABLED"])) {
            let get = GetObjectRequest(bucket: "b-b", key: key, range: 5..<10, ifMatch: etag, includesChecksums: true)
            _ = try await $0.getObject(get)
        },
        Call("GetObjectTagging", parameters(["VersionId": "v"])) {
            _ = try await $0.getObjectTagging(bucket: "b-b", key: key, versionID: "v")
        },
        Call(
            "PutObjectTagging",
            parameters(["Tagging": ["TagSet": [["Key": "a\n&", "Value": "<é>"], ["Key": "b", "Value": ""]]]])
        ) {
            try await $0.putObjectTagging(bucket: "b-b", key: key, [S3Tag("a\n&", "<é>"), S3Tag("b", "")])
        },
        Call("DeleteObjectTagging", parameters([:])) { try await $0.deleteObjectTagging(bucket: "b-b", key: key) },
        Call("DeleteObject", parameters(["VersionId": "v", "IfMatch": .string(etag)])) {
            try await $0.deleteObject(bucket: "b-b", key: key, versionID: "v", ifMatch: etag)
        },
    ]

    private static let bucketCalls: [Call] = [
        Call(
            "CreateBucket",
            ["Bucket": "b-b", "CreateBucketConfiguration": ["LocationConstraint": "us-west-2"]]
        ) { try await $0.createBucket("b-b") },
        Call("PutBucketVersioning", ["Bucket": "b-b", "VersioningConfiguration": ["Status": "Enabled"]]) {
            try await $0.putBucketConfiguration(
                .init(
                    kind: .versioning,
                    xml: Array("<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>".utf8)
                ),
                of: "b-b"
            )
        },
        Call("GetBucketVersioning", ["Bucket": "b-b"]) {
            _ = try await $0.getBucketConfiguration(.versioning, of: "b-b")
        },
        Call(
            "PutBucketEncryption",
            ["Bucket": "b-b", "ServerSideEncryptionConfiguration": ["Rules": [["BucketKeyEnabled": true]]]]
        ) {
            try await $0.putBucketConfiguration(
                .init(
                    kind: .encryption,
                    xml: Array(
                        "<ServerSideEncryptionConfiguration><Rule><BucketKeyEnabled>true</BucketKeyEnabled></Rule></ServerSideEncryptionConfiguration>"
                            .utf8
                    )
                ),
                of: "b-b"
            )
        },
        Call("GetBucketEncryption", ["Bucket": "b-b"]) {
            _ = try await $0.getBucketConfiguration(.encryption, of: "b-b")
        },
        Call(
            "PutBucketCors",
            [
                "Bucket": "b-b",
                "CORSConfiguration": ["CORSRules": [["AllowedMethods": ["GET"], "AllowedOrigins": ["*"]]]],
            ]
        ) {
            try await $0.putBucketConfiguration(
                .init(
                    kind: .cors,
                    xml: Array(
                        "<CORSConfiguration><CORSRule><AllowedMethod>GET</AllowedMethod><AllowedOrigin>*</AllowedOrigin></CORSRule></CORSConfiguration>"
                            .utf8
                    )
                ),
                of: "b-b"
            )
        },
        Call("GetBucketCors", ["Bucket": "b-b"]) {
            _ = try await $0.getBucketConfiguration(.cors, of: "b-b")
        },
        Call(
            "PutBucketLifecycleConfiguration",
            ["Bucket": "b-b", "LifecycleConfiguration": ["Rules": [["Status": "Enabled", "Prefix": ""]]]]
        ) {
            try await $0.putBucketConfiguration(
                .init(
                    kind: .lifecycle,
                    xml: Array(
                        "<LifecycleConfiguration><Rule><Prefix/><Status>Enabled</Status></Rule></LifecycleConfiguration>"
                            .utf8
                    )
                ),
                of: "b-b"
            )
        },
        Call("GetBucketLifecycleConfiguration", ["Bucket": "b-b"]) {
            _ = try await $0.getBucketConfiguration(.lifecycle, of: "b-b")
        },
        Call("PutBucketTagging", ["Bucket": "b-b", "Tagging": ["TagSet": [["Key": "a", "Value": "b"]]]]) {
            try await $0.putBucketConfiguration(
                .init(
                    kind: .tagging,
                    xml: Array("<Tagging><TagSet><Tag><Key>a</Key><Value>b</Value></Tag></TagSet></Tagging>".utf8)
                ),
                of: "b-b"
            )
        },
        Call("GetBucketTagging", ["Bucket": "b-b"]) {
            _ = try await $0.getBucketConfiguration(.tagging, of: "b-b")
        },
        Call("PutPublicAccessBlock", ["Bucket": "b-b", "PublicAccessBlockConfiguration": ["BlockPublicAcls": true]]) {
            try await $0.putBucketConfiguration(
                .init(
                    kind: .publicAccessBlock,
                    xml: Array(
                        "<PublicAccessBlockConfiguration><BlockPublicAcls>true</BlockPublicAcls></PublicAccessBlockConfiguration>"
                            .utf8
                    )
                ),
                of: "b-b"
            )
        },
        Call("GetPublicAccessBlock", ["Bucket": "b-b"]) {
            _ = try await $0.getBucketConfiguration(.publicAccessBlock, of: "b-b")
        },
        Call(
            "PutBucketOwnershipControls",
            ["Bucket": "b-b", "OwnershipControls": ["Rules": [["ObjectOwnership": "BucketOwnerEnforced"]]]]
        ) {
            try await $0.putBucketConfiguration(
                .init(
                    kind: .ownershipControls,
                    xml: Array(
                        "<OwnershipControls><Rule><ObjectOwnership>BucketOwnerEnforced</ObjectOwnership></Rule></OwnershipControls>"
                            .utf8
                    )
                ),
                of: "b-b"
            )
        },
        Call("GetBucketOwnershipControls", ["Bucket": "b-b"]) {
            _ = try await $0.getBucketConfiguration(.ownershipControls, of: "b-b")
        },
    ]

    @Test("Method, URL, headers and body are the same for every call")
    func sameRequests() async throws {
        let calls = Self.calls + Self.bucketCalls
        let expected = try await BotocoreRequests.expected(
            calls.map {
                .init(service: "s3", operation: $0.operation, parameters: .object($0.parameters))
            },
            region: "us-west-2"
        )
        try #require(expected.count == calls.count)
        for (call, expected) in zip(calls, expected) { try await compare(call, expected) }
    }

    private func compare(_ call: Call, _ expected: BotocoreRequests.Expected) async throws {
        // The answer fits few operations: only the request counts here.
        let s3 = try S3Fixture(FakeTransport { _, _ in .response(400, body: "<Error><Code>Stop</Code></Error>") })
        let error = await #expect(throws: AWSError.self, "\(call.operation)") { try await call.send(s3.client) }
        #expect(error?.status == 400, "\(call.operation)")
        let sent = try s3.onlyRequest()
        #expect(sent.request.method.rawValue == expected.method, "\(call.operation)")
        #expect(Self.parts(of: sent.request.url) == Self.parts(of: expected.url), "\(call.operation)")
        #expect(
            Self.telling(sent.request.headers.fields.map { ($0.name, $0.value) })
                == Self.telling(expected.headers.map { ($0, $1) }),
            "\(call.operation)"
        )
        let body = try #require(Data(base64Encoded: expected.body).map(Array.init))
        if body.first == UInt8(ascii: "<") {
            #expect(
                try Self.sorted(XMLElement(parsing: sent.body)) == Self.sorted(XMLElement(parsing: body)),
                "\(call.operation)"
            )
        } else {
            #expect(sent.body == body, "\(call.operation)")
        }
    }

    /// Address and query, whose order does not matter.
    private static func parts(of url: String) -> [String] {
        let parts = url.split(separator: "?", maxSplits: 1)
        let query = (parts.count > 1 ? parts[1] : "").split(separator: "&").map {
            $0.hasSuffix("=") ? $0.dropLast() : $0
        }
        return [String(parts[0])] + query.map(String.init).sorted()
    }

    /// The headers that say something of the call.
    ///
    /// A checksum of the body is left to other tests: its value depends on the order of elements.
    private static func telling(_ headers: [(String, String)]) -> [String: String] {
        let others = [
            "if-match", "if-none-match", "range", "content-type", "content-encoding", "cache-control",
            "content-disposition", "content-language", "expires",
        ]
        let silent = ["x-amz-date", "x-amz-content-sha256", "x-amz-user-agent", "x-amz-checksum-crc32"]
        var result: [String: String] = [:]
        for (name, value) in headers {
            let name = name.lowercased()
            guard others.contains(name) || (name.hasPrefix("x-amz-") && !silent.contains(name)) else { continue }
            // botocore sends XML without a type.
            if name == "content-type", value == "application/xml" || value == "application/octet-stream" { continue }
            result[name] = name == "x-amz-tagging" ? value.replacingOccurrences(of: "+", with: "%20") : value
        }
        return result
    }

    /// The same document with the members of each element by name: only lists have an order.
    private static func sorted(_ element: XMLElement) -> XMLElement {
        var element = element
        let children = element.children.map(sorted)
        element.children = children.enumerated().sorted {
            ($0.element.name, $0.offset) < ($1.element.name, $1.offset)
        }.map(\.element)
        return element
    }
}
