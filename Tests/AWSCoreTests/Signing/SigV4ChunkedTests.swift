import AWSCore
import FoundationEssentials
import Testing

/// S3's worked examples of chunked uploads.
///
/// S3 API Reference, "Signature calculations for the authorization header: transferring payload in multiple chunks" and
/// its page on trailing headers: 66 560 times "a" in chunks of 64 KiB and 1 KiB. The trailer's signature is the one that
/// AWS's SDKs test against; an older text of the page prints another, which follows from no input.
@Suite("aws-chunked bodies")
struct SigV4ChunkedTests {
    private let credentials = Credentials(
        accessKeyID: "AKIAIOSFODNN7EXAMPLE",
        secretAccessKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
    )
    private let date = Date(timeIntervalSince1970: 1_369_353_600)  // 2013-05-24T00:00:00Z
    private let content = [UInt8](repeating: UInt8(ascii: "a"), count: 66_560)

    private func request(_ headers: HTTPHeaders = HTTPHeaders(), body: HTTPRequestBody) -> HTTPRequest {
        HTTPRequest(
            method: .put,
            scheme: .https,
            authority: "s3.amazonaws.com",
            path: "/examplebucket/chunkObject.txt",
            headers: headers,
            body: body
        )
    }

    private func sent(_ request: HTTPRequest) async throws -> String {
        guard case .stream(let stream) = request.body else { return "the body is no stream" }
        var bytes: [UInt8] = []
        let next = stream.makeChunks()
        while let chunk = try await next() { bytes += chunk }
        #expect(bytes.count == stream.length)
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The same bytes as a stream whose pieces fit no chunk.
    private func stream(pieceLength: Int, announced: Int? = nil) -> HTTPRequestBody {
        let content = content
        return .stream(
            HTTPRequestStream(length: announced ?? content.count) {
                let cursor = Cursor()
                return { await cursor.next(of: content, count: pieceLength) }
            }
        )
    }

    private actor Cursor {
        private var position = 0

        func next(of bytes: [UInt8], count: Int) -> [UInt8]? {
            guard position < bytes.count else { return nil }
            defer { position += count }
            return Array(bytes[position..<min(position + count, bytes.count)])
        }
    }

    @Test("Chunks are signed as in S3's example", arguments: [1000, 65_536, 66_560])
    func signedChunks(pieceLength: Int) async throws {
        var request = request(
            ["x-amz-storage-class": "REDUCED_REDUNDANCY", "Content-Length": "66824"],
            body: stream(pieceLength: pieceLength)
        )
        let signature = SigV4Signer(signingName: "s3", region: "us-east-1")
            .sign(&request, credentials: credentials, date: date, payload: .streamingSigned)
        #expect(
            signature.digest.hexadecimal == "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9"
        )
        #expect(request.body.length == 66_824)
        let a = "a"
        let expected =
            "10000;chunk-signature=ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648\r\n"
            + String(repeating: a, count: 65_536)
            + "\r\n400;chunk-signature=0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497\r\n"
            + String(repeating: a, count: 1024)
            + "\r\n0;chunk-signature=b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9\r\n\r\n"
        let body = try await sent(request)
        #expect(body == expected)
        #expect(try await sent(request) == body, "a second attempt sends the same again")
    }

    @Test("A trailing checksum is signed as in S3's example")
    func signedTrailer() async throws {
        var request = request(["x-amz-storage-class": "REDUCED_REDUNDANCY"], body: .bytes(content))
        let signature = SigV4Signer(signingName: "s3", region: "us-east-1")
            .sign(&request, credentials: credentials, date: date, payload: .streamingSignedWithChecksum(.crc32c))
        #expect(
            signature.digest.hexadecimal == "106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e"
        )
        let body = try await sent(request)
        #expect(request.body.length == 66_946)
        #expect(
            body.hasPrefix("10000;chunk-signature=b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2\r\n")
        )
        #expect(
            body.contains(
                "\r\n400;chunk-signature=1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7\r\n"
            )
        )
        #expect(
            body.hasSuffix(
                "\r\n0;chunk-signature=2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992\r\n"
                    + "x-amz-checksum-crc32c:sOO8/Q==\r\n"
                    + "x-amz-trailer-signature:d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435\r\n\r\n"
            )
        )
    }

    @Test("An unsigned stream carries its checksum as a trailer", arguments: ChecksumAlgorithm.allCases)
    func unsignedTrailer(algorithm: ChecksumAlgorithm) async throws {
        var request = request(["Content-Encoding": "gzip"], body: .bytes(Array("hello".utf8)))
        SigV4Signer(signingName: "s3", region: "us-east-1")
            .sign(&request, credentials: credentials, date: date, payload: .streamingUnsigned(checksum: algorithm))
        #expect(request.headers["Content-Encoding"] == "aws-chunked,gzip")
        #expect(request.headers["X-Amz-Decoded-Content-Length"] == "5")
        #expect(request.headers["X-Amz-Trailer"] == algorithm.headerName)
        #expect(request.headers["X-Amz-Content-SHA256"] == "STREAMING-UNSIGNED-PAYLOAD-TRAILER")
        // Of "hello", by Python's zlib, crc32c and hashlib, and CRC-64/NVME bit by bit.
        let values: [ChecksumAlgorithm: String] = [
            .crc32: "NhCmhg==", .crc32c: "mnG7TA==", .sha1: "qvTGHdzF6KLavt4PO0gs2a6pQ00=",
            .sha256: "LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=", .crc64nvme: "M3eFcAZSQlc=",
        ]
        let value = try #require(values[algorithm])
        #expect(try await sent(request) == "5\r\nhello\r\n0\r\n\(algorithm.headerName):\(value)\r\n\r\n")
    }

    @Test("An unsigned stream is one chunk, in whatever pieces it comes", arguments: [1000, 65_536, 66_560])
    func unsignedChunk(pieceLength: Int) async throws {
        var request = request(body: stream(pieceLength: pieceLength))
        SigV4Signer(signingName: "s3", region: "us-east-1")
            .sign(&request, credentials: credentials, date: date, payload: .streamingUnsigned(checksum: .crc32))
        var checksum = RunningChecksum(.crc32)
        content.withUnsafeBytes { checksum.update($0) }
        #expect(
            try await sent(request) == "10400\r\n\(String(decoding: content, as: UTF8.self))\r\n0\r\n"
                + "x-amz-checksum-crc32:\(checksum.headerValue)\r\n\r\n"
        )
    }

    @Test("An unsigned stream of another length than announced fails", arguments: [66_559, 66_561])
    func wrongUnsignedLength(announced: Int) async throws {
        var request = request(body: stream(pieceLength: 1000, announced: announced))
        SigV4Signer(signingName: "s3", region: "us-east-1")
            .sign(&request, credentials: credentials, date: date, payload: .streamingUnsigned(checksum: .crc32))
        let body = request
        await #expect(throws: SigV4Error.self) { _ = try await sent(body) }
    }

    @Test("An empty body is one empty chunk")
    func emptyBody() async throws {
        var request = request(body: .empty)
        SigV4Signer(signingName: "s3", region: "us-east-1")
            .sign(&request, credentials: credentials, date: date, payload: .streamingUnsigned(checksum: .crc32))
        #expect(try await sent(request) == "0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n")
    }

    @Test("A body of another length than announced fails before its end is sent", arguments: [66_559, 66_561])
    func wrongLength(announced: Int) async throws {
        var request = request(body: stream(pieceLength: 1000, announced: announced))
        SigV4Signer(signingName: "s3", region: "us-east-1")
            .sign(&request, credentials: credentials, date: date, payload: .streamingSigned)
        let body = request
        await #expect(throws: SigV4Error.self) { _ = try await sent(body) }
    }

    @Test("A stream is left to TLS over https and signed chunk by chunk without")
    func automaticStreams() {
        let signer = SigV4Signer(signingName: "s3", region: "us-east-1")
        var secure = request(body: stream(pieceLength: 1000))
        signer.sign(&secure, credentials: credentials, date: date)
        #expect(secure.headers["x-amz-content-sha256"] == "UNSIGNED-PAYLOAD")
        #expect(secure.body.length == content.count)
        var plain = request(body: stream(pieceLength: 1000))
        plain.scheme = .http
        signer.sign(&plain, credentials: credentials, date: date)
        #expect(plain.headers["x-amz-content-sha256"] == "STREAMING-AWS4-HMAC-SHA256-PAYLOAD")
    }

    @Test("Whether streams are signed can be set, as the aws command's payload_signing_enabled")
    func signingOfStreamsAsSet() {
        for (isSigned, scheme) in [(true, HTTPRequest.Scheme.https), (false, .http)] {
            let signer = SigV4Signer(signingName: "s3", region: "us-east-1", signsStreams: isSigned)
            var request = request(body: stream(pieceLength: 1000))
            request.scheme = scheme
            var checksummed = request
            signer.sign(&request, credentials: credentials, date: date)
            signer.sign(&checksummed, credentials: credentials, date: date, payload: .checksummedStream(.crc32))
            #expect(
                request.headers["x-amz-content-sha256"]
                    == (isSigned ? "STREAMING-AWS4-HMAC-SHA256-PAYLOAD" : "UNSIGNED-PAYLOAD")
            )
            #expect(
                checksummed.headers["x-amz-content-sha256"]
                    == (isSigned
                        ? "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER" : "STREAMING-UNSIGNED-PAYLOAD-TRAILER")
            )
        }
    }
}
