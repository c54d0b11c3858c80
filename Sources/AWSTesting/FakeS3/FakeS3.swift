package import AWSCore
package import FoundationEssentials
import Synchronization

/// S3 in memory, behind a transport: objects, parts, conditions, copies, listings, and whatever may go wrong.
///
/// Path-style addresses at a custom endpoint; see ``client(accessKeyID:)``. Signatures are not checked, checksums are.
/// What it does not know it refuses, so that a test sees it.
package final class FakeS3: HTTPTransport {
    /// What happens in place of, or besides, the answer.
    package enum Fault: Sendable {
        /// This error and nothing done.
        case error(String, status: Int)
        /// The connection breaks before anything is done.
        case cut
        /// Nothing is done and no answer comes, until the task is cancelled.
        case hangs
        /// The call is carried out, but the connection breaks before the answer.
        case lostAnswer
        /// Status 200, with an error in the body, and nothing done.
        case lateError
        /// The body of the answer breaks off after so many bytes.
        case cutBody(Int)
        /// The body of the answer is this one.
        case replacedBody(@Sendable ([UInt8]) -> [UInt8])
        /// Something else happens first.
        case first(@Sendable (FakeS3) -> Void)
        /// S3 takes its time, and this happens meanwhile: of a CopyObject after the source was read, and before the target
        /// is written.
        case slow(losesAnswer: Bool = false, @Sendable (FakeS3) async -> Void)
    }

    package struct State: Sendable {
        package var buckets: [String: FakeS3Bucket] = [:]
        package var uploads: [String: FakeS3Upload] = [:]
        /// By operation.
        package var calls: [String: Int] = [:]
        var lastUpload = 0
        var lastRequest = 0
        /// Each write is a second after the one before.
        package var now = Date(timeIntervalSince1970: 1_795_000_000)
        package var maximumKeys = 1000
        /// The largest object that one CopyObject copies.
        package var maximumCopySize = 5 << 30
        /// Whether HEAD and GET say how many tags there are, as they do for those who may read tags.
        package var tellsTagCounts = true
        /// The smallest part but the last.
        package var minimumPartSize = 1
    }

    private let state = Mutex(State())
    private let fault: @Sendable (FakeS3Call, Int) -> Fault?

    /// - Parameter fault: asked for each call with its number, from 1; `nil` lets it be.
    package init(fault: @escaping @Sendable (FakeS3Call, Int) -> Fault? = { _, _ in nil }) {
        self.fault = fault
    }

    package var current: State { state.withLock { $0 } }

    @discardableResult
    package func update<Result: Sendable>(_ change: (inout State) throws -> Result) rethrows -> Result {
        try state.withLock { try change(&$0) }
    }

    /// A client for buckets here.
    ///
    /// - Parameter maximumAttempts: how often a request is sent at most.
    package func client(
        accessKeyID: String = "AKIAEXAMPLE0",
        maximumAttempts: Int? = nil,
        endpoint: String = "http://127.0.0.1:1"
    ) -> AWSClient {
        AWSClient(
            configuration: AWSConfiguration(
                region: Region("us-east-1"),
                credentials: StaticCredentialsProvider(
                    Credentials(accessKeyID: accessKeyID, secretAccessKey: "secret")
                ),
                endpoints: EndpointResolver(explicit: .init(url: endpoint, origin: "test")),
                maximumAttempts: maximumAttempts
            ),
            transport: self,
            environment: AWSClient.Environment(sleep: { _ in try Task.checkCancellation() }, random: { 0.5 })
        )
    }

    /// - Throws: what an impossible Region would, which `us-east-1` is not.
    package func s3(accessKeyID: String = "AKIAEXAMPLE0", maximumAttempts: Int? = nil) throws -> S3Client {
        let client = client(accessKeyID: accessKeyID, maximumAttempts: maximumAttempts)
        return S3Client(client: client, region: try client.configuration.requiredRegion())
    }

    package func createBucket(_ name: String) {
        update { $0.buckets[name] = FakeS3Bucket() }
    }

    /// Puts an object there, as if uploaded in parts of these sizes.
    package func put(
        _ bucket: String,
        _ key: String,
        _ bytes: [UInt8],
        parts: [Int] = [],
        change: @Sendable (inout FakeS3Object) -> Void = { _ in }
    ) {
        update { state in
            var object = FakeS3Object(bytes: bytes, etag: Self.etag(bytes, parts: parts), lastModified: state.now)
            object.parts = parts
            object.content["content-type"] = "application/octet-stream"
            object.checksums = ["CRC64NVME": ChecksumAlgorithm.crc64nvme.headerValue(bytes)]
            change(&object)
            state.write(object, bucket, FakeS3Key(key))
        }
    }

    package func object(_ bucket: String, _ key: String) -> FakeS3Object? {
        state.withLock { $0.buckets[bucket]?.objects[FakeS3Key(key)] }
    }

    package func delete(_ bucket: String, _ key: String) {
        update { $0.buckets[bucket]?.put(nil, FakeS3Key(key)) }
    }

    package func keys(_ bucket: String) -> [String] {
        update { $0.buckets[bucket]?.keys().map(\.text) ?? [] }
    }

    static func etag(_ bytes: [UInt8], parts: [Int]) -> String {
        guard !parts.isEmpty else { return "\"\(Hexadecimal.string(MD5.digest(bytes)))\"" }
        var start = 0
        let digests = parts.map { size in
            defer { start += size }
            return MD5.digest(bytes[start..<(start + size)])
        }
        return S3PartSums.etag(parts: digests)
    }

    package func send(_ request: HTTPRequest) async throws -> HTTPResponse {
        let (response, limit) = try await answer(request)
        if let limit, limit < response.body.count { throw HTTPError(.connectionLost, "the connection was cut") }
        return response
    }

    package func stream(_ request: HTTPRequest) async throws -> HTTPStreamingResponse {
        let (response, limit) = try await answer(request)
        let rest = Mutex(response.body[...])
        let cutAt = limit.map { response.body.count - $0 }
        return HTTPStreamingResponse(
            status: response.status,
            headers: response.headers,
            body: HTTPResponseStream {
                try Task.checkCancellation()
                return try rest.withLock { rest in
                    if rest.isEmpty { return nil }
                    if let cutAt, rest.count <= cutAt { throw HTTPError(.connectionLost, "the connection was cut") }
                    let piece = rest.prefix(4096)
                    rest = rest.dropFirst(piece.count)
                    return Array(piece)
                }
            }
        )
    }

    /// - Returns: the answer, and after how many bytes of its body the connection breaks.
    private func answer(_ request: HTTPRequest) async throws -> (HTTPResponse, Int?) {
        try Task.checkCancellation()
        var body = try await Self.read(request.body)
        if request.headers["x-amz-content-sha256"]?.hasPrefix("STREAMING-") == true {
            guard let decoded = FakeS3ChunkedBody(body) else { return (.s3Error("IncompleteBody", 400), nil) }
            body = decoded.bytes
            for (name, value) in decoded.trailers {
                guard Self.isChecksum(name, value, of: body) else { return (.s3Error("BadDigest", 400), nil) }
            }
        }
        for field in request.headers.fields where !Self.isChecksum(field.name, field.value, of: body) {
            // CompleteMultipartUpload's is of the whole object, and is looked at there.
            if !request.query.contains("uploadId=") || request.query.contains("partNumber=") {
                return (.s3Error("BadDigest", 400), nil)
            }
        }
        guard let call = FakeS3Call(request, body: body) else { return (.s3Error("InvalidURI", 400), nil) }
        let number = update { state in
            state.calls[call.operation, default: 0] += 1
            state.lastRequest += 1
            return state.lastRequest
        }
        var limit: Int?
        switch fault(call, number) {
        case nil: break
        case .error(let code, let status): return (.s3Error(code, status), nil)
        case .hangs:
            try await Gate().pass()
            throw HTTPError(.connectionLost, "nobody opens that gate")
        case .cut: throw HTTPError(.connectionLost, "the connection was cut")
        case .lateError: return (.s3Error("InternalError", 200), nil)
        case .cutBody(let count): limit = count
        case .first(let action): action(self)
        case .slow(let losesAnswer, let action):
            let source = call.operation == "CopyObject" ? update { $0.copySource(call) } : nil
            await action(self)
            let response = update { state in source.map { state.copy(call, from: $0) } ?? state.answer(call) }
            if losesAnswer { throw HTTPError(.connectionLost, "the connection was cut") }
            return (response, nil)
        case .lostAnswer:
            _ = update { $0.answer(call) }
            throw HTTPError(.connectionLost, "the connection was cut")
        case .replacedBody(let change):
            var response = update { $0.answer(call) }
            response.body = change(response.body)
            return (response, nil)
        }
        var response = update { $0.answer(call) }
        response.headers["x-amz-request-id"] = "REQUEST\(number)"
        return (response, limit)
    }

    private static func isChecksum(_ name: String, _ value: String, of body: [UInt8]) -> Bool {
        guard let algorithm = ChecksumAlgorithm.allCases.first(where: { $0.headerName == name.lowercased() }) else {
            return true
        }
        return algorithm.headerValue(body) == value
    }

    private static func read(_ body: HTTPRequestBody) async throws -> [UInt8] {
        switch body {
        case .empty: return []
        case .bytes(let bytes): return bytes
        case .stream(let stream):
            var bytes: [UInt8] = []
            let nextChunk = stream.makeChunks()
            while let chunk = try await nextChunk() { bytes += chunk }
            return bytes
        }
    }
}

extension HTTPResponse {
    static func s3Error(_ code: String, _ status: Int, _ message: String = "said S3") -> HTTPResponse {
        let text =
            "<Error><Code>\(code)</Code><Message>\(message)</Message><RequestId>FAKE\(status)</RequestId></Error>"
        return HTTPResponse(status: status, body: Array(text.utf8))
    }

    static func xml(_ text: String, headers: HTTPHeaders = HTTPHeaders()) -> HTTPResponse {
        HTTPResponse(status: 200, headers: headers, body: Array(text.utf8))
    }
}
