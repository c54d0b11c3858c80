import AWSCore
import AWSTesting
import BackupCore
import FoundationEssentials
import Synchronization
import Testing

@testable import SyncCore

@Suite("Replaying what has failed")
struct ReplayTests {
    private func run(
        _ live: LiveAWS,
        _ clients: LiveClients? = nil,
        records: SyncRecordStore = SyncRecordStore(folder: "/nonexistent"),
        _ configure: (inout Replay.Options) -> Void = { _ in }
    ) async throws -> ReplayReport {
        var options = Replay.Options()
        configure(&options)
        var report = ReplayReport()
        let environment = AWSClient.Environment(sleep: { _ in await Task.yield() })
        try await Replay(try clients ?? live.clients(), records: records, options: options, environment: environment)
            .run(into: &report)
        return report
    }

    @Test("A change is settled from what the source is now, and its message deleted after that")
    func changes() async throws {
        let live = LiveAWS()
        live.put("a", 1)
        live.put("b", 1)
        live.apply()
        live.put("a", 2)
        live.remove("b")
        for key in ["a", "b", "c"] { live.sendChange(key) }
        let report = try await run(live)
        #expect(report.messages == 3 && report.done == 3 && report.isComplete && report.remaining == 0)
        #expect(report.counts.written == 1 && report.counts.deleted == 1 && report.counts.unchanged == 1)
        #expect(live.dynamoDB.table("Copy").differences(from: live.dynamoDB.table("Orders")).isEmpty)
        #expect(live.messages().isEmpty)
    }

    @Test("A batch that Lambda gave up is read again from the stream, exactly its range, each key once")
    func batch() async throws {
        let live = LiveAWS()
        // The sequence numbers go from five digits to six.
        for number in 0..<20 { live.put("k\(number % 12)", number) }
        live.sendBatch(3...16)
        let report = try await run(live)
        #expect(report.done == 1 && report.isComplete && live.messages().isEmpty)
        // Places 3 to 16 are k3 … k11 and k0 … k4.
        #expect(report.counts.written == 12)
        #expect(live.dynamoDB.table("Copy").allItems.count == 12)
        let old = LiveAWS()
        for number in 0..<20 { old.put("k\(number)", number) }
        old.sendBatch(18...19)
        _ = try await run(old)
        #expect(old.dynamoDB.table("Copy").allItems.count == 2)
    }

    @Test("Records that are gone are a gap that is named, and its message stays until a comparison has closed it")
    func gap() async throws {
        let state = TemporaryState()
        let live = LiveAWS()
        for number in 0..<10 { live.put("k\(number)", 1) }
        live.state.withLock { $0.trimmedTo = 4 }
        live.sendBatch(2...6)
        for _ in 1...2 {
            let report = try await run(live, records: state.records)
            let gap = try #require(report.gaps.first)
            #expect(!report.isComplete && !gap.isClosed && report.done == 0)
            #expect(gap.first == LiveAWS.number(2) && gap.last == LiveAWS.number(6) && gap.shard == "shard-1")
            #expect(gap.targets.map(\.table.tableName) == ["Copy"] && gap.firstDate != nil)
            // What is still there of it is settled all the same.
            #expect(live.dynamoDB.table("Copy").allItems.count == 3)
            #expect(live.messages().map(\.isHidden) == [false])
        }
        // A comparison of before the failure proves nothing.
        try state.noteEqual(LiveAWS.noon.addingTimeInterval(-60))
        #expect(try await !run(live, records: state.records).isComplete)
        try state.noteEqual(LiveAWS.noon.addingTimeInterval(60), filter: "v = 1")
        #expect(try await !run(live, records: state.records).isComplete)
        try state.noteEqual(LiveAWS.noon.addingTimeInterval(60))
        let report = try await run(live, records: state.records)
        #expect(report.isComplete && report.done == 1 && live.messages().isEmpty)
    }

    @Test("A batch is brought to every target, for Lambda does not say whose write has failed")
    func everyTarget() async throws {
        let live = LiveAWS()
        live.dynamoDB.createTable("Second", keys: [FakeDynamoDBTable.Key("pk", "S")])
        for number in 0..<4 { live.put("k\(number)", number) }
        live.sendBatch(0...3)
        let clients = try live.clients()
        var configuration = clients.configuration
        let second = try #require(TableARN("arn:aws:dynamodb:us-east-1:123456789012:table/Second"))
        configuration.tables[0].targets.append(TableTarget(table: second))
        let source = clients.source
        let both = LiveClients(configuration, source: source, target: source) { _ in source }
        let report = try await run(live, both)
        #expect(report.done == 1 && report.isComplete && live.messages().isEmpty)
        for table in ["Copy", "Second"] { #expect(live.dynamoDB.table(table).count == 4) }
    }

    @Test("Only what a mapping's where is about is brought to its target")
    func filtered() async throws {
        let live = LiveAWS()
        live.put("a", 1)
        live.put("b", 2)
        live.sendBatch(0...1)
        let report = try await run(live, live.clients(filter: "v = 1"))
        #expect(report.isComplete && live.dynamoDB.table("Copy").allItems.map { $0["pk"] } == [["S": "a"]])
    }

    @Test("A batch of a table that is no longer mapped stays in the queue")
    func unmappedBatch() async throws {
        let live = LiveAWS()
        live.put("a", 1)
        live.sendBatch(0...0)
        live.state.withLock { state in
            let body = state.queues["Sync-table-failures"]?[0].body.replacing("table/Orders", with: "table/Other")
            state.queues["Sync-table-failures"]?[0].body = body ?? ""
        }
        let report = try await run(live)
        #expect(report.left.count == 1 && report.left[0].reason.contains("no mapping names the table"))
        #expect(report.done == 0 && live.messages().map(\.isHidden) == [false])
    }

    @Test("A stream that is gone is a gap, and its message stays")
    func goneStream() async throws {
        let live = LiveAWS()
        live.put("a", 1)
        live.sendBatch(0...0)
        live.state.withLock { $0.isStreamGone = true }
        let report = try await run(live)
        #expect(!report.isComplete && report.done == 0 && report.gaps.map(\.isClosed) == [false])
        #expect(live.messages().map(\.isHidden) == [false])
    }

    @Test(
        "What cannot be replayed stays in the queue, visible, with what to do",
        arguments: [
            ("{", "no JSON"), (#"{"type":"other"}"#, "of type \"other\""), (#"{"DDBStreamBatchInfo":{}}"#, "sequence"),
            (
                #"{"type":"table-change","version":1,"source":"s","target":"t","key":{"pk":{"S":"a"}}}"#,
                "no mapping leads from s to t"
            ),
        ]
    )
    func left(body: String, reason: String) async throws {
        let live = LiveAWS()
        live.send(body)
        live.put("a", 1)
        live.sendChange("a")
        let report = try await run(live)
        #expect(report.left.count == 1 && report.left[0].reason.contains(reason), "\(report.left)")
        #expect(report.done == 1 && !report.isComplete && report.remaining == 1)
        #expect(live.messages().map(\.body) == [body] && live.messages().map(\.isHidden) == [false])
    }

    @Test("A dry run changes neither tables nor queues")
    func dryRun() async throws {
        let live = LiveAWS()
        for number in 0..<5 { live.put("k\(number)", 1) }
        live.sendChange("k1")
        live.sendBatch(1...3)
        let report = try await run(live) { $0.isDryRun = true }
        #expect(report.planned == 4 && report.done == 0 && report.isComplete)
        #expect(live.dynamoDB.table("Copy").allItems.isEmpty)
        #expect(live.messages().map(\.isHidden) == [false, false])
    }

    @Test("No more messages are taken than were asked for, and none about other mappings")
    func limits() async throws {
        let live = LiveAWS()
        for number in 0..<9 {
            live.put("k\(number)", 1)
            live.sendChange("k\(number)")
        }
        let report = try await run(live) { $0.maximum = 4 }
        #expect(report.messages == 4 && report.done == 4 && report.remaining == 5)
        let other = try await run(live) { $0.pairs = [SyncPair(tables: "x", "y")] }
        #expect(other.skipped == 5 && other.done == 0 && other.isComplete)
        #expect(live.messages().allSatisfy { !$0.isHidden } && live.messages().count == 5)
    }

    @Test("A message that SQS delivers twice is worked on once")
    func twice() async throws {
        let live = LiveAWS()
        live.send("{")
        live.state.withLock { $0.deliversAgain = true }
        let report = try await run(live) { $0.maximum = 5 }
        #expect(report.messages == 1 && report.left.count == 1, "\(report)")
    }

    @Test("A queue that says once that it is empty is asked again")
    func emptyAnswer() async throws {
        let live = LiveAWS()
        live.put("a", 1)
        live.sendChange("a")
        live.state.withLock { $0.emptyAnswers = 1 }
        let report = try await run(live)
        #expect(report.done == 1 && report.isComplete && live.messages().isEmpty)
    }

    @Test("A batch whose last records do not come stays in the queue")
    func missingEnd() async throws {
        let live = LiveAWS()
        for number in 0..<3 { live.put("k\(number)", 1) }
        live.sendBatch(1...5)
        let report = try await run(live)
        #expect(report.left.count == 1 && report.left[0].reason.contains("do not come from the stream"), "\(report)")
        #expect(report.done == 0 && live.messages().map(\.isHidden) == [false])
    }

    @Test("An item that is gone stays at a target that ignores deletes of expired items")
    func ignoredDeletes() async throws {
        let live = LiveAWS()
        live.put("a", 1)
        live.put("b", 1)
        live.apply()
        live.remove("a")
        live.put("b", 2)
        for key in ["a", "b"] { live.sendChange(key) }
        let report = try await run(live, live.clients(timeToLiveDeletes: .ignore))
        #expect(report.counts.kept == 1 && report.counts.written == 1 && report.isComplete)
        #expect(live.dynamoDB.table("Copy").allItems.count == 2)
    }

    @Test("An interruption gives every message back that is not done")
    func interrupted() async throws {
        let gate = Gate()
        let reached = Gate()
        let live = LiveAWS { _, operation in
            guard operation == "PutItem" else { return }
            reached.open()
            try await gate.pass()
        }
        live.put("a", 1)
        live.sendChange("a")
        let clients = try live.clients()
        let task = Task {
            var report = ReplayReport()
            await #expect(throws: CancellationError.self) {
                try await Replay(clients, records: SyncRecordStore(folder: "/nonexistent")).run(into: &report)
            }
            return report
        }
        try await reached.pass()
        task.cancel()
        let report = await task.value
        // It has not failed either: nothing is said about it.
        #expect(report.done == 0 && report.left.isEmpty && report.messages == 1)
        #expect(live.messages().map(\.isHidden) == [false])
    }

    /// Writers, live sync and replays at the same time, in any order.
    ///
    /// A replay that wrote what its message knew, or that
    /// wrote without its condition, would be seen here: at the end both sides are equal, and no item of the target ever
    /// goes back to a version that an earlier write of the replay's own had replaced.
    @Test("A replay never brings old data back, whatever happens beside it", arguments: 0..<200)
    func random(round: Int) async throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        let generator = Mutex(SeededGenerator(seed: seed))
        let random = { @Sendable (limit: Int) in generator.withLock { Int.random(in: 0..<limit, using: &$0) } }
        let version = Mutex(0)
        @Sendable func write(_ live: LiveAWS) {
            let key = "k\(random(2))"
            if random(4) == 0 {
                live.remove(key)
            } else {
                live.put(
                    key,
                    version.withLock {
                        $0 += 1; return $0
                    }
                )
            }
        }
        let live = LiveAWS { live, operation in
            // Between any two calls somebody may write, and live sync may come along.
            guard ["GetItem", "PutItem", "DeleteItem"].contains(operation) else { return }
            if random(3) == 0 { write(live) }
            // Most of the time live sync is up to date: what a replay then gets wrong nothing puts right again.
            if random(3) > 0 { live.apply(random(3) > 0 ? .max : 1 + random(3)) }
        }
        for _ in 0..<30 { write(live) }
        // Live sync has come some way, and what it met is in the queue, in any order and more than once.
        live.apply(random(30))
        let count = live.dynamoDB.table("Orders").changes.count
        for _ in 0..<20 {
            if random(2) == 0 {
                live.sendChange("k\(random(2))")
            } else {
                let first = random(count)
                live.sendBatch(first...min(count - 1, first + random(8)))
            }
        }
        let report = try await run(live)
        #expect(report.isComplete && live.messages().isEmpty, "seed \(seed)")
        live.apply()
        let differences = live.dynamoDB.table("Copy").differences(from: live.dynamoDB.table("Orders"))
        #expect(differences.isEmpty, "seed \(seed): \(differences)")
        // No settlement may be left with an older state than one it has seen: the last write of each item is the newest.
        for item in live.dynamoDB.table("Orders").allItems {
            let last = live.dynamoDB.table("Copy").changes.last { $0.key["pk"] == item["pk"] }
            #expect(last?.new?["v"] == item["v"], "seed \(seed)")
        }
    }
}
