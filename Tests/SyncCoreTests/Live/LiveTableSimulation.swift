import AWSCore
import AWSTesting
import BackupCore
import FoundationEssentials
import Synchronization

@testable import SyncCore

/// Writers on a source table, its stream, Lambda's event source mapping, and targets that fail in every way: what
/// DynamoDB and Lambda promise, and nothing more, from a seed.
///
/// Writes to the source come at any of the calls that live sync makes, so between any two of its steps.
final class LiveTableSimulation: Sendable {
    static let targets = ["Orders-new", "Orders-archive", "Orders-part"]
    /// What the third target holds: items move in and out with every other change.
    static let condition = "attribute_exists(date) AND v <> 7"
    static let keys = [FakeDynamoDBTable.Key("pk", "S"), FakeDynamoDBTable.Key("sk", "N")]

    struct State: Sendable {
        var random: SeededGenerator
        /// Where Lambda goes on in the stream.
        var position = 0
        /// How often the batch at the position has failed.
        var attempts = 0
        /// Failures in a row after which Lambda gives up on a batch (`MaximumRetryAttempts`).
        let maximumRetryAttempts: Int
        /// Behind which record a failed batch was cut.
        var bisected: Int?
        var writesLeft: Int
        /// Calls that are left to the function before it is killed.
        var callsUntilKill: Int?
        var version = 0
        /// Keys whose records Lambda gave up on, as its own failure message lets them be found again.
        var discarded: Set<String> = []
        var isCalm = false
        var deliveries = 0
        var partialBatches = 0
        var kills = 0
        var discards = 0
        var replays = 0
        var duplicates = 0
        var unknownItems: [String] = []
        /// Copies of history that were broken off and went on.
        var resumedCopies = 0
        var isHistoryCopied = false
        /// Why history could not be merged; never, in a sound copy.
        var historyError: String?

        init(seed: UInt64, writes: Int) {
            random = SeededGenerator(seed: seed)
            writesLeft = writes
            maximumRetryAttempts = Int.random(in: 0...2, using: &random)
        }
    }

    /// The targets into which history is merged while live sync runs.
    static let merged = ["Orders-new", "Orders-part"]

    /// Thrown out of a call when the function is killed while it is under way.
    private struct Killed: Error {}

    let state: Mutex<State>
    let dynamoDB: FakeDynamoDB
    let queue = FakeFailureQueue()
    let clock = ManualClock()
    let configuration: SyncConfiguration
    private let kill = Mutex<Task<Void, Never>?>(nil)

    init(seed: UInt64, writes: Int) throws {
        state = Mutex(State(seed: seed, writes: writes))
        let holder = Holder()
        dynamoDB = FakeDynamoDB(pageBytes: 150) { call in try holder.simulation?.fault(for: call) }
        dynamoDB.createTable("Orders", keys: Self.keys)
        for target in Self.targets { dynamoDB.createTable(target, keys: Self.keys) }
        // What the source may hold and this target may not.
        dynamoDB.change { $0.tables["Orders-archive"]?.indexKeys = [FakeDynamoDBTable.Key("date", "S")] }
        guard let source = TableARN(LiveTableFixture.home + "Orders") else { throw Killed() }
        configuration = SyncConfiguration(tables: [
            TableMapping(
                source: source,
                targets: try Self.targets.compactMap { TableARN(LiveTableFixture.home + $0) }.map { table in
                    TableTarget(table: table, filter: try Self.filter(table.tableName))
                }
            )
        ])
        // What was there before the stream was switched on. One target has it already.
        let history = (0..<24).filter { $0 % 4 != 3 }.map { number -> JSONObject in
            var item: JSONObject = ["pk": ["S": .string("k\(number)")], "sk": ["N": .string("\(number % 3)")]]
            item["v"] = ["N": "0"]
            if number % 2 == 0 { item["date"] = ["S": "2026-11-20"] }
            return item
        }
        dynamoDB.put(history, into: "Orders")
        dynamoDB.put(history, into: "Orders-archive")
        state.withLock { $0.position = history.count }
        holder.set(self)
    }

    /// Breaks the circle between the fake, which calls the simulation, and the simulation, which holds the fake.
    private final class Holder: Sendable {
        private let value = Mutex<@Sendable () -> LiveTableSimulation?>({ nil })
        var simulation: LiveTableSimulation? { value.withLock { $0() } }
        func set(_ simulation: LiveTableSimulation) {
            value.withLock { $0 = { [weak simulation] in simulation } }
        }
    }

    static func filter(_ target: String) throws -> ItemFilter? {
        target == "Orders-part" ? try ItemFilter(parsing: condition) : nil
    }

    private func chance(_ percent: Int) -> Bool {
        state.withLock { Int.random(in: 0..<100, using: &$0.random) < percent }
    }

    // MARK: Source

    /// One write of one of the writers.
    private func write() {
        let change = state.withLock { state -> (JSONObject, isDelete: Bool)? in
            guard state.writesLeft > 0 else { return nil }
            state.writesLeft -= 1
            state.version += 1
            // A few keys, so that each changes often.
            let key = Int.random(in: 0..<24, using: &state.random)
            var item: JSONObject = ["pk": ["S": .string("k\(key)")], "sk": ["N": .string("\(key % 3)")]]
            if Int.random(in: 0..<3, using: &state.random) == 0 { return (item, true) }
            item["v"] = ["N": .string("\(state.version)")]
            if Bool.random(using: &state.random) {
                // Of the wrong type now and then.
                let isPoison = Int.random(in: 0..<4, using: &state.random) == 0
                item["date"] = isPoison ? ["N": "7"] : ["S": "2026-11-21"]
            }
            if Int.random(in: 0..<8, using: &state.random) == 0 { item["aws:rep:deleting"] = ["BOOL": false] }
            return (item, false)
        }
        guard let (item, isDelete) = change else { return }
        dynamoDB.change { state in
            _ = isDelete ? state.tables["Orders"]?.remove(item) : state.tables["Orders"]?.put(item)
        }
    }

    // MARK: Faults

    private func fault(for call: FakeDynamoDB.Call) throws -> FakeDynamoDB.Fault? {
        while chance(35), state.withLock({ $0.writesLeft > 0 }) { write() }
        let isDone = chance(50)
        let isKilled = state.withLock { state -> Bool in
            guard let left = state.callsUntilKill else { return false }
            state.callsUntilKill = left - 1
            return left <= 0
        }
        if isKilled {
            kill.withLock { $0?.cancel() }
            return .cut(isDone: isDone)
        }
        guard !state.withLock({ $0.isCalm }) else { return nil }
        let dice = state.withLock { Int.random(in: 0..<100, using: &$0.random) }
        let pattern = state.withLock { UInt64.random(in: 0...UInt64.max, using: &$0.random) }
        switch dice {
        case 0..<15: return .throttled
        case 15..<20: return .serverError(isDone: isDone)
        case 20..<25: return .cut(isDone: isDone)
        case 25..<40 where call.operation == "BatchWriteItem": return .unprocessed { pattern >> $0 & 1 == 1 }
        case 40..<44: return .error(code: "AccessDeniedException", message: "not now")
        default: return nil
        }
    }

    // MARK: Lambda

    var hasMoreRecords: Bool { state.withLock { $0.position } < dynamoDB.table("Orders").changes.count }

    /// Sequence numbers of different lengths, with gaps.
    private static func sequenceNumber(_ position: Int) -> String { "\(90 + 7 * position)" }

    private func event(_ positions: Range<Int>) -> String {
        let changes = dynamoDB.table("Orders").changes
        let records = positions.map { position -> JSONValue in
            let change = changes[position]
            var body: JSONObject = [
                // In either order of the attributes.
                "Keys": .object(
                    position % 2 == 0
                        ? change.key : JSONObject(change.key.members.reversed().map { ($0.key, $0.value) })
                ),
                "SequenceNumber": .string(Self.sequenceNumber(position)), "StreamViewType": "NEW_AND_OLD_IMAGES",
                "ApproximateCreationDateTime": 1_795_226_400,
            ]
            body["NewImage"] = change.new.map { .object($0) }
            body["OldImage"] = change.old.map { .object($0) }
            return [
                "eventVersion": "1.1", "dynamodb": .object(body),
                "eventName": change.new == nil ? "REMOVE" : change.old == nil ? "INSERT" : "MODIFY",
                "eventSourceARN": .string(LiveTableFixture.home + "Orders/stream/2026-11-21T00:00:00.000"),
            ]
        }
        return JSONValue.object(["Records": .array(records)]).text()
    }

    /// Hands the next batch to the function, as an event source mapping with ReportBatchItemFailures, bisecting and a
    /// finite number of retries does.
    func deliver() async throws {
        let end = dynamoDB.table("Orders").changes.count
        let (positions, isKilled, isDuplicate) = state.withLock { state -> (Range<Int>, Bool, Bool) in
            let size = Int.random(in: 1...40, using: &state.random)
            let last = state.bisected ?? min(end, state.position + size)
            let isKilled = !state.isCalm && Int.random(in: 0..<10, using: &state.random) == 0
            state.callsUntilKill = isKilled ? Int.random(in: 0..<4, using: &state.random) : nil
            state.deliveries += 1
            return (
                state.position..<max(last, state.position), isKilled, Int.random(in: 0..<8, using: &state.random) == 0
            )
        }
        guard !positions.isEmpty else { return }
        let result = try await invoke(positions)
        state.withLock { $0.callsUntilKill = nil }
        if isKilled, kill.withLock({ $0?.isCancelled ?? false }) {
            state.withLock { $0.kills += 1 }
            return fail(positions, from: positions.lowerBound)
        }
        guard let result else { return fail(positions, from: positions.lowerBound) }
        // At least once: the answer is lost, and all of it comes again.
        if isDuplicate { return state.withLock { $0.duplicates += 1 } }
        guard let identifier = result.itemFailures.first else {
            return state.withLock { state in
                state.position = positions.upperBound
                state.attempts = 0
                state.bisected = nil
            }
        }
        state.withLock { $0.partialBatches += 1 }
        guard let place = positions.first(where: { Self.sequenceNumber($0) == identifier }) else {
            // Lambda takes the whole batch for failed then.
            state.withLock { $0.unknownItems.append(identifier) }
            return fail(positions, from: positions.lowerBound)
        }
        fail(positions, from: place)
    }

    private func invoke(_ positions: Range<Int>) async throws -> LiveTableSync.Result? {
        let event = try TableStreamEvent(parsing: Array(event(positions).utf8))
        let sync = sync
        // Nothing but the deadline's sleepers move the clock.
        let deadline = clock.now.addingTimeInterval(state.withLock { Double.random(in: 0.2...20, using: &$0.random) })
        let answer = Mutex<LiveTableSync.Result?>(nil)
        let task = Task {
            let result = try? await sync.apply(event, deadline: deadline)
            answer.withLock { $0 = result }
        }
        kill.withLock { $0 = task }
        await task.value
        return answer.withLock { $0 }
    }

    private func fail(_ positions: Range<Int>, from place: Int) {
        let changes = dynamoDB.table("Orders").changes
        state.withLock { state in
            state.attempts = place > state.position ? 0 : state.attempts + 1
            state.position = place
            guard !state.isCalm, state.attempts > state.maximumRetryAttempts else {
                let isBisected = Bool.random(using: &state.random)
                state.bisected = isBisected ? place + max(1, (positions.upperBound - place) / 2) : nil
                return
            }
            // Lambda gives up on the rest of the batch and says which records they were.
            for change in changes[place..<positions.upperBound] {
                state.discarded.insert(JSONValue.object(change.key).text())
            }
            state.discards += 1
            state.position = positions.upperBound
            state.attempts = 0
            state.bisected = nil
        }
    }

    private var environment: AWSClient.Environment {
        AWSClient.Environment(
            now: { [clock] in clock.now },
            sleep: { [clock] in
                try await clock.sleep(for: $0)
                await Task.yield()
            },
            random: { 0.5 }
        )
    }

    private var sync: LiveTableSync {
        let client = dynamoDB.client()
        let queueClient = AWSClient(
            configuration: client.configuration,
            transport: queue.transport,
            environment: environment
        )
        return LiveTableSync(
            configuration,
            connections: TableConnections(configuration, own: client, assuming: { _ in client }),
            failures: Region("us-east-1").map {
                FailureQueue(url: LiveTableFixture.queueURL, sqs: SQSClient(client: queueClient, region: $0))
            },
            environment: environment,
            waitUntil: { _ in try await Gate().pass() }
        )
    }

    // MARK: Replay

    /// Settles the item of one failure, if there is one; what fails stays.
    func replayOne() async {
        let discarded = state.withLock { $0.discarded.first }
        if let discarded, await settle(discarded, Self.targets) {
            state.withLock { _ = $0.discarded.remove(discarded) }
        }
        guard let message = queue.state.withLock({ $0.messages.first }) else { return }
        guard let failed = FailedTableChange(json: message), let target = TableARN(failed.target) else { return }
        if await settle(failed.key.text(), [target.tableName]) {
            queue.state.withLock { state in
                if let place = state.messages.firstIndex(of: message) { state.messages.remove(at: place) }
            }
        }
    }

    private func settle(_ key: String, _ targets: [String]) async -> Bool {
        guard let region = Region("us-east-1") else { return false }
        let client = DynamoDBClient(client: dynamoDB.client(), region: region)
        state.withLock { $0.replays += 1 }
        for target in targets {
            do {
                let settlement = KeySettlement(
                    source: TableSide(table: "Orders", dynamoDB: client),
                    target: TableSide(table: target, dynamoDB: client),
                    filter: try Self.filter(target)
                )
                _ = try await settlement.settle(key: Array(key.utf8))
            } catch {
                return false
            }
        }
        return true
    }

    // MARK: History

    /// Merges what was there before into the targets, one after the other; a copy that breaks off goes on.
    private func copyHistory() async {
        let folder = FileManager.default.temporaryDirectory.path + "/live-simulation-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        for target in Self.merged {
            // The checkpoint of a copy that broke off is locked until the last of its tasks is gone.
            for attempt in 1... {
                do {
                    try await merge(into: target, checkpoint: "\(folder)/\(target)")
                    break
                } catch {
                    state.withLock { $0.resumedCopies += 1 }
                    guard attempt < 500 else {
                        state.withLock { $0.historyError = "\(error)" }
                        break
                    }
                    await Task.yield()
                }
            }
        }
        state.withLock { $0.isHistoryCopied = true }
    }

    private func merge(into target: String, checkpoint path: String) async throws {
        guard let region = Region("us-east-1") else { return }
        let client = DynamoDBClient(client: dynamoDB.client(), region: region)
        let (source, target) = (
            TableSide(table: "Orders", dynamoDB: client), TableSide(table: target, dynamoDB: client)
        )
        var options = TableCopy.Options()
        options.mode = .merge
        options.maximumInFlight = 3
        options.stallLimit = .seconds(3_600)
        options.filter = try Self.filter(target.table)?.expression
        let tables = try await CopyTables(source: source, target: target)
        let checkpoint = try CopyCheckpoint(
            path: path,
            identity: CopyIdentity(tables, options: options),
            segments: 3,
            restarting: false
        )
        _ = try await TableCopy(
            source: source,
            target: target,
            tables: tables,
            options: options,
            clock: CopyFixture.clock
        ).run(checkpoint: checkpoint)
    }

    // MARK: The run

    func run() async throws {
        async let history: Void = copyHistory()
        while state.withLock({ $0.writesLeft > 0 || !$0.isHistoryCopied }) || hasMoreRecords {
            switch state.withLock({ Int.random(in: 0..<10, using: &$0.random) }) {
            case 0..<4: write()
            case 4..<9: try await deliver()
            default: await replayOne()
            }
            await Task.yield()
        }
        await history
        // The faults end, the target takes what it refused, and what waits for replay is replayed.
        state.withLock { $0.isCalm = true }
        dynamoDB.change { $0.tables["Orders-archive"]?.indexKeys = [] }
        while queue.state.withLock({ !$0.messages.isEmpty }) || state.withLock({ !$0.discarded.isEmpty }) {
            await replayOne()
        }
    }

    /// What is not in a target as it is in the source, attributes of the old global tables aside.
    func differences() throws -> [String] {
        try Self.targets.flatMap { target in
            let filter = try Self.filter(target)
            var expected = FakeDynamoDBTable("source", keys: Self.keys, id: "")
            for item in dynamoDB.table("Orders").allItems {
                let kept = JSONObject(
                    item.members.filter { !$0.key.hasPrefix("aws:rep:") }.map { ($0.key, $0.value) }
                )
                guard try filter?.matches(JSONValue.object(kept).serialized()[...]) ?? true else { continue }
                expected.put(kept)
            }
            return expected.differences(from: dynamoDB.table(target)).map { "\(target): \($0)" }
        }
    }
}
