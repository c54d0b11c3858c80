import AWSCore
import AWSTesting
import FoundationEssentials
import Logging
import Synchronization
import Testing

/// A client that talks to a script, with a clock that stands, a sleeper that only records and a log that is kept.
struct AWSClientFixture {
    static let secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
    static let token = "FwoGZXIvYXdzEXAMPLETOKEN//////////wEaD+/=="

    let transport: FakeTransport
    let clock = ManualClock()
    let sleeper = RecordingSleeper()
    let log = KeptLog()
    let client: AWSClient
    let region: Region

    init(_ outcomes: [FakeTransport.Outcome], maximumAttempts: Int? = nil) throws {
        try self.init(FakeTransport(outcomes), maximumAttempts: maximumAttempts)
    }

    init(_ transport: FakeTransport, maximumAttempts: Int? = nil, endpointURL: String? = nil) throws {
        self.transport = transport
        region = try #require(Region("eu-north-1"))
        let (clock, sleeper, log) = (clock, sleeper, log)
        client = AWSClient(
            configuration: AWSConfiguration(
                region: region,
                credentials: StaticCredentialsProvider(
                    Credentials(accessKeyID: "AKIDEXAMPLE", secretAccessKey: Self.secret, sessionToken: Self.token)
                ),
                endpoints: EndpointResolver(
                    explicit: endpointURL.map { EndpointResolver.Override(url: $0, origin: "--endpoint-url") }
                ),
                maximumAttempts: maximumAttempts
            ),
            transport: transport,
            environment: AWSClient.Environment(
                now: { clock.now },
                sleep: { try await sleeper.sleep(for: $0) },
                random: { 0.5 },
                logger: Logger(label: "test") { _ in log }
            )
        )
    }

    var dynamoDB: DynamoDBClient { DynamoDBClient(client: client, region: region) }
    var sqs: SQSClient { SQSClient(client: client, region: region) }

    func request(
        _ service: AWSService = .dynamoDB,
        _ operation: String = "DescribeTable",
        body: HTTPRequestBody = .bytes(Array("{}".utf8)),
        mayFailAfter200: Bool = false
    ) -> AWSRequest {
        AWSRequest(
            service: service,
            operation: operation,
            region: region,
            body: body,
            resource: "Orders",
            failureMayFollowStatus200: mayFailAfter200
        )
    }
}

/// Keeps every line that is logged, metadata included.
struct KeptLog: LogHandler {
    private final class Lines: Sendable {
        let all = Mutex<[String]>([])
    }

    private let lines = Lines()
    var metadata: Logger.Metadata = [:]
    var logLevel: Logger.Level = .trace

    var text: String { lines.all.withLock { $0.joined(separator: "\n") } }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let fields = (event.metadata ?? [:]).sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
        lines.all.withLock { $0.append("\(event.level) \(event.message) \(fields.joined(separator: " "))") }
    }
}

extension FakeTransport.Outcome {
    /// An error of a service that answers in JSON.
    static func error(
        _ status: Int,
        _ code: String,
        _ message: String = "said so",
        headers: HTTPHeaders = HTTPHeaders()
    ) -> FakeTransport.Outcome {
        var headers = headers
        headers["x-amzn-RequestId"] = "REQUEST-\(status)"
        let body = JSONValue.object([
            "__type": .string("com.amazonaws.dynamodb.v20120810#\(code)"), "message": .string(message),
        ])
        return .response(status, headers: headers, body: body.serialized())
    }
}
