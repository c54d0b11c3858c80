import AWSCore
import Synchronization

/// What limits/http_client.c does, over AWSCore's transport.
struct HTTPBenchmark {
    private let authority: String
    private let transport: CurlTransport

    private static let chunkBytes = 256 << 10
    private static let names = (0..<8).map { "X-Header-\($0)" }
    /// Made beforehand: what is measured is how they are sent.
    private static let values = (0..<100).map { request in
        (0..<8).map { "some value of header \($0) of request \(request)" }
    }

    init(port: Int) throws {
        authority = "127.0.0.1:\(port)"
        transport = try CurlTransport()
    }

    /// Does something on the transport's own thread, as programs do whose tasks are mostly about requests.
    func run<Result: Sendable>(_ body: @Sendable (HTTPBenchmark) async throws -> Result) async throws -> Result {
        try await withTaskExecutorPreference(transport.executor) { try await body(self) }
    }

    /// POSTs 500 bytes, each time with other header lines.
    ///
    /// - Returns: the bytes of all answers.
    func sendSmall(_ total: Int, inFlight: Int) async throws -> Int {
        let body = [UInt8](repeating: UInt8(ascii: "b"), count: 500)
        let next = Counter()
        return try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<inFlight {
                group.addTask {
                    var bytes = 0
                    while true {
                        let number = next.add(1)
                        guard number < total else { return bytes }
                        bytes += try await transport.send(request(number, body: body)).body.count
                    }
                }
            }
            return try await group.reduce(0, +)
        }
    }

    private func request(_ number: Int, body: [UInt8]) -> HTTPRequest {
        var fields: [HTTPHeaders.Field] = []
        fields.reserveCapacity(1 + Self.names.count)
        fields.append(HTTPHeaders.Field(name: "Content-Type", value: "application/x-amz-json-1.0"))
        for (name, value) in zip(Self.names, Self.values[number % Self.values.count]) {
            fields.append(HTTPHeaders.Field(name: name, value: value))
        }
        return HTTPRequest(
            method: .post,
            scheme: .http,
            authority: authority,
            path: "/small",
            headers: HTTPHeaders(fields),
            body: .bytes(body),
            usesProxy: false
        )
    }

    func download(_ length: Int) async throws -> Int {
        let request = HTTPRequest(
            method: .get,
            scheme: .http,
            authority: authority,
            path: "/bytes/\(length)",
            usesProxy: false
        )
        return try await transport.stream(request).body.reduce(0) { $0 + $1.count }
    }

    func upload(_ length: Int) async throws -> Int {
        let chunk = [UInt8](repeating: UInt8(ascii: "b"), count: Self.chunkBytes)
        let sent = Counter()
        let stream = HTTPRequestStream(length: length) {
            {
                let start = sent.add(chunk.count)
                guard start < length else { return nil }
                return length - start < chunk.count ? Array(chunk.prefix(length - start)) : chunk
            }
        }
        let request = HTTPRequest(
            method: .put,
            scheme: .http,
            authority: authority,
            path: "/bytes",
            body: .stream(stream),
            usesProxy: false
        )
        guard try await transport.send(request).status == 200 else { return 0 }
        return min(sent.add(0), length)
    }
}

/// A number that tasks share.
final class Counter: Sendable {
    private let value = Atomic(0)

    /// - Returns: what it was before.
    func add(_ amount: Int) -> Int {
        value.add(amount, ordering: .relaxed).oldValue
    }
}
