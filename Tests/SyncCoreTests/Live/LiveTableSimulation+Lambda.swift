import AWSCore
import AWSTesting
import FoundationEssentials
import Synchronization

@testable import SyncCore

/// The source's stream and its event source mapping, with ReportBatchItemFailures, bisecting, a finite number of retries
/// and a queue for what fails for good: what Lambda promises, and nothing more.
extension LiveTableSimulation {
    /// Sequence numbers of different lengths, with gaps.
    static func sequenceNumber(_ place: Int) -> String { "\(90 + 7 * place)" }

    static func place(_ sequenceNumber: String) -> Int? {
        Int(sequenceNumber).flatMap { $0 >= 90 && ($0 - 90).isMultiple(of: 7) ? ($0 - 90) / 7 : nil }
    }

    private func event(_ places: some Sequence<Int>) -> String {
        let changes = dynamoDB.table("Orders").changes
        let services = state.withLock { $0.services }
        let records = places.map { place -> JSONValue in
            let change = changes[place]
            // In either order of the attributes.
            let isReversed = place % 2 == 1
            let key = isReversed ? JSONObject(change.key.members.reversed().map { ($0.key, $0.value) }) : change.key
            var body: JSONObject = [
                "Keys": .object(key), "SequenceNumber": .string(Self.sequenceNumber(place)),
                "StreamViewType": "NEW_AND_OLD_IMAGES", "ApproximateCreationDateTime": 1_795_226_400,
            ]
            body["NewImage"] = change.new.map { .object($0) }
            body["OldImage"] = change.old.map { .object($0) }
            var record: JSONObject = [
                "eventVersion": "1.1", "dynamodb": .object(body),
                "eventName": change.new == nil ? "REMOVE" : change.old == nil ? "INSERT" : "MODIFY",
                "eventSourceARN": .string(Self.stream),
            ]
            if let service = services[place] {
                record["userIdentity"] = ["type": "Service", "principalId": .string(service)]
            }
            return .object(record)
        }
        return JSONValue.object(["Records": .array(records)]).text()
    }

    /// Hands the shard's next records to the function.
    func deliver(_ number: Int) {
        let (places, records, deadline) = state.withLock { state -> ([Int], Range<Int>, Double) in
            let shard = state.shards[number]
            let size = Int.random(in: 1...(plan.isCrowd ? 60 : 4), using: &state.random)
            let end = min(shard.cut ?? (shard.next + size), shard.records.count)
            var places = Array(shard.records[shard.next..<end])
            // They come in order; the function goes by their numbers all the same.
            if draw(plan.shuffles, &state) { places.shuffle(using: &state.random) }
            state.shards[number].isBusy = true
            let deadline = state.isCalm ? 900 : plan.times.randomElement(using: &state.random) ?? 60
            return (places, shard.next..<end, deadline)
        }
        note("deliver \(places), \(deadline) s")
        let text = event(places)
        let date = clock.now.addingTimeInterval(deadline)
        let process = tasks.start { [self] in
            let process = SteppedTasks.process
            do {
                let result = try await sync.apply(TableStreamEvent(parsing: Array(text.utf8)), deadline: date)
                note("applied: \(result.itemFailures) \(result.errors)")
                if !tasks.isKilled { state.withLock { $0.results[process] = result } }
            } catch {
                violate("an event is not understood: \(error)")
            }
        }
        // The function ends of its own accord before its time is over, and what it has begun then is waited for.
        let end = date.addingTimeInterval(-min(2, deadline / 4))
        state.withLock { state in
            state.roles[process] = .invocation(shard: number, records: records, end: end)
            if deadline < 60 { state.troubled.insert(process) }
        }
    }

    /// - Parameter result: `nil` when the function was killed.
    func answered(_ process: Int, _ number: Int, _ records: Range<Int>, _ result: LiveTableSync.Result?) {
        let places = state.withLock { state in
            state.shards[number].isBusy = false
            return Array(state.shards[number].records[records])
        }
        guard let result else { return fail(number, records, from: records.lowerBound) }
        guard !result.itemFailures.isEmpty else {
            // At least once: the answer is lost, and all of it comes again.
            if !state.withLock({ $0.isCalm }), draw(8) {
                meet("batches that came twice")
                return
            }
            return proceed(number, to: records.upperBound, from: records.lowerBound)
        }
        // Nothing that an item itself is may hold up its shard.
        if !state.withLock({ $0.troubled.contains(process) }) {
            violate("a batch fails without a fault: \(result.errors)")
        }
        // Of several identifiers the lowest counts; for one that is not of the batch all of it has failed.
        let failed = result.itemFailures.map { Self.place($0).flatMap { places.firstIndex(of: $0) } }
        guard let first = failed.map({ $0 ?? -1 }).min(), first >= 0 else {
            violate("Lambda was given a sequence number that is not of the batch: \(result.itemFailures)")
            return fail(number, records, from: records.lowerBound)
        }
        meet("batches that failed in part")
        fail(number, records, from: records.lowerBound + first)
    }

    /// The records before that one never come again.
    private func proceed(_ number: Int, to end: Int, from start: Int) {
        state.withLock { state in
            state.handled.formUnion(state.shards[number].records[start..<end])
            state.shards[number].next = end
            state.shards[number].attempts = 0
            state.shards[number].cut = nil
        }
        checkDone(Set(state.withLock { $0.shards[number].records[start..<end] }))
    }

    private func fail(_ number: Int, _ records: Range<Int>, from first: Int) {
        note("failed from \(first) of \(records)")
        if first > records.lowerBound { proceed(number, to: first, from: records.lowerBound) }
        state.withLock { state in
            state.shards[number].attempts += 1
            guard !state.isCalm, state.shards[number].attempts > plan.maximumRetryAttempts else {
                let half = first + max(1, (records.upperBound - first) / 2)
                state.shards[number].cut = Bool.random(using: &state.random) ? half : records.upperBound
                return
            }
            // Lambda gives up on the rest of the batch, and says which records they were.
            let given = state.shards[number].records[first..<records.upperBound]
            let body =
                #"{"requestContext":{"condition":"RetryAttemptsExhausted"},"version":"1.0","DDBStreamBatchInfo":{"#
                + #""shardId":"\#(number)","startSequenceNumber":"\#(Self.sequenceNumber(given.first ?? 0))","#
                + #""endSequenceNumber":"\#(Self.sequenceNumber(given.last ?? 0))","batchSize":\#(given.count),"#
                + #""streamArn":"\#(Self.stream)"}}"#
            state.handles += 1
            state.messages.append(Message(id: "m\(state.handles)", body: body))
            state.met["batches that Lambda gave up on", default: 0] += 1
            state.shards[number].next = records.upperBound
            state.shards[number].attempts = 0
            state.shards[number].cut = nil
        }
    }

    private var sync: LiveTableSync {
        let client = client()
        return LiveTableSync(
            configuration,
            connections: TableConnections(configuration, own: client, assuming: { _ in client }),
            failures: Region("us-east-1").map {
                FailureQueue(url: LiveTableFixture.queueURL, sqs: SQSClient(client: client, region: $0))
            },
            environment: AWSClient.Environment(
                now: { [clock] in clock.now },
                sleep: { [self] in try await sleep($0) },
                random: { 0.5 }
            ),
            waitUntil: { [tasks] in if await !tasks.wait(.deadline($0)) { throw CancellationError() } }
        )
    }
}
