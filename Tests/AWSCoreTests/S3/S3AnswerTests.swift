import AWSTesting
import FoundationEssentials
import Testing

@testable import AWSCore

@Suite("S3 answers")
struct S3AnswerTests {
    private let upload = S3MultipartUpload(bucket: "b-b", key: "k", uploadID: "u")

    @Test("A multipart upload is begun, gets its parts and becomes an object")
    func multipart() async throws {
        let stream = HTTPRequestStream(length: 5) {
            let pieces = WatchedValue([Array("he".utf8), Array("llo".utf8)][...])
            return { pieces.update { $0.popFirst() } }
        }
        let s3 = try S3Fixture([
            .response(
                body:
                    "<InitiateMultipartUploadResult><Bucket>b-b</Bucket><UploadId>u</UploadId></InitiateMultipartUploadResult>"
            ),
            .response(headers: ["ETag": "\"p1\"", "x-amz-checksum-crc64nvme": "M3eFcAZSQlc="]),
            .response(
                body:
                    "<CopyPartResult><ETag>&quot;p2&quot;</ETag><ChecksumCRC32>AAAAAA==</ChecksumCRC32></CopyPartResult>"
            ),
            .response(
                headers: ["x-amz-version-id": "v"],
                body: """
                    \n <?xml version="1.0"?><CompleteMultipartUploadResult><ETag>"w-2"</ETag>\
                    <ChecksumCRC64NVME>x</ChecksumCRC64NVME><ChecksumType>FULL_OBJECT</ChecksumType>\
                    </CompleteMultipartUploadResult>
                    """
            ),
        ])
        let upload = try await s3.client.createMultipartUpload(bucket: "b-b", key: "k")
        #expect(upload == self.upload)
        let first = try await s3.client.uploadPart(
            upload,
            number: 1,
            body: .stream(stream),
            checksum: .computed(.crc64nvme)
        )
        let checksum = S3Checksum(.crc64nvme, value: "M3eFcAZSQlc=")
        #expect(first == S3UploadedPart(number: 1, etag: "\"p1\"", size: 5, checksums: [checksum]))
        let source = S3CopySource(bucket: "s", key: "k")
        let second = try await s3.client.uploadPartCopy(upload, number: 2, from: source, range: 0..<9)
        #expect(second.etag == "\"p2\"")
        #expect(second.size == 9)
        #expect(second.checksums == [S3Checksum(.crc32, value: "AAAAAA==")])
        let result = try await s3.client.completeMultipartUpload(upload, parts: [first, second])
        #expect(result.etag == "\"w-2\"")
        #expect(result.versionID == "v")
        #expect(result.checksumType == .fullObject)
        #expect(result.checksums == [S3Checksum(.crc64nvme, value: "x")])
        #expect(s3.transport.requests[1].bodyText == "5\r\nhello\r\n0\r\nx-amz-checksum-crc64nvme:M3eFcAZSQlc=\r\n\r\n")
    }

    @Test("An error that follows status 200 is tried again, and told by its kind in the end")
    func lateError() async throws {
        func late(_ code: String) -> String { "\n\n<Error><Code>\(code)</Code><Message>m</Message></Error>" }
        let done = "<CompleteMultipartUploadResult><ETag>e</ETag></CompleteMultipartUploadResult>"
        let passing = try S3Fixture([
            .response(body: late("InternalError")), .response(body: ""), .response(body: done),
        ])
        #expect(try await passing.client.completeMultipartUpload(upload, parts: []).etag == "e")
        let part = try S3Fixture([
            .response(body: late("InternalError")), .response(body: ""),
            .response(body: "<CopyPartResult><ETag>e</ETag></CopyPartResult>"),
        ])
        let source = S3CopySource(bucket: "s", key: "k")
        #expect(try await part.client.uploadPartCopy(upload, number: 1, from: source, range: 0..<9).etag == "e")
        #expect(part.transport.requests.count == 3)
        for (code, status) in [("PreconditionFailed", 412), ("ConditionalRequestConflict", 409), ("NoSuchUpload", 404)]
        {
            for outcome in [FakeTransport.Outcome.response(status, body: late(code)), .response(body: late(code))] {
                let s3 = try S3Fixture(FakeTransport { _, _ in outcome })
                let error = await #expect(throws: AWSError.self) {
                    _ = try await s3.client.completeMultipartUpload(upload, parts: [])
                }
                #expect(error?.isS3PreconditionFailed == (status == 412))
                #expect(error?.isS3Conflict == (status == 409))
                #expect(error?.isS3NotFound == (status == 404))
                let copy = CopyObjectRequest(source: source, bucket: "b-b", key: "k")
                let copyError = await #expect(throws: AWSError.self) { try await s3.client.copyObject(copy) }
                #expect(copyError?.isS3PreconditionFailed == (status == 412))
                let partError = await #expect(throws: AWSError.self) {
                    try await s3.client.uploadPartCopy(upload, number: 1, from: source)
                }
                #expect(partError?.isS3PreconditionFailed == (status == 412))
            }
        }
    }

    @Test("Aborting what is no longer there is done; a missing bucket is not")
    func abort() async throws {
        let gone = try S3Fixture([.response(404, body: "<Error><Code>NoSuchUpload</Code></Error>"), .response(204)])
        try await gone.client.abortMultipartUpload(upload)
        try await gone.client.abortMultipartUpload(upload)
        let noBucket = try S3Fixture([.response(404, body: "<Error><Code>NoSuchBucket</Code></Error>")])
        await #expect(throws: AWSError.self) { try await noBucket.client.abortMultipartUpload(upload) }
    }

    @Test("Parts are listed to their end, and a list that goes round in circles is found out")
    func parts() async throws {
        @Sendable func page(_ number: Int, next: Int?) -> String {
            let more = next.map { "<IsTruncated>true</IsTruncated><NextPartNumberMarker>\($0)</NextPartNumberMarker>" }
            let part = "<Part><PartNumber>\(number)</PartNumber><ETag>e\(number)</ETag><Size>7</Size></Part>"
            return "<ListPartsResult>\(part)\(more ?? "<IsTruncated>false</IsTruncated>")</ListPartsResult>"
        }
        let s3 = try S3Fixture([.response(body: page(1, next: 1)), .response(body: page(4, next: nil))])
        let parts = try await s3.client.listParts(upload)
        #expect(
            parts == [S3UploadedPart(number: 1, etag: "e1", size: 7), S3UploadedPart(number: 4, etag: "e4", size: 7)]
        )
        #expect(s3.transport.requests.last?.request.query == "uploadId=u&part-number-marker=1")
        let endless = try S3Fixture(FakeTransport { _, _ in .response(body: page(1, next: 1)) })
        await #expect(throws: AWSError.self) { _ = try await endless.client.listParts(upload) }
        #expect(endless.transport.requests.count == 2)
    }

    @Test("HeadObject tells all that a copy must have")
    func head() async throws {
        let s3 = try S3Fixture([
            .response(
                206,
                headers: [
                    "Content-Length": "5", "Content-Range": "bytes 0-4/12", "x-amz-mp-parts-count": "3",
                    "x-amz-checksum-sha512": "s", "x-amz-checksum-crc32": "c-3", "x-amz-checksum-type": "COMPOSITE",
                    "Content-Type": "a/b", "Content-Encoding": "gzip", "Cache-Control": "no-cache",
                    "Content-Disposition": "inline", "Content-Language": "de, en", "Expires": "never",
                    "x-amz-website-redirect-location": "/x", "x-amz-tagging-count": "2", "x-amz-missing-meta": "1",
                    "x-amz-meta-A": "=?UTF-8?Q?=C3=A9_x?=", "X-Amz-Meta-b": "1", "x-amz-meta-b": "2",
                ]
            )
        ])
        let head = try await s3.client.headObject(HeadObjectRequest(bucket: "b-b", key: "k", partNumber: 1))
        #expect(head.size == 12)
        #expect(head.contentLength == 5)
        #expect(head.partCount == 3)
        #expect(head.checksums == [S3Checksum(.crc32, value: "c-3"), S3Checksum(name: "SHA512", value: "s")])
        #expect(head.checksumType == .composite)
        #expect(head.tagCount == 2)
        #expect(head.missingMetadataCount == 1)
        #expect(
            head.content
                == S3ContentHeaders(
                    contentType: "a/b",
                    contentEncoding: "gzip",
                    cacheControl: "no-cache",
                    contentDisposition: "inline",
                    contentLanguage: "de, en",
                    expires: "never",
                    websiteRedirectLocation: "/x"
                )
        )
        #expect(head.metadata == ["a": "=?UTF-8?Q?=C3=A9_x?=", "b": "1,2"])
        #expect(head.metadata.decoded == ["a": "é x", "b": "1,2"])
    }

    @Test(
        "Encoded words are read in both forms and written so that they are read again",
        arguments: [
            ("plain", "plain"), ("=?UTF-8?B?w6k=?=", "é"), ("=?utf-8?q?=C3=A9_=3D?=", "é ="),
            ("a =?UTF-8?Q?b?= c", "a b c"), ("=?UTF-8?Q?a?=  =?UTF-8?Q?b?=", "ab"),
            ("=?UTF-8?Q?a?= x =?UTF-8?Q?b?=", "a x b"),
            ("=?ISO-8859-1?Q?=E9?=", "=?ISO-8859-1?Q?=E9?="), ("=?UTF-8?B?!?=", "=?UTF-8?B?!?="), ("=?", "=?"),
            ("=?UTF-8?Q?=FF?=", "=?UTF-8?Q?=FF?="), ("=?=?UTF-8?Q?a?=", "=?a"), ("", ""),
        ]
    )
    func encodedWords(text: String, meaning: String) {
        #expect(EncodedWord.decode(text) == meaning)
        #expect(EncodedWord.decode(EncodedWord.encode(meaning)) == meaning)
        var headers = HTTPHeaders()
        S3Metadata(["Name": meaning]).add(to: &headers)
        #expect(headers["x-amz-meta-name"]?.utf8.allSatisfy { $0 < 0x80 } == true)
        #expect(S3Metadata(headers: headers).decoded == ["name": EncodedWord.decode(meaning)])
    }

    @Test("A known checksum goes in a header, and the stream needs no other")
    func knownChecksum() async throws {
        let s3 = try S3Fixture([.response(headers: ["ETag": "e", "x-amz-checksum-crc64nvme": "M3eFcAZSQlc="])])
        let stream = HTTPRequestStream(length: 0) { { nil } }
        let checksum = S3Checksum(.crc64nvme, value: "M3eFcAZSQlc=")
        let result = try await s3.client.putObject(
            PutObjectRequest(bucket: "b-b", key: "k", body: .stream(stream), checksum: .known(checksum))
        )
        #expect(result.checksums == [checksum])
        let headers = try s3.onlyRequest().request.headers
        #expect(headers["x-amz-checksum-crc64nvme"] == "M3eFcAZSQlc=")
        #expect(headers["x-amz-sdk-checksum-algorithm"] == "CRC64NVME")
        #expect(headers["x-amz-trailer"] == nil)
        #expect(headers["x-amz-content-sha256"] == "UNSIGNED-PAYLOAD")
    }

    @Test("Tags are read in their order, and a broken list is an error")
    func tags() async throws {
        let s3 = try S3Fixture([
            .response(
                body:
                    "<Tagging><TagSet><Tag><Key>b</Key><Value/></Tag><Tag><Key>a</Key><Value>&lt;</Value></Tag></TagSet></Tagging>"
            ), .response(body: "<Tagging><TagSet/></Tagging>"),
            .response(body: "<Tagging><TagSet><Tag><Key>b</Key></Tag></TagSet></Tagging>"),
        ])
        #expect(try await s3.client.getObjectTagging(bucket: "b-b", key: "k") == [S3Tag("b", ""), S3Tag("a", "<")])
        #expect(try await s3.client.getObjectTagging(bucket: "b-b", key: "k").isEmpty)
        await #expect(throws: AWSError.self) { _ = try await s3.client.getObjectTagging(bucket: "b-b", key: "k") }
    }
}
