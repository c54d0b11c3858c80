import AWSCore

/// Calls of DynamoDB with bodies of 10 KB through the whole client: endpoint, signature, sending, judging the answer.
///
/// limits/http_client.c sends the same bodies unsigned.
struct ClientBenchmark {
    private let transport: CurlTransport
    private let client: AWSClient
    private let region: Region

    private static let bodyBytes = 10_000

    init(port: Int) throws {
        transport = try CurlTransport()
        let configuration = try AWSConfiguration.load(
            region: "us-east-1",
            endpointURL: "http://127.0.0.1:\(port)",
            environment: [
                "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
                "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
                "HOME": "/nonexistent",
            ],
            transport: transport
        )
        region = try configuration.requiredRegion()
        client = AWSClient(configuration: configuration, transport: transport)
    }

    /// - Returns: the bytes of all answers.
    func call(_ total: Int, inFlight: Int) async throws -> Int {
        let body = [UInt8](repeating: UInt8(ascii: "b"), count: Self.bodyBytes)
        let next = Counter()
        return try await withTaskExecutorPreference(transport.executor) {
            try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<inFlight {
                    group.addTask {
                        var bytes = 0
                        while next.add(1) < total {
                            bytes += try await client.send(request(body)).body.count
                        }
                        return bytes
                    }
                }
                return try await group.reduce(0, +)
            }
        }
    }

    private func request(_ body: [UInt8]) -> AWSRequest {
        AWSRequest(
            service: .dynamoDB,
            operation: "BatchWriteItem",
            region: region,
            path: "/small",
            headers: [
                "Content-Type": "application/x-amz-json-1.0",
                "X-Amz-Target": "DynamoDB_20120810.BatchWriteItem",
            ],
            body: .bytes(body),
            resource: "Orders"
        )
    }
}
