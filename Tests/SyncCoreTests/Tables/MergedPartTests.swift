import AWSCore
import AWSTesting
import Synchronization
import Testing

@testable import SyncCore

@Suite("Merging part by part beside live sync")
struct MergedPartTests {
    private static func item(_ number: Int, _ version: Int?) -> JSONObject {
        var item = key(number)
        item["v"] = version.map { ["N": .string("\($0)")] }
        return item
    }

    private static func key(_ number: Int) -> JSONObject {
        ["pk": ["S": .string("p\"\(number % 40)é")], "sk": ["N": .string("\(number)")]]
    }

    /// An invocation that was killed has ended: it sends nothing any more.
    private static let killed = FakeDynamoDB.Fault.error(code: "AccessDeniedException", message: "killed")

    @Test("Killed at any call and made again, it loses nothing and brings nothing back", arguments: 0..<12)
    func killed(run: UInt64) async throws {
        let seed = UInt64.random(in: 0...UInt64.max) &+ run
        let random = SharedRandom(seed: seed)
        let live = LiveSimulation()
        let version = Mutex(1)
        let callsLeft = Mutex(Int.max)
        let count = 250
        var fixture = CopyFixture(pageBytes: [600, 3_000][random.below(2)]) { call in
            guard call.operation != "DescribeTable" else { return nil }
            // The world goes on whoever is dead.
            live.goOn(random, count: count, version: version, item: Self.item)
            let isDead = callsLeft.withLock { left in
                left = max(0, left - 1)
                return left == 0
            }
            if isDead { return Self.killed }
            return run.isMultiple(of: 2) ? CopyFaultTests.fault(call, random) : nil
        }
        defer { fixture.remove() }
        fixture.options.mode = .merge
        fixture.dynamoDB.put((0..<count).map { Self.item($0, 0) }, into: "Source")
        live.start(on: fixture.dynamoDB)
        let plan = try await TableCopyPartTests.plan(fixture, segments: 3)
        var (results, kills): ([JSONValue], Int) = ([], 0)
        for segment in 0..<plan.segments {
            var event = TableCopyPartTests.event(plan, segment: segment)
            while true {
                // One is killed in any case: each writes more than a few items.
                let calls = kills == 0 ? 2 + random.below(6) : random.chance(0.5) ? 2 + random.below(60) : Int.max
                callsLeft.withLock { $0 = calls }
                let answer: [UInt8]
                do {
                    answer = try await TableCopyPartTests.invoke(event, fixture, pages: 1 + random.below(4))
                } catch let error as TableSideError {
                    try #require(error.error.message == "killed", "seed \(seed)")
                    kills += 1
                    continue
                }
                // Killed before it could answer: made again from the same event.
                if random.chance(0.2) { continue }
                event = answer
                let json = try JSONValue(parsing: answer)
                guard json["done"]?.bool == true else { continue }
                results.append(try #require(json["result"]))
                break
            }
        }
        live.apply()
        #expect(kills > 0, "seed \(seed)")
        let outcome = try CopyExecution.balance(TableCopyPartTests.execution(results), plan)
        #expect(outcome.total.counts.isBalanced && outcome.total.counts.failed == 0, "seed \(seed)")
        #expect(fixture.differences == [], "seed \(seed)")
    }

    /// All invocations of all parts, none of which may fail.
    private static func copy(_ plan: TableCopyPlan, _ fixture: CopyFixture) async throws -> (
        CopyCounts, invocations: Int
    ) {
        var (results, invocations): ([JSONValue], Int) = ([], 0)
        for segment in 0..<plan.segments {
            var event = TableCopyPartTests.event(plan, segment: segment)
            while true {
                event = try await TableCopyPartTests.invoke(event, fixture, pages: .max)
                invocations += 1
                #expect(event.count < 256 << 10)
                let json = try JSONValue(parsing: event)
                guard json["done"]?.bool == true else { continue }
                results.append(try #require(json["result"]))
                break
            }
        }
        return (try CopyExecution.balance(TableCopyPartTests.execution(results), plan).total.counts, invocations)
    }

    @Test("What the target has stays, what is not wanted is left out, and all is counted once")
    func counts() async throws {
        var fixture = CopyFixture(pageBytes: 1_500)
        defer { fixture.remove() }
        fixture.options.mode = .merge
        fixture.options.filter = "sk < 180 OR sk >= 500"
        fixture.dynamoDB.put((0..<500).map { Self.item($0, 0) }, into: "Source")
        fixture.dynamoDB.put((0..<20).map { Self.item($0, 7) }, into: "Target")
        let plan = try await TableCopyPartTests.plan(fixture, segments: 3)
        let (counts, _) = try await Self.copy(plan, fixture)
        #expect(counts.equation == "read 500 = written 160 + kept 20 + filtered 320")
        #expect(counts.pages > 3 && counts.bytes > 500 * 40)
        #expect(fixture.dynamoDB.table("Target").count == 180)
        #expect(fixture.dynamoDB.table("Target")[Self.key(3)]?["v"]?["N"] == "7")
    }

    @Test("Keys of any size fit into an event, and an empty table needs one invocation a segment")
    func sizes() async throws {
        var fixture = CopyFixture(pageBytes: 1 << 20)
        defer { fixture.remove() }
        fixture.options.mode = .merge
        let plan = try await TableCopyPartTests.plan(fixture, segments: 2)
        #expect(try await Self.copy(plan, fixture).invocations == 2)
        let items = (0..<700).map { number -> JSONObject in
            let size = number.isMultiple(of: 3) ? 10 : 1_900
            return ["pk": ["S": .string(String(repeating: "k", count: size) + "\(number)")], "sk": ["N": "1"]]
        }
        fixture.dynamoDB.put(items, into: "Source")
        let (counts, invocations) = try await Self.copy(plan, fixture)
        #expect(counts.written == 700 && fixture.differences == [])
        // 890 KB of keys.
        #expect((8...30).contains(invocations))
    }

    /// Invokes until done; a call may say that it is the last.
    private static func copyThrough(_ plan: TableCopyPlan, _ fixture: CopyFixture, _ isDead: borrowing Mutex<Bool>)
        async throws -> Int
    {
        var (event, kills) = (TableCopyPartTests.event(plan, segment: 0), 0)
        while true {
            do {
                event = try await TableCopyPartTests.invoke(event, fixture, pages: .max)
            } catch is TableSideError {
                kills += 1
                isDead.withLock { $0 = false }
            }
            if try JSONValue(parsing: event)["done"]?.bool == true { return kills }
        }
    }

    @Test(
        "What was put by an invocation that was killed before it looked again is taken back by the next",
        arguments: ["removed", "unwanted", "back"]
    )
    func killedAfterPut(kind: String) async throws {
        let live = LiveSimulation()
        let isDead = Mutex(false)
        let isOver = Mutex(false)
        var fixture = CopyFixture { call in
            if isDead.withLock({ $0 }), call.operation != "DescribeTable" { return Self.killed }
            guard call.operation == "PutItem", call.input["Item"]?["sk"]?["N"] == "7", !isOver.withLock({ $0 }) else {
                return nil
            }
            isOver.withLock { $0 = true }
            isDead.withLock { $0 = true }
            switch kind {
            case "unwanted": live.put(Self.item(7, 9))
            default: live.remove(Self.key(7))
            }
            // Applied before the put, except that what is not wanted any more is a removal to live sync.
            if kind == "unwanted" { live.skip() } else { live.apply() }
            if kind == "back" { live.put(Self.item(7, 0)) }
            return nil
        }
        defer { fixture.remove() }
        fixture.options.mode = .merge
        fixture.options.filter = "v < 5"
        fixture.options.maximumInFlight = 1
        fixture.dynamoDB.put((0..<20).map { Self.item($0, 0) }, into: "Source")
        live.start(on: fixture.dynamoDB)
        let plan = try await TableCopyPartTests.plan(fixture, segments: 1)
        #expect(try await Self.copyThrough(plan, fixture, isDead) == 1)
        live.apply()
        let target = fixture.dynamoDB.table("Target")
        #expect(target.count == (kind == "back" ? 20 : 19))
        #expect((target[Self.key(7)] == nil) == (kind != "back"))
    }

    @Test("An item that has moved off its page is put all the same, and looked at again afterwards")
    func movedOffItsPage() async throws {
        let live = LiveSimulation()
        let alone = Mutex<[JSONValue]>([])
        let removed = Mutex<JSONValue?>(nil)
        var fixture = CopyFixture(pageBytes: 1 << 20) { call in
            if call.operation == "GetItem", call.table == "Source", let key = call.input["Key"] {
                alone.withLock { $0.append(key) }
            }
            guard call.operation == "PutItem", let item = call.input["Item"], removed.withLock({ $0 }) == nil,
                let key = alone.withLock({ $0.first { $0["sk"] == item["sk"] } }), let object = key.object
            else { return nil }
            removed.withLock { $0 = key }
            live.remove(object)
            live.apply()
            return nil
        }
        defer { fixture.remove() }
        fixture.options.mode = .merge
        let replicated = (0..<20).map { number in
            var item = Self.item(number, 0)
            item["aws:rep:updateregion"] = ["S": "us-east-1"]
            return item
        }
        fixture.dynamoDB.put(replicated, into: "Source")
        live.start(on: fixture.dynamoDB)
        let plan = try await TableCopyPartTests.plan(fixture, segments: 1)
        var event = try await TableCopyPartTests.invoke(
            TableCopyPartTests.event(plan, segment: 0),
            fixture,
            pages: .max
        )
        #expect(fixture.dynamoDB.calls("PutItem") == 0)
        // What is new on the page pushes what was noted off its end.
        for number in 100..<160 { live.put(Self.item(number, 0)) }
        live.apply()
        event = try await TableCopyPartTests.invoke(event, fixture, pages: .max)
        let json = try JSONValue(parsing: event)
        #expect(json["done"] == true && json["result"]?["counts"]?["written"] == 20)
        #expect(removed.withLock { $0 } != nil && json["result"]?["counts"]?["removed"] == 1)
        let target = fixture.dynamoDB.table("Target")
        #expect(target.count == 79)
        // Nobody but DynamoDB may write these (H21).
        #expect(target.allItems.allSatisfy { $0["aws:rep:updateregion"] == nil })
    }
}
