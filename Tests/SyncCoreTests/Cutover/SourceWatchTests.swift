import AWSCore
import AWSTesting
import FoundationEssentials
import Synchronization
import Testing

@testable import SyncCore

@Suite("Whether anybody writes after the writers have stopped")
struct SourceWatchTests {
    /// A stream whose pages have two records.
    private final class Stream: Sendable {
        struct Shard: Sendable {
            var id: String
            var records: [JSONValue] = []
            var isClosed = false
        }

        let shards = Mutex([Shard(id: "shard-0", isClosed: true), Shard(id: "shard-1")])
        let error = Mutex<String?>(nil)

        func add(_ record: JSONValue, to shard: Int = 1) {
            shards.withLock { $0[shard].records.append(record) }
        }

        var transport: FakeTransport {
            FakeTransport { [self] request, _ in
                if let code = error.withLock({ $0 }) {
                    return .response(400, body: #"{"__type":"com.amazonaws#\#(code)","message":"said AWS"}"#)
                }
                let input = try JSONValue(parsing: request.body)
                let operation = request.request.headers["X-Amz-Target"]?.split(separator: ".").last.map(String.init)
                let shards = shards.withLock { $0 }
                let answer: JSONValue
                switch operation {
                case "DescribeStream":
                    let list = shards.map { shard -> JSONValue in
                        [
                            "ShardId": .string(shard.id),
                            "SequenceNumberRange": shard.isClosed ? ["EndingSequenceNumber": "9"] : [:],
                        ]
                    }
                    answer = ["StreamDescription": ["StreamArn": "s", "Shards": .array(list)]]
                case "GetShardIterator":
                    let place = shards.firstIndex { .string($0.id) == input["ShardId"] } ?? 0
                    let isLatest = input["ShardIteratorType"] == "LATEST"
                    answer = ["ShardIterator": .string("\(place) \(isLatest ? shards[place].records.count : 0)")]
                default:
                    let parts = (input["ShardIterator"]?.string ?? "").split(separator: " ").compactMap { Int($0) }
                    let shard = shards[parts[0]]
                    let end = min(shard.records.count, parts[1] + 2)
                    var page: JSONObject = ["Records": .array(Array(shard.records[parts[1]..<end]))]
                    let isEnd = shard.isClosed && end == shard.records.count
                    if !isEnd { page["NextShardIterator"] = .string("\(parts[0]) \(end)") }
                    answer = .object(page)
                }
                return .response(200, body: answer.serialized())
            }
        }
    }

    private static func record(_ key: JSONValue, event: String = "MODIFY", principal: String? = nil) -> JSONValue {
        var record: JSONObject = [
            "eventName": .string(event), "dynamodb": ["SequenceNumber": "1", "Keys": ["pk": key]],
        ]
        record["userIdentity"] = principal.map { ["Type": "Service", "PrincipalId": .string($0)] }
        return .object(record)
    }

    private static let id = "8c4c1f2e-1d0b-4a35-9f0e-3c1b1f0d6a77"
    private static let canary = record(["S": .string("sync-canary-\(id)")])

    private func watch(_ stream: Stream) async throws -> SourceWatch? {
        let client = AWSClient(
            configuration: AWSConfiguration(
                region: Region("us-east-1"),
                credentials: StaticCredentialsProvider(Credentials(accessKeyID: "AKID", secretAccessKey: "SECRET"))
            ),
            transport: stream.transport,
            environment: AWSClient.Environment(sleep: { _ in await Task.yield() })
        )
        return try await SourceWatch(
            table: try #require(try LiveAWS().clients().configuration.tables.first?.source),
            stream: "s",
            streams: DynamoDBStreamsClient(client: client, region: try #require(Region("us-east-1")))
        )
    }

    /// What is found when these records come after the writers have stopped.
    private func finding(_ records: JSONValue...) async throws -> String? {
        let stream = Stream()
        // What was written before says nothing.
        stream.add(Self.record(["S": "before"]))
        let watch = try #require(try await watch(stream))
        for record in records { stream.add(record) }
        await watch.look()
        return watch.finding
    }

    @Test("A write of anybody is found, and what was written before is not")
    func written() async throws {
        #expect(try await finding() == nil)
        let found = try await finding(Self.record(["S": "k"]))
        #expect(found?.contains("table/Orders was written") == true, "\(found ?? "")")
    }

    @Test("Canaries of any type of key are no writers")
    func canaries() async throws {
        for type in ["S", "N", "B"] {
            let item = try #require(
                CanaryItem(keys: [CopyTables.Key(name: "pk", type: type)], filter: nil, id: Self.id)
            )
            let key = try #require(try JSONValue(parsing: item.key)["pk"])
            #expect(try await finding(Self.record(key)) == nil, "\(key)")
        }
        // Made to meet a condition on its key.
        #expect(try await finding(Self.record(["S": .string("order#sync-canary-\(Self.id)")])) == nil)
    }

    @Test(
        "What only looks like a canary is a writer's",
        arguments: [
            ["S": "sync-canary-1"], ["S": .string("sync-canary-\(id)-x")], ["S": .string("canary-\(id)")], ["N": "-9"],
            ["N": "-95"], ["N": "9123456789012345678901234567890123"], ["B": "c3luYw=="],
        ] as [JSONValue]
    )
    func mistakable(key: JSONValue) async throws {
        #expect(try await finding(Self.record(key)) != nil)
    }

    @Test("Deletes of expired items are no writers, deletes by another service are")
    func expired() async throws {
        let key: JSONValue = ["S": "k"]
        let service = "dynamodb.amazonaws.com"
        #expect(try await finding(Self.record(key, event: "REMOVE", principal: service)) == nil)
        #expect(try await finding(Self.record(key, event: "REMOVE", principal: "replication.amazonaws.com")) != nil)
        #expect(try await finding(Self.record(key, event: "REMOVE")) != nil)
    }

    @Test("Every page is read")
    func pages() async throws {
        let stream = Stream()
        let watch = try #require(try await watch(stream))
        for _ in 0..<3 { stream.add(Self.canary) }
        stream.add(Self.record(["S": "k"]))
        await watch.look()
        #expect(watch.finding != nil)
    }

    @Test("Each look goes on where the last one has ended")
    func looks() async throws {
        let stream = Stream()
        let watch = try #require(try await watch(stream))
        stream.add(Self.canary)
        await watch.look()
        await watch.look()
        #expect(watch.finding == nil)
        stream.add(Self.record(["S": "k"]))
        await watch.look()
        #expect(watch.finding != nil)
    }

    @Test("A shard that is made meanwhile is read from its beginning")
    func newShard() async throws {
        let stream = Stream()
        let watch = try #require(try await watch(stream))
        stream.shards.withLock { shards in
            shards[1].isClosed = true
            shards.append(Stream.Shard(id: "shard-2", records: [Self.record(["S": "k"])]))
        }
        await watch.look()
        #expect(watch.finding != nil)
    }

    @Test("A stream that cannot be read is not a quiet one")
    func unreadable() async throws {
        let stream = Stream()
        let watch = try #require(try await watch(stream))
        stream.error.withLock { $0 = "AccessDeniedException" }
        await watch.look()
        #expect(watch.finding?.contains("was written meanwhile is not known") == true, "\(watch.finding ?? "")")
        #expect(watch.finding?.contains("AccessDeniedException") == true)
    }

    @Test("A stream of too many shards is not watched")
    func tooMany() async throws {
        let stream = Stream()
        for number in 2..<SourceWatch.maximumShards + 1 {
            stream.shards.withLock { $0.append(Stream.Shard(id: "shard-\(number)")) }
        }
        #expect(try await watch(stream) != nil)
        stream.shards.withLock { $0.append(Stream.Shard(id: "one more")) }
        #expect(try await watch(stream) == nil)
    }
}
