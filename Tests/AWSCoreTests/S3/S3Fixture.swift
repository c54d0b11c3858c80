import AWSCore
import AWSTesting
import FoundationEssentials
import Testing

/// An S3 client that talks to a script.
struct S3Fixture {
    let transport: FakeTransport
    let client: S3Client

    init(_ outcomes: [FakeTransport.Outcome], expectedBucketOwner: String? = nil, endpoint: String? = nil) throws {
        try self.init(FakeTransport(outcomes), expectedBucketOwner: expectedBucketOwner, endpoint: endpoint)
    }

    init(_ transport: FakeTransport, expectedBucketOwner: String? = nil, endpoint: String? = nil) throws {
        self.transport = transport
        let region = try #require(Region("us-west-2"))
        let sleeper = RecordingSleeper()
        let client = AWSClient(
            configuration: AWSConfiguration(
                region: region,
                credentials: StaticCredentialsProvider(
                    Credentials(accessKeyID: "AKIDEXAMPLE", secretAccessKey: "secret")
                ),
                endpoints: EndpointResolver(
                    explicit: endpoint.map { EndpointResolver.Override(url: $0, origin: "--endpoint-url") }
                )
            ),
            transport: transport,
            environment: AWSClient.Environment(
                now: { Date(timeIntervalSince1970: 1_795_000_000) },
                sleep: { try await sleeper.sleep(for: $0) },
                random: { 0.5 }
            )
        )
        self.client = S3Client(client: client, region: region, expectedBucketOwner: expectedBucketOwner)
    }

    /// The only request that was sent.
    func onlyRequest() throws -> FakeTransport.Recorded {
        let requests = transport.requests
        try #require(requests.count == 1)
        return try #require(requests.first)
    }
}
