import AWSCore
import AWSTesting
import FoundationEssentials
import Testing

@Suite("S3 objects")
struct S3ObjectTests {
    @Test(
        "Keys are sent as they are, whatever they hold",
        arguments: [
            ("a b/c+d~é%", "/a%20b/c%2Bd~%C3%A9%25"), ("x//y/../z/.", "/x//y/../z/."), ("/lead", "//lead"),
            ("tail/", "/tail/"), ("q?v=1&w#f", "/q%3Fv%3D1%26w%23f"), ("line\nbreak", "/line%0Abreak"),
        ]
    )
    func awkwardKeys(key: String, path: String) async throws {
        let s3 = try S3Fixture([.response(headers: ["Content-Length": "0"])])
        _ = try await s3.client.headObject(HeadObjectRequest(bucket: "backups", key: key))
        let request = try s3.onlyRequest().request
        #expect(request.authority == "backups.s3.us-west-2.amazonaws.com")
        #expect(request.path == path)
    }

    @Test("With an endpoint of its own the bucket goes into the path")
    func pathStyle() async throws {
        let s3 = try S3Fixture([.response(headers: ["Content-Length": "0"])], endpoint: "http://127.0.0.1:4566")
        _ = try await s3.client.headObject(HeadObjectRequest(bucket: "backups", key: "/k"))
        #expect(try s3.onlyRequest().request.url == "http://127.0.0.1:4566/backups//k")
    }

    @Test("An empty key is never sent: the deletion of an object would be the deletion of its bucket")
    func emptyKey() async throws {
        let s3 = try S3Fixture([.response(204)], endpoint: "http://127.0.0.1:4566")
        let error = await #expect(throws: AWSError.self) { try await s3.client.deleteObject(bucket: "b-b", key: "") }
        #expect(error?.code == "InvalidObjectKey")
        #expect(error?.description.contains("s3://b-b") == true)
        #expect(s3.transport.requests.isEmpty)
    }

    @Test("A key of more than 1024 bytes is refused")
    func longKey() async throws {
        let s3 = try S3Fixture([.response(headers: ["Content-Length": "0"])])
        let key = String(repeating: "é", count: 513)
        await #expect(throws: AWSError.self) {
            _ = try await s3.client.headObject(HeadObjectRequest(bucket: "backups", key: key))
        }
        #expect(s3.transport.requests.isEmpty)
    }

    @Test("HeadObject reads size, class, restore, version and metadata")
    func head() async throws {
        let s3 = try S3Fixture(
            [
                .response(headers: [
                    "Content-Length": "1234", "ETag": "\"abc-1\"", "Last-Modified": "Sat, 21 Nov 2026 02:00:05 GMT",
                    "x-amz-storage-class": "DEEP_ARCHIVE",
                    "x-amz-restore": #"ongoing-request="false", expiry-date="Fri, 21 Dec 2012 00:00:00 GMT""#,
                    "x-amz-version-id": "v1", "X-Amz-Meta-Table": "Orders",
                ])
            ],
            expectedBucketOwner: "123456789012"
        )
        let head = try await s3.client.headObject(HeadObjectRequest(bucket: "backups", key: "k", versionID: "v 1"))
        #expect(head.size == 1234)
        #expect(head.etag == "\"abc-1\"")
        #expect(head.lastModified == Date(timeIntervalSince1970: 1_795_226_405))
        #expect(head.storageClass == .deepArchive)
        let expiry = Date(timeIntervalSince1970: 1_356_048_000)
        #expect(head.restoreStatus == .restored(until: expiry))
        #expect(head.versionID == "v1")
        #expect(head.metadata == ["table": "Orders"])
        #expect(head.isReadable(at: expiry - 1))
        #expect(!head.isReadable(at: expiry))
        let request = try s3.onlyRequest().request
        #expect(request.method == .head)
        #expect(request.query == "versionId=v%201")
        #expect(request.headers["x-amz-expected-bucket-owner"] == "123456789012")
    }

    @Test("An archived object is readable only once it is restored")
    func readability() throws {
        let now = Date(timeIntervalSince1970: 1_795_000_000)
        func isReadable(_ headers: HTTPHeaders) throws -> Bool {
            var headers = headers
            headers["Content-Length"] = "1"
            return try #require(S3ObjectHead(headers: headers)).isReadable(at: now)
        }
        #expect(try isReadable([:]))
        #expect(try isReadable(["x-amz-storage-class": "GLACIER_IR"]))
        #expect(try !isReadable(["x-amz-storage-class": "GLACIER"]))
        #expect(try !isReadable(["x-amz-storage-class": "GLACIER", "x-amz-restore": #"ongoing-request="true""#]))
        #expect(try !isReadable(["x-amz-archive-status": "ARCHIVE_ACCESS"]))
    }

    @Test("An object that is not there is nil, one that may not be seen is an error")
    func absence() async throws {
        let absent = try S3Fixture([.response(404)])
        #expect(try await absent.client.headObjectIfPresent(HeadObjectRequest(bucket: "backups", key: "k")) == nil)
        let forbidden = try S3Fixture([.response(403, headers: ["x-amz-request-id": "REQ"])])
        let error = await #expect(throws: AWSError.self) {
            _ = try await forbidden.client.headObjectIfPresent(HeadObjectRequest(bucket: "backups", key: "k"))
        }
        #expect(error?.code == "AccessDenied")
        #expect(error?.requestID == "REQ")
        let missing = "<Error><Code>NoSuchKey</Code><Message>no</Message><RequestId>R</RequestId></Error>"
        let get = try S3Fixture([.response(404, body: missing)])
        #expect(try await get.client.getObjectIfPresent(GetObjectRequest(bucket: "backups", key: "k")) == nil)
        let noBucket = try S3Fixture([.response(404, body: "<Error><Code>NoSuchBucket</Code></Error>")])
        await #expect(throws: AWSError.self) {
            _ = try await noBucket.client.getObjectIfPresent(GetObjectRequest(bucket: "backups", key: "k"))
        }
    }

    @Test("GetObject asks for a range and says how large the object is")
    func range() async throws {
        let s3 = try S3Fixture([
            .response(206, headers: ["Content-Length": "3", "Content-Range": "bytes 2-4/10"], body: "cde")
        ])
        let object = try await s3.client.getObject(
            GetObjectRequest(bucket: "backups", key: "k", range: 2..<5, ifMatch: "\"e\"")
        )
        #expect(object.bytes == Array("cde".utf8))
        #expect(object.head.size == 10)
        let request = try s3.onlyRequest().request
        #expect(request.headers["Range"] == "bytes=2-4")
        #expect(request.headers["If-Match"] == "\"e\"")
    }

    @Test("A server that ignores the range is found out")
    func ignoredRange() async throws {
        let s3 = try S3Fixture([.response(200, headers: ["Content-Length": "5"], body: "abcde")])
        await #expect(throws: AWSError.self) {
            _ = try await s3.client.getObject(GetObjectRequest(bucket: "backups", key: "k", range: 2..<5))
        }
    }

    @Test("A connection that breaks in the middle goes on from there, of the same version")
    func resume() async throws {
        let broken = HTTPError(.connectionLost, "gone")
        let s3 = try S3Fixture([
            .chunks(200, headers: ["Content-Length": "10", "ETag": "\"e\""], [Array("abc".utf8)], failure: broken),
            .chunks(
                206,
                headers: ["Content-Length": "7", "Content-Range": "bytes 3-9/10"],
                [Array("de".utf8)],
                failure: broken
            ),
            .response(206, headers: ["Content-Length": "5", "Content-Range": "bytes 5-9/10"], body: "fghij"),
        ])
        let object = try await s3.client.getObject(GetObjectRequest(bucket: "backups", key: "k"))
        #expect(String(decoding: object.bytes, as: UTF8.self) == "abcdefghij")
        let requests = s3.transport.requests.map(\.request)
        #expect(requests.map { $0.headers["Range"] } == [nil, "bytes=3-9", "bytes=5-9"])
        #expect(requests.map { $0.headers["If-Match"] } == [nil, "\"e\"", "\"e\""])
    }

    @Test("A connection that breaks again and again without a byte is given up")
    func givesUp() async throws {
        let broken = HTTPError(.connectionLost, "gone")
        let transport = FakeTransport { _, number in
            .chunks(
                number == 0 ? 200 : 206,
                headers: ["Content-Length": "10", "ETag": "\"e\""],
                number == 0 ? [[1, 2, 3]] : [],
                failure: broken
            )
        }
        let s3 = try S3Fixture(transport)
        await #expect(throws: broken) {
            _ = try await s3.client.getObject(GetObjectRequest(bucket: "backups", key: "k"))
        }
        #expect(transport.requests.count == 4)
    }

    @Test("An object that was replaced in the meantime is not stitched together")
    func replaced() async throws {
        let broken = HTTPError(.connectionLost, "gone")
        let s3 = try S3Fixture([
            .chunks(200, headers: ["Content-Length": "10", "ETag": "\"e\""], [[1]], failure: broken),
            .response(412, body: "<Error><Code>PreconditionFailed</Code></Error>"),
        ])
        let error = await #expect(throws: AWSError.self) {
            _ = try await s3.client.getObject(GetObjectRequest(bucket: "backups", key: "k"))
        }
        #expect(error?.isS3PreconditionFailed == true)
    }

    @Test("An object that is too large for memory is refused")
    func tooLarge() async throws {
        let s3 = try S3Fixture([.response(headers: ["Content-Length": "5"], body: "abcde")])
        let error = await #expect(throws: HTTPError.self) {
            _ = try await s3.client.getObject(GetObjectRequest(bucket: "backups", key: "k"), maximumBytes: 4)
        }
        #expect(error?.code == .responseTooLarge)
    }

    @Test("PutObject sends condition, checksum, encryption and tags")
    func put() async throws {
        let s3 = try S3Fixture([.response(headers: ["ETag": "\"e\"", "x-amz-version-id": "v"])])
        let result = try await s3.client.putObject(
            PutObjectRequest(
                bucket: "backups",
                key: "k",
                body: .bytes(Array("hello".utf8)),
                properties: S3ObjectProperties(
                    content: S3ContentHeaders(contentType: "application/json"),
                    metadata: ["table": "Orders"],
                    tags: [S3Tag("a b", "c&d")],
                    storageClass: .standardIA,
                    encryption: .kms(keyID: "alias/backup")
                ),
                condition: .absent
            )
        )
        #expect(result.etag == "\"e\"")
        #expect(result.versionID == "v")
        let recorded = try s3.onlyRequest()
        #expect(recorded.bodyText == "hello")
        let headers = recorded.request.headers
        #expect(headers["If-None-Match"] == "*")
        #expect(headers["x-amz-checksum-crc32"] == "NhCmhg==")
        #expect(headers["x-amz-server-side-encryption"] == "aws:kms")
        #expect(headers["x-amz-server-side-encryption-aws-kms-key-id"] == "alias/backup")
        #expect(headers["x-amz-storage-class"] == "STANDARD_IA")
        #expect(headers["x-amz-meta-table"] == "Orders")
        #expect(headers["x-amz-tagging"] == "a%20b=c%26d")
        #expect(
            headers["x-amz-content-sha256"] == "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"
        )
    }

    @Test(
        "A stream is sent with its checksum behind it, signed where TLS does not protect it",
        arguments: [nil, "http://127.0.0.1:4566"]
    )
    func putStream(endpoint: String?) async throws {
        let s3 = try S3Fixture([.response(503), .response()], endpoint: endpoint)
        let stream = HTTPRequestStream(length: 5) {
            let pieces = WatchedValue([Array("he".utf8), Array("llo".utf8)][...])
            return { pieces.update { $0.popFirst() } }
        }
        try await s3.client.putObject(PutObjectRequest(bucket: "backups", key: "k", body: .stream(stream)))
        #expect(s3.transport.requests.count == 2)
        for recorded in s3.transport.requests {
            #expect(recorded.request.headers["Content-Encoding"] == "aws-chunked")
            if endpoint == nil {
                #expect(recorded.bodyText == "5\r\nhello\r\n0\r\nx-amz-checksum-crc32:NhCmhg==\r\n\r\n")
            } else {
                #expect(recorded.bodyText.hasPrefix("5;chunk-signature="))
                #expect(recorded.bodyText.contains("\r\nx-amz-trailer-signature:"))
            }
        }
    }

    @Test("DeleteObject names the version and says what was left")
    func delete() async throws {
        let s3 = try S3Fixture([
            .response(204, headers: ["x-amz-version-id": "m", "x-amz-delete-marker": "true"])
        ])
        let result = try await s3.client.deleteObject(bucket: "backups", key: "k", versionID: "v")
        #expect(result.versionID == "m")
        #expect(result.isDeleteMarker)
        let request = try s3.onlyRequest().request
        #expect(request.method == .delete)
        #expect(request.query == "versionId=v")
    }
}
