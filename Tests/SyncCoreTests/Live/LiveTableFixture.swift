import AWSCore
import AWSTesting
import BackupCore
import FoundationEssentials
import Synchronization
import Testing

@testable import SyncCore

/// A source table, its targets and live sync between them, with a clock that only the sleepers move.
struct LiveTableFixture: Sendable {
    static let home = "arn:aws:dynamodb:us-east-1:123456789012:table/"
    static let queueURL = "https://sqs.us-east-1.amazonaws.com/123456789012/Failures"

    let dynamoDB: FakeDynamoDB
    let queue = FakeFailureQueue()
    let clock = ManualClock()
    var configuration: SyncConfiguration

    /// - Parameter targets: names of tables with the source's key.
    init(
        targets: [String] = ["Orders-new"],
        timeToLiveDeletes: TableMapping.TimeToLiveDeletes = .forward,
        onCall: @escaping @Sendable (FakeDynamoDB.Call) async throws -> FakeDynamoDB.Fault? = { _ in nil }
    ) throws {
        dynamoDB = FakeDynamoDB(onCall: onCall)
        let keys = [FakeDynamoDBTable.Key("pk", "S"), FakeDynamoDBTable.Key("sk", "N")]
        dynamoDB.createTable("Orders", keys: keys)
        var mapping = TableMapping(
            source: try #require(TableARN(Self.home + "Orders")),
            targets: [],
            timeToLiveDeletes: timeToLiveDeletes
        )
        for target in targets {
            dynamoDB.createTable(target, keys: keys)
            mapping.targets.append(TableTarget(table: try #require(TableARN(Self.home + target))))
        }
        configuration = SyncConfiguration(tables: [mapping])
    }

    var environment: AWSClient.Environment {
        AWSClient.Environment(
            now: { [clock] in clock.now },
            sleep: { [clock] in
                try await clock.sleep(for: $0)
                await Task.yield()
            },
            random: { 0.5 }
        )
    }

    func sync(hasQueue: Bool = true) -> LiveTableSync {
        let client = dynamoDB.client()
        let queueClient = AWSClient(
            configuration: AWSConfiguration(
                region: Region("us-east-1"),
                credentials: StaticCredentialsProvider(Credentials(accessKeyID: "AKID", secretAccessKey: "SECRETKEY"))
            ),
            transport: queue.transport,
            environment: environment
        )
        let sqs = Region("us-east-1").map { SQSClient(client: queueClient, region: $0) }
        return LiveTableSync(
            configuration,
            connections: TableConnections(configuration, own: client, assuming: { _ in client }),
            failures: hasQueue ? sqs.map { FailureQueue(url: Self.queueURL, sqs: $0) } : nil,
            environment: environment,
            waitUntil: { _ in try await Gate().pass() }
        )
    }

    /// Applies an event, with a minute's time.
    func apply(_ event: String, hasQueue: Bool = true) async throws -> LiveTableSync.Result {
        try await sync(hasQueue: hasQueue)
            .apply(TableStreamEvent(parsing: Array(event.utf8)), deadline: clock.now.addingTimeInterval(60))
    }

    func items(_ table: String) -> [String] {
        dynamoDB.table(table).allItems.map { JSONValue.object($0).text(keys: .sorted) }.sorted()
    }

    // MARK: Records

    static func key(_ name: String) -> String { #""pk":{"S":"\#(name)"},"sk":{"N":"1"}"# }

    /// - Parameters:
    ///   - image: members of the new image behind the key; `nil` for a removal.
    ///   - isReversed: whether the key's attributes stand the other way round.
    static func record(
        _ number: Int,
        _ name: String,
        _ image: String?,
        isReversed: Bool = false,
        isTimeToLive: Bool = false,
        table: String = "Orders"
    ) -> String {
        let key = isReversed ? #""sk":{"N":"1"},"pk":{"S":"\#(name)"}"# : Self.key(name)
        let image = image.map { #","NewImage":{\#(key)\#($0.isEmpty ? "" : ",")\#($0)}"# } ?? ""
        let identity =
            isTimeToLive ? #","userIdentity":{"type":"Service","principalId":"dynamodb.amazonaws.com"}"# : ""
        return """
            {"eventVersion":"1.1","eventName":"\(image.isEmpty ? "REMOVE" : "MODIFY")",\
            "eventSourceARN":"\(home)\(table)/stream/2026-11-21T00:00:00.000"\(identity),\
            "dynamodb":{"Keys":{\(key)},"SequenceNumber":"\(number)","ApproximateCreationDateTime":1795226400,\
            "StreamViewType":"NEW_AND_OLD_IMAGES"\(image)}}
            """
    }
}

/// The failure queue's SQS.
final class FakeFailureQueue: Sendable {
    struct State: Sendable {
        var messages: [JSONValue] = []
        var sentCount = 0
        var isBroken = false
        /// Bodies with this are not taken.
        var refuses: String?
    }

    let state = Mutex(State())

    var messages: [JSONValue] { state.withLock { $0.messages } }
    /// How many messages have ever come.
    var sentCount: Int { state.withLock { $0.sentCount } }

    var transport: FakeTransport {
        FakeTransport { [self] request, _ in
            let input = try JSONValue(parsing: request.body)
            return state.withLock { state in
                guard !state.isBroken else {
                    return .response(
                        400,
                        body: #"{"__type":"com.amazonaws.sqs#QueueDoesNotExist","message":"no such queue"}"#
                    )
                }
                var taken: [JSONValue] = []
                var failed: [JSONValue] = []
                for entry in input["Entries"]?.array ?? [] {
                    let body = entry["MessageBody"]?.string ?? ""
                    let id = entry["Id"] ?? .null
                    if let refuses = state.refuses, body.contains(refuses) {
                        failed.append(["Id": id, "Code": "InternalError", "SenderFault": false])
                    } else {
                        state.sentCount += 1
                        state.messages.append((try? JSONValue(parsing: Array(body.utf8))) ?? .null)
                        taken.append(["Id": id, "MessageId": "m", "MD5OfMessageBody": "x"])
                    }
                }
                let answer: JSONObject = ["Successful": .array(taken), "Failed": .array(failed)]
                return .response(200, body: JSONValue.object(answer).serialized())
            }
        }
    }
}
