import AWSCore
import AWSTesting
import FoundationEssentials
import Synchronization

@testable import SyncCore

/// DynamoDB, its streams and SQS as the round's processes see them: each call waits until it is let through, and its
/// answer waits again.
extension LiveTableSimulation: HTTPTransport {
    func client() -> AWSClient {
        AWSClient(
            configuration: AWSConfiguration(
                region: Region("us-east-1"),
                credentials: StaticCredentialsProvider(Credentials(accessKeyID: "AKID", secretAccessKey: "SECRETKEY"))
            ),
            transport: self,
            environment: AWSClient.Environment(now: { [clock] in clock.now }, sleep: { _ in }, random: { 0.5 })
        )
    }

    private static let steps: Set<String> = [
        "GetItem", "PutItem", "DeleteItem", "BatchWriteItem", "Scan", "SendMessageBatch", "DeleteMessage", "GetRecords",
    ]

    func stream(_ request: HTTPRequest) async throws -> HTTPStreamingResponse {
        throw HTTPError(.malformed, "nothing is read in pieces here")
    }

    func send(_ request: HTTPRequest) async throws -> HTTPResponse {
        guard case .bytes(let body) = request.body,
            let name = request.headers["X-Amz-Target"]?.split(separator: ".").last.map(String.init)
        else { throw HTTPError(.malformed, "no call of these services") }
        // Nothing that a process does after it was killed has an effect.
        guard !tasks.isKilled else { throw CancellationError() }
        guard Self.steps.contains(name) else { return try await carryOut(name, body) }
        let isLate = isAfterEnd
        guard await tasks.wait(.call(name)) else {
            // It may be on its way already; nobody hears of it.
            note("cut off: \(name)")
            if isLate, name == "BatchWriteItem" {
                state.withLock { $0.late.append((name, body)) }
            } else if draw(2) {
                carryOutNow(name, body)
            }
            throw CancellationError()
        }
        nextFault.set(plan.trouble == .any ? drawFault(name) : drawNarrowFault(name, body))
        let before = watched(name, body)
        let result: Result<HTTPResponse, any Error>
        do {
            result = .success(try await carryOut(name, body))
        } catch {
            result = .failure(error)
        }
        check(before)
        note("\(SteppedTasks.process): \(name) \(summary(name, body, result))")
        guard await tasks.wait(.answer(name)) else { throw CancellationError() }
        return try result.get()
    }

    /// Whether the process is an invocation that should begin nothing any more.
    private var isAfterEnd: Bool {
        state.withLock { state in
            guard case .invocation(_, _, let end)? = state.roles[SteppedTasks.process],
                !state.broken.contains(SteppedTasks.process)
            else { return false }
            return clock.now >= end
        }
    }

    private func summary(_ name: String, _ body: [UInt8], _ result: Result<HTTPResponse, any Error>) -> String {
        guard state.withLock({ $0.trace != nil }) else { return "" }
        let text = String(decoding: body, as: UTF8.self)
        switch result {
        case .success(let response):
            return "\(text) -> \(response.status) \(String(decoding: response.body, as: UTF8.self))"
        case .failure(let error): return "\(text) -> \(error)"
        }
    }

    private func drawFault(_ name: String) -> FakeDynamoDB.Fault? {
        let pattern = state.withLock { UInt64.random(in: 0...UInt64.max, using: &$0.random) }
        let process = SteppedTasks.process
        return state.withLock { state in
            guard !state.isCalm, state.faults > 0, draw(4, &state) else { return nil }
            state.faults -= 1
            let isDone = Bool.random(using: &state.random)
            state.met["faults", default: 0] += 1
            state.troubled.insert(process)
            switch Int.random(in: 0..<12, using: &state.random) {
            case 0..<5 where name == "PutItem" || name == "DeleteItem":
                state.broken.insert(process)
                return .cut(isDone: true)
            case 0..<2: return .throttled
            case 2..<4:
                state.broken.insert(process)
                return isDone ? .cut(isDone: true) : .serverError(isDone: Bool.random(using: &state.random))
            case 4..<9 where name == "BatchWriteItem" || name == "SendMessageBatch":
                return .unprocessed { pattern >> UInt64($0 % 64) & 1 == 1 }
            default: return .error(code: "AccessDeniedException", message: "not now")
            }
        }
    }

    /// Carries out what nobody waits for any more.
    func carryOutNow(_ name: String, _ body: [UInt8]) {
        nextFault.set(nil)
        // Nothing in it suspends.
        let done = tasks.start { [self] in _ = try? await carryOut(name, body) }
        _ = done
    }

    private func carryOut(_ name: String, _ body: [UInt8]) async throws -> HTTPResponse {
        switch name {
        case "GetItem", "Scan":
            let input = try JSONValue(parsing: body)
            guard input["ConsistentRead"]?.bool != true else { break }
            nextFault.set(nil)
            return try await outdated(input["TableName"]?.string ?? "", name, body)
        case "PutItem", "DeleteItem", "BatchWriteItem", "DescribeTable": break
        default: return try service(name, JSONValue(parsing: body))
        }
        return try await dynamoDB.answer(name, body)
    }

    /// What a replica says that lacks the last changes.
    private func outdated(_ table: String, _ name: String, _ body: [UInt8]) async throws -> HTTPResponse {
        let table = String(table.split(separator: "/").last ?? "")
        let now = dynamoDB.table(table)
        let lag = state.withLock { Int.random(in: 0...3, using: &$0.random) }
        replica.createTable(table, keys: Self.keys)
        replica.change { state in
            for change in now.changes.dropLast(lag) {
                if let item = change.new {
                    state.tables[table]?.put(item)
                } else {
                    state.tables[table]?.remove(change.key)
                }
            }
        }
        return try await replica.answer(name, body)
    }

    // MARK: Streams and queues

    private static func answer(_ json: JSONValue) -> HTTPResponse {
        HTTPResponse(status: 200, headers: ["x-amzn-RequestId": "REQUEST"], body: json.serialized())
    }

    private static func error(_ code: String, status: Int = 400) -> HTTPResponse {
        HTTPResponse(
            status: status,
            headers: ["x-amzn-RequestId": "REQUEST"],
            body: JSONValue.object(["__type": .string("com.amazonaws#\(code)"), "message": "said AWS"]).serialized()
        )
    }

    private func service(_ name: String, _ input: JSONValue) throws -> HTTPResponse {
        var isUnsent: @Sendable (Int) -> Bool = { _ in false }
        let fault = nextFault.take()
        switch fault {
        case .throttled: return Self.error("ThrottlingException")
        case .error(let code, _): return Self.error(code)
        case .serverError(isDone: false): return Self.error("InternalFailure", status: 500)
        case .cut(isDone: false): throw HTTPError(.connectionLost, "the connection was cut")
        case .unprocessed(let chosen): isUnsent = chosen
        default: break
        }
        let response =
            name == "GetShardIterator" || name == "GetRecords" ? records(name, input) : queue(name, input, isUnsent)
        switch fault {
        case .cut: throw HTTPError(.connectionLost, "the connection was cut")
        case .serverError: return Self.error("InternalFailure", status: 500)
        default: return response
        }
    }

    /// An iterator is the shard and a place among its records.
    private func records(_ name: String, _ input: JSONValue) -> HTTPResponse {
        let shards = state.withLock { $0.shards }
        guard name == "GetRecords" else {
            let shard = input["ShardId"]?.string ?? ""
            let place = input["SequenceNumber"]?.string.flatMap { Self.place($0) } ?? -1
            let records = Int(shard).map { shards[$0].records } ?? []
            guard let start = records.firstIndex(of: place) else { return Self.error("TrimmedDataAccessException") }
            return Self.answer(["ShardIterator": .string("\(shard)/\(start)")])
        }
        let parts = (input["ShardIterator"]?.string ?? "").split(separator: "/").compactMap { Int($0) }
        let page = shards[parts[0]].records.dropFirst(parts[1]).prefix(2)
        let changes = dynamoDB.table("Orders").changes
        let records = page.map { place -> JSONValue in
            [
                "eventName": changes[place].new == nil ? "REMOVE" : "MODIFY",
                "dynamodb": [
                    "SequenceNumber": .string(Self.sequenceNumber(place)), "Keys": .object(changes[place].key),
                    "ApproximateCreationDateTime": 1_795_262_400,
                ],
            ]
        }
        return Self.answer([
            "Records": .array(records), "NextShardIterator": .string("\(parts[0])/\(parts[1] + page.count)"),
        ])
    }

    private func queue(_ name: String, _ input: JSONValue, _ isUnsent: (Int) -> Bool) -> HTTPResponse {
        let handle = input["ReceiptHandle"]?.string
        switch name {
        case "GetQueueUrl": return Self.answer(["QueueUrl": .string(LiveTableFixture.queueURL)])
        case "GetQueueAttributes":
            let messages = state.withLock { $0.messages }
            return Self.answer([
                "Attributes": [
                    "ApproximateNumberOfMessages": .string("\(messages.count { !$0.isHidden })"),
                    "ApproximateNumberOfMessagesNotVisible": .string("\(messages.count { $0.isHidden })"),
                    "ApproximateNumberOfMessagesDelayed": "0",
                ]
            ])
        case "SendMessageBatch": return send(input["Entries"]?.array ?? [], isUnsent)
        case "ReceiveMessage":
            return state.withLock { state in
                var taken: [JSONValue] = []
                for place in state.messages.indices
                where !state.messages[place].isHidden && taken.count < input["MaxNumberOfMessages"]?.integer ?? 1 {
                    state.handles += 1
                    state.messages[place].isHidden = true
                    state.messages[place].handle = "h\(state.handles)"
                    taken.append([
                        "MessageId": .string(state.messages[place].id),
                        "ReceiptHandle": .string(state.messages[place].handle),
                        "Body": .string(state.messages[place].body), "Attributes": ["SentTimestamp": "1795262400000"],
                    ])
                }
                return Self.answer(["Messages": .array(taken)])
            }
        case "DeleteMessage": state.withLock { $0.messages.removeAll { $0.handle == handle } }
        case "ChangeMessageVisibility":
            state.withLock { state in
                for place in state.messages.indices where state.messages[place].handle == handle {
                    state.messages[place].isHidden = false
                }
            }
        default: return Self.error("UnknownOperationException")
        }
        return Self.answer([:])
    }

    private func send(_ entries: [JSONValue], _ isUnsent: (Int) -> Bool) -> HTTPResponse {
        var (taken, failed): ([JSONValue], [JSONValue]) = ([], [])
        if entries.count > SQSClient.maximumBatch { return Self.error("TooManyEntriesInBatchRequest") }
        for (place, entry) in entries.enumerated() {
            let id = entry["Id"] ?? .null
            guard !isUnsent(place) else {
                failed.append(["Id": id, "Code": "InternalError", "SenderFault": false])
                continue
            }
            let body = entry["MessageBody"]?.string ?? ""
            check(body)
            meet("changes put aside")
            state.withLock { state in
                state.handles += 1
                state.messages.append(Message(id: "m\(state.handles)", body: body))
            }
            taken.append(["Id": id, "MessageId": "m", "MD5OfMessageBody": "x"])
        }
        return Self.answer(["Successful": .array(taken), "Failed": .array(failed)])
    }

    /// Only what its target refuses is put aside, and nothing of an item but its key.
    private func check(_ body: String) {
        guard let json = try? JSONValue(parsing: Array(body.utf8)), let message = FailedTableChange(json: json),
            let place = Self.place(message.sequenceNumber),
            let target = plan.targets.first(where: { message.target.hasSuffix("/" + $0.name) })
        else { return violate("a message of the failure queue is not understood: \(body)") }
        let changes = dynamoDB.table("Orders").changes
        if message.key.object?.count != 2 { violate("a message of the failure queue has more than a key") }
        if target.takes(changes[place].new) { violate("\(target.name) does not refuse what is put aside: \(body)") }
    }
}
