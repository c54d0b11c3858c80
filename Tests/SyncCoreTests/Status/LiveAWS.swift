import AWSCore
import AWSTesting
import BackupCore
import FoundationEssentials
import Synchronization
import Testing

@testable import SyncCore

/// What `deploy.sh sync` makes, in memory: two tables, the source's stream, queues, functions and metrics.
final class LiveAWS: HTTPTransport {
    struct Message: Sendable {
        var id: String
        var body: String
        var sent: Date
        var isHidden = false
        var handle = ""
    }

    struct State: Sendable {
        var queues: [String: [Message]] = [
            "Sync-table-failures": [], "Sync-bucket-failures": [], "Sync-bucket-events": [],
        ]
        var functions: Set<String> = ["Sync-tables", "Sync-buckets"]
        var eventSource: JSONObject = LiveAWS.eventSource
        var metrics: [String: [Double]] = [:]
        var metricFailure: String?
        /// Operations that the caller may not call.
        var refused: Set<String> = []
        /// What feeds the function of buckets.
        var bucketEventSource: JSONObject = LiveAWS.bucketEventSource
        /// Which events the bucket `old` tells the queue of; `nil` for no notification at all.
        var notifiedEvents: [String]? = ["s3:ObjectCreated:*", "s3:ObjectRemoved:*"]
        /// Records before this one are no longer there.
        var trimmedTo = 0
        /// Whether the stream was turned off more than a day ago.
        var isStreamGone = false
        /// Whether queues give their hidden messages, too: SQS delivers at least once.
        var deliversAgain = false
        /// As many times queues say that they are empty, as SQS does when it asks only some of its servers.
        var emptyAnswers = 0
        var calls: [String] = []
        var handles = 0
    }

    static let stream = "arn:aws:dynamodb:us-east-1:123456789012:table/Orders/stream/2026"
    static let eventSource: JSONObject = [
        "UUID": "u", "EventSourceArn": .string(stream), "State": "Enabled", "LastProcessingResult": "OK",
        "FunctionResponseTypes": ["ReportBatchItemFailures"],
        "DestinationConfig": ["OnFailure": ["Destination": "arn:aws:sqs:us-east-1:123456789012:Sync-table-failures"]],
    ]
    static let bucketEventSource: JSONObject = [
        "UUID": "b", "EventSourceArn": "arn:aws:sqs:us-east-1:123456789012:Sync-bucket-events", "State": "Enabled",
        "FunctionResponseTypes": ["ReportBatchItemFailures"],
    ]
    static let noon = Date(timeIntervalSince1970: 1_795_262_400)

    let dynamoDB: FakeDynamoDB
    /// Buckets `old` and `new`.
    let s3: FakeS3
    let state = Mutex(State())
    /// Of the stream's records, as many as live sync has brought to the target.
    private let applied = Mutex(0)
    /// Called before each call of DynamoDB, with its name.
    private let onCall: @Sendable (LiveAWS, String) async throws -> Void

    init(
        onCall: @escaping @Sendable (LiveAWS, String) async throws -> Void = { _, _ in },
        s3Fault: @escaping @Sendable (FakeS3Call, Int) -> FakeS3.Fault? = { _, _ in nil }
    ) {
        self.onCall = onCall
        s3 = FakeS3(fault: s3Fault)
        for bucket in ["old", "new"] { s3.createBucket(bucket) }
        dynamoDB = FakeDynamoDB()
        for table in ["Orders", "Copy"] { dynamoDB.createTable(table, keys: [FakeDynamoDBTable.Key("pk", "S")]) }
        dynamoDB.change { state in
            state.tables["Orders"]?.settings = [
                "LatestStreamArn": .string(LiveAWS.stream), "StreamSpecification": ["StreamEnabled": true],
            ]
        }
    }

    /// - Parameter kinds: of the mappings: `Orders` to `Copy`, and `s3://old/kept/` to `s3://new/`.
    func clients(
        _ kinds: Set<SyncPair.Kind> = [.table],
        filter: String? = nil,
        timeToLiveDeletes: TableMapping.TimeToLiveDeletes = .forward
    ) throws -> LiveClients {
        let region = try #require(Region("us-east-1"))
        var configuration = SyncConfiguration(
            functionName: "Sync",
            tables: [
                TableMapping(
                    source: try #require(TableARN("arn:aws:dynamodb:us-east-1:123456789012:table/Orders")),
                    targets: [
                        TableTarget(
                            table: try #require(TableARN("arn:aws:dynamodb:us-east-1:123456789012:table/Copy")),
                            filter: try filter.map { try ItemFilter(parsing: $0) }
                        )
                    ],
                    timeToLiveDeletes: timeToLiveDeletes
                )
            ],
            buckets: [
                BucketMapping(
                    source: BucketPrefix(bucket: "old", prefix: "kept/"),
                    sourceRegion: region,
                    target: BucketPrefix(bucket: "new", prefix: ""),
                    targetRegion: region
                )
            ]
        )
        if !kinds.contains(.table) { configuration.tables = [] }
        if !kinds.contains(.bucket) { configuration.buckets = [] }
        let client = AWSClient(
            configuration: AWSConfiguration(
                region: Region("us-east-1"),
                credentials: StaticCredentialsProvider(Credentials(accessKeyID: "AKID", secretAccessKey: "SECRET")),
                // Buckets stand in paths then, as the fake one has them.
                endpoints: EndpointResolver(explicit: .init(url: "http://127.0.0.1:1", origin: "test"))
            ),
            transport: self,
            environment: AWSClient.Environment(sleep: { _ in await Task.yield() })
        )
        return LiveClients(configuration, source: client, target: client) { _ in client }
    }

    static let pair = SyncPair(
        tables: "arn:aws:dynamodb:us-east-1:123456789012:table/Orders",
        "arn:aws:dynamodb:us-east-1:123456789012:table/Copy"
    )

    static let bucketPair = SyncPair(places: "s3://old/kept/", "s3://new/")

    /// What live sync does: makes the target hold what the source holds.
    func followBuckets() {
        let wanted = s3.keys("old").filter { $0.hasPrefix("kept/") }
        for key in wanted {
            if let object = s3.object("old", key) { s3.put("new", String(key.dropFirst(5)), object.bytes) }
        }
        for key in s3.keys("new") where !wanted.contains("kept/\(key)") { s3.delete("new", key) }
    }

    func put(_ key: String, _ version: Int) {
        dynamoDB.put([["pk": ["S": .string(key)], "v": ["N": .string("\(version)")]]], into: "Orders")
    }

    func remove(_ key: String) {
        dynamoDB.change { _ = $0.tables["Orders"]?.remove(["pk": ["S": .string(key)]]) }
    }

    /// What live sync does: brings the stream's next records to the target, in their order, one caller at a time.
    func apply(_ count: Int = .max) {
        applied.withLock { applied in
            let changes = dynamoDB.table("Orders").changes
            let end = count == .max ? changes.count : min(changes.count, applied + count)
            for change in changes[applied..<end] {
                dynamoDB.change { state in
                    if let item = change.new {
                        _ = state.tables["Copy"]?.put(item)
                    } else {
                        _ = state.tables["Copy"]?.remove(change.key)
                    }
                }
            }
            applied = end
        }
    }

    func send(_ body: String, to queue: String = "Sync-table-failures", at date: Date = noon) {
        state.withLock { state in
            let id = "m\(state.handles)"
            state.handles += 1
            state.queues[queue]?.append(Message(id: id, body: body, sent: date))
        }
    }

    /// A failed change of one item, as live sync puts it aside.
    func sendChange(_ key: String, target: String = pair.target) {
        send(
            FailedTableChange(
                source: Self.pair.source,
                target: target,
                key: ["pk": ["S": .string(key)]],
                sequenceNumber: "1",
                stream: Self.stream,
                error: "ValidationException: …"
            ).json.text()
        )
    }

    /// A batch that Lambda has given up: the stream's records of these places.
    func sendBatch(_ range: ClosedRange<Int>, at date: Date = noon) {
        send(
            #"{"requestContext":{"condition":"RetryAttemptsExhausted"},"version":"1.0","DDBStreamBatchInfo":{"#
                + #""shardId":"shard-1","startSequenceNumber":"\#(Self.number(range.lowerBound))","#
                + #""endSequenceNumber":"\#(Self.number(range.upperBound))","#
                + #""approximateArrivalOfFirstRecord":"2026-11-21T10:00:00Z","#
                + #""approximateArrivalOfLastRecord":"2026-11-21T10:05:00Z","batchSize":\#(range.count),"#
                + #""streamArn":"\#(Self.stream)"}}"#,
            at: date
        )
    }

    func messages(_ queue: String = "Sync-table-failures") -> [Message] { state.withLock { $0.queues[queue] ?? [] } }

    /// Of another number of digits now and then, as DynamoDB's are.
    static func number(_ place: Int) -> String { "\(99_995 + place)" }

    // MARK: HTTPTransport

    func send(_ request: HTTPRequest) async throws -> HTTPResponse {
        try Task.checkCancellation()
        guard let target = request.headers["X-Amz-Target"], case .bytes(let body) = request.body else {
            return try await request.path.hasPrefix("/2015-03-31/") ? lambda(request) : buckets(request)
        }
        let parts = target.split(separator: ".").map(String.init)
        try await onCall(self, parts[1])
        state.withLock { $0.calls.append(parts[1]) }
        if state.withLock({ $0.refused.contains(parts[1]) }) { return Self.error("AccessDeniedException") }
        let input = try JSONValue(parsing: body)
        switch parts[0] {
        case "DynamoDB_20120810": return try await dynamoDB.answer(parts[1], body)
        case "DynamoDBStreams_20120810": return streams(parts[1], input)
        case "AmazonSQS": return queues(parts[1], input)
        case "GraniteServiceVersion20100801": return cloudWatch(input)
        default: throw HTTPError(.malformed, "no such service: \(target)")
        }
    }

    func stream(_ request: HTTPRequest) async throws -> HTTPStreamingResponse {
        try await s3.stream(request)
    }

    private static func answer(_ json: JSONValue, status: Int = 200) -> HTTPResponse {
        HTTPResponse(status: status, headers: ["x-amzn-RequestId": "REQUEST"], body: json.serialized())
    }

    private static func error(_ code: String) -> HTTPResponse {
        answer(["__type": .string("com.amazonaws#\(code)"), "message": "said AWS"], status: 400)
    }

    private func lambda(_ request: HTTPRequest) -> HTTPResponse {
        let state = state.withLock { $0 }
        let isAboutSources = request.path.hasSuffix("/event-source-mappings")
        if state.refused.contains(isAboutSources ? "ListEventSourceMappings" : "GetFunctionConfiguration") {
            return HTTPResponse(
                status: 403,
                headers: ["x-amzn-ErrorType": "AccessDeniedException"],
                body: Array(#"{"Message":"said AWS"}"#.utf8)
            )
        }
        if isAboutSources {
            let source = request.query.hasSuffix("-buckets") ? state.bucketEventSource : state.eventSource
            return Self.answer(["EventSourceMappings": [.object(source)]])
        }
        let name = request.path.split(separator: "/").dropLast().last.map(String.init) ?? ""
        guard state.functions.contains(name) else {
            return HTTPResponse(
                status: 404,
                headers: ["x-amzn-ErrorType": "ResourceNotFoundException"],
                body: Array(#"{"Message":"Function not found"}"#.utf8)
            )
        }
        return Self.answer([
            "FunctionName": .string(name), "FunctionArn": .string("arn:\(name)"), "State": "Active",
            "CodeSha256": "aGFzaA==",
        ])
    }

    private func buckets(_ request: HTTPRequest) async throws -> HTTPResponse {
        try await onCall(self, "S3 \(request.method.rawValue) \(request.path)")
        guard request.method == .get, request.query.split(separator: "=").first == "notification" else {
            return try await s3.send(request)
        }
        let state = state.withLock { $0 }
        let xml: String
        if state.refused.contains("GetBucketNotificationConfiguration") {
            xml = "<Error><Code>AccessDenied</Code><Message>said S3</Message></Error>"
            return HTTPResponse(status: 403, headers: [:], body: Array(xml.utf8))
        }
        let events = state.notifiedEvents.map { events in
            "<QueueConfiguration><Id>Sync</Id><Queue>arn:aws:sqs:us-east-1:123456789012:Sync-bucket-events</Queue>"
                + events.map { "<Event>\($0)</Event>" }.joined() + "</QueueConfiguration>"
        }
        xml = "<NotificationConfiguration>\(events ?? "")</NotificationConfiguration>"
        return HTTPResponse(status: 200, headers: [:], body: Array(xml.utf8))
    }

    private func cloudWatch(_ input: JSONValue) -> HTTPResponse {
        let state = state.withLock { $0 }
        if let failure = state.metricFailure { return Self.error(failure) }
        let results = (input["MetricDataQueries"]?.array ?? []).map { query -> JSONValue in
            let values = state.metrics[query["MetricStat"]?["Metric"]?["MetricName"]?.string ?? ""] ?? []
            let end = input["EndTime"]?.integer ?? 0
            return [
                "Id": query["Id"] ?? "", "StatusCode": "Complete",
                "Timestamps": .array(values.indices.map { .number(JSONNumber(end - 60 * $0)) }),
                "Values": .array(values.map { JSONNumber("\($0)").map { .number($0) } ?? .null }),
            ]
        }
        return Self.answer(["MetricDataResults": .array(results)])
    }

    private func streams(_ operation: String, _ input: JSONValue) -> HTTPResponse {
        let changes = dynamoDB.table("Orders").changes
        let (trimmed, isGone) = state.withLock { ($0.trimmedTo, $0.isStreamGone) }
        guard !isGone else { return Self.error("ResourceNotFoundException") }
        switch operation {
        case "DescribeStream":
            return Self.answer([
                "StreamDescription": ["StreamArn": .string(Self.stream), "Shards": [["ShardId": "shard-1"]]]
            ])
        case "GetShardIterator":
            switch input["ShardIteratorType"]?.string {
            case "TRIM_HORIZON": return Self.answer(["ShardIterator": .string("\(trimmed)")])
            case "LATEST": return Self.answer(["ShardIterator": .string("\(changes.count)")])
            default:
                let number = input["SequenceNumber"]?.string ?? ""
                guard let place = changes.indices.first(where: { Self.number($0) == number }), place >= trimmed else {
                    return Self.error("TrimmedDataAccessException")
                }
                return Self.answer(["ShardIterator": .string("\(place)")])
            }
        case "GetRecords":
            let start = Int(input["ShardIterator"]?.string ?? "") ?? 0
            let page = changes[min(start, changes.count)..<min(changes.count, start + 7)]
            let records = zip(page.indices, page).map { place, change -> JSONValue in
                [
                    "eventName": change.new == nil ? "REMOVE" : "MODIFY",
                    "dynamodb": [
                        "SequenceNumber": .string(Self.number(place)), "Keys": .object(change.key),
                        "ApproximateCreationDateTime": 1_795_262_400,
                    ],
                ]
            }
            return Self.answer([
                "Records": .array(Array(records)), "NextShardIterator": .string("\(start + page.count)"),
            ])
        default: return Self.error("UnknownOperationException")
        }
    }

    private func queues(_ operation: String, _ input: JSONValue) -> HTTPResponse {
        state.withLock { state in
            let name =
                (input["QueueUrl"] ?? input["QueueName"])?.string?.split(separator: "/").last.map(String.init) ?? ""
            guard var queue = state.queues[name] else { return Self.error("QueueDoesNotExist") }
            defer { state.queues[name] = queue }
            let handle = input["ReceiptHandle"]?.string
            switch operation {
            case "GetQueueUrl":
                return Self.answer(["QueueUrl": .string("https://sqs.us-east-1.amazonaws.com/123456789012/\(name)")])
            case "GetQueueAttributes":
                return Self.answer([
                    "Attributes": [
                        "ApproximateNumberOfMessages": .string("\(queue.count { !$0.isHidden })"),
                        "ApproximateNumberOfMessagesNotVisible": .string("\(queue.count { $0.isHidden })"),
                        "ApproximateNumberOfMessagesDelayed": "0",
                    ]
                ])
            case "ReceiveMessage":
                let limit = input["MaxNumberOfMessages"]?.integer ?? 1
                guard (1...10).contains(limit) else { return Self.error("InvalidParameterValue") }
                guard state.emptyAnswers == 0 else {
                    state.emptyAnswers -= 1
                    return Self.answer(["Messages": []])
                }
                var taken: [JSONValue] = []
                for index in queue.indices
                where (!queue[index].isHidden || state.deliversAgain) && taken.count < min(3, limit) {
                    queue[index].isHidden = input["VisibilityTimeout"]?.integer != 0
                    state.handles += 1
                    queue[index].handle = "h\(state.handles)"
                    let sent = Int(queue[index].sent.timeIntervalSince1970 * 1_000)
                    taken.append([
                        "MessageId": .string(queue[index].id), "ReceiptHandle": .string(queue[index].handle),
                        "Body": .string(queue[index].body), "Attributes": ["SentTimestamp": .string("\(sent)")],
                    ])
                }
                return Self.answer(["Messages": .array(taken)])
            case "DeleteMessage": queue.removeAll { $0.handle == handle }
            case "ChangeMessageVisibility":
                for index in queue.indices where queue[index].handle == handle { queue[index].isHidden = false }
            default: return Self.error("UnknownOperationException")
            }
            return Self.answer([:])
        }
    }
}

/// A state folder of its own.
struct TemporaryState: ~Copyable {
    let records = SyncRecordStore(folder: FileManager.default.temporaryDirectory.path + "/sync-\(UUID().uuidString)")

    deinit { try? FileManager.default.removeItem(atPath: records.folder) }

    /// See ``SavedState/noteEqual(_:filter:of:)``.
    func noteEqual(_ date: Date, filter: String? = nil, of pair: SyncPair = LiveAWS.pair) throws {
        try SavedState(records: records).noteEqual(date, filter: filter, of: pair)
    }
}

/// What is in a state folder.
struct SavedState {
    let records: SyncRecordStore

    /// Notes that both sides were found equal.
    func noteEqual(_ date: Date, filter: String? = nil, of pair: SyncPair = LiveAWS.pair) throws {
        try records.save(
            VerificationRecord(
                pair,
                TableVerificationResult(),
                filter: filter,
                startDate: date,
                endDate: date
            )
        )
    }
}
