import AWSCore
import AWSTesting
import Synchronization
import Testing

@testable import SyncCore

/// Live sync as it will be: applies the source's stream to the target in order, without conditions, late, and some of it
/// twice.
final class LiveSimulation: Sendable {
    private let dynamoDB = Mutex<FakeDynamoDB?>(nil)
    private let applied = Mutex(0)

    func start(on dynamoDB: FakeDynamoDB) {
        self.dynamoDB.withLock { $0 = dynamoDB }
        applied.withLock { $0 = dynamoDB.table("Source").changes.count }
    }

    func put(_ item: JSONObject) { change { _ = $0.tables["Source"]?.put(item) } }
    func remove(_ key: JSONObject) { change { _ = $0.tables["Source"]?.remove(key) } }

    /// Applies records that are due, at most so many.
    func apply(_ count: Int = .max) {
        applied.withLock { applied in
            let start = applied
            let end = change { state -> Int in
                let changes = state.tables["Source"]?.changes ?? []
                let end = count > changes.count - start ? changes.count : start + count
                for record in changes[start..<end] {
                    if let new = record.new {
                        state.tables["Target"]?.put(new)
                    } else {
                        state.tables["Target"]?.remove(record.key)
                    }
                }
                return end
            }
            applied = end ?? start
        }
    }

    /// Leaves out the records so far, as what a `where` leaves out where the target has nothing.
    func skip() {
        let end = change { $0.tables["Source"]?.changes.count ?? 0 }
        applied.withLock { $0 = end ?? $0 }
    }

    /// A batch is delivered again from further back, as Lambda does after an error.
    func goBack(_ count: Int, notBefore first: Int) {
        applied.withLock { $0 = max(first, $0 - count) }
    }

    /// What goes on beside a call: writes at the source, and live sync that brings some of them, and some of them twice.
    ///
    /// - Parameters:
    ///   - count: items that the source began with.
    ///   - version: of the item that was written last.
    ///   - item: an item by its number, in a version; without one its key.
    func goOn(_ random: SharedRandom, count: Int, version: borrowing Mutex<Int>, item: (Int, Int?) -> JSONObject) {
        for _ in 0..<random.below(3) {
            let number = random.below(count + 30)
            let next = version.withLock { version in
                version += 1
                return version
            }
            if random.chance(0.5) { remove(item(number, nil)) } else { put(item(number, next)) }
        }
        if random.chance(0.05) { goBack(random.below(20), notBefore: count) }
        if random.chance(0.6) { apply(random.below(8)) }
    }

    @discardableResult
    private func change<Result: Sendable>(_ body: @Sendable (inout FakeDynamoDB.State) -> Result) -> Result? {
        dynamoDB.withLock { $0 }?.change(body)
    }
}

@Suite("Merging beside live sync")
struct MergeTests {
    private static func item(_ number: Int, _ version: Int?) -> JSONObject {
        var item = key(number)
        item["v"] = version.map { ["N": .string("\($0)")] }
        return item
    }

    private static func key(_ number: Int) -> JSONObject {
        ["pk": ["S": .string("p\(number % 40)")], "sk": ["N": .string("\(number)")]]
    }

    private static func merge(
        _ fixture: inout CopyFixture,
        items: Int = 20,
        beside live: LiveSimulation
    ) async throws -> TableCopy.Progress {
        fixture.options.mode = .merge
        fixture.dynamoDB.put((0..<items).map { item($0, 0) }, into: "Source")
        live.start(on: fixture.dynamoDB)
        return try await fixture.run()
    }

    @Test("Nothing is lost, stale or brought back while the source is written to", arguments: 0..<8)
    func busySource(run: UInt64) async throws {
        let seed = UInt64.random(in: 0...UInt64.max) &+ run
        let random = SharedRandom(seed: seed)
        let live = LiveSimulation()
        let version = Mutex(1)
        let (withFaults, count) = (run.isMultiple(of: 2), 250)
        var fixture = CopyFixture(pageBytes: 600) { call in
            guard call.operation != "DescribeTable" else { return nil }
            live.goOn(random, count: count, version: version, item: Self.item)
            return withFaults ? CopyFaultTests.fault(call, random) : nil
        }
        defer { fixture.remove() }
        let result = try await Self.merge(&fixture, items: count, beside: live)
        live.apply()
        #expect(fixture.differences == [], "seed \(seed)")
        #expect(result.counts.isBalanced, "seed \(seed)")
    }

    @Test("An item whose removal live sync applied before it was put is taken back (H16)")
    func removedBeforePut() async throws {
        let live = LiveSimulation()
        var fixture = CopyFixture { call in
            guard call.operation == "PutItem", call.input["Item"]?["sk"]?["N"] == "7" else { return nil }
            live.remove(Self.key(7))
            live.apply()
            return nil
        }
        defer { fixture.remove() }
        let result = try await Self.merge(&fixture, beside: live)
        #expect(fixture.differences == [])
        #expect(fixture.dynamoDB.table("Target").count == 19)
        #expect(result.counts.settled == 1 && result.counts.removed == 1)
    }

    @Test("An item that is back at the source when it is taken back is put again")
    func backAgain() async throws {
        let live = LiveSimulation()
        let isBack = Mutex(false)
        var fixture = CopyFixture { call in
            switch call.operation {
            case "PutItem" where call.input["Item"]?["sk"]?["N"] == "7" && !isBack.withLock { $0 }:
                live.remove(Self.key(7))
                live.apply()
            case "DeleteItem":
                // The identical item comes back, and live sync has applied it, just before it is taken back.
                isBack.withLock { $0 = true }
                live.put(Self.item(7, 0))
                live.apply()
            default: break
            }
            return nil
        }
        defer { fixture.remove() }
        let result = try await Self.merge(&fixture, beside: live)
        #expect(isBack.withLock { $0 })
        #expect(fixture.differences == [])
        #expect(result.counts.removed == 1)
    }

    @Test("What live sync has written is never overwritten (H15)")
    func newerStays() async throws {
        let live = LiveSimulation()
        var fixture = CopyFixture { call in
            guard call.operation == "PutItem", call.input["Item"]?["sk"]?["N"] == "3" else { return nil }
            live.put(Self.item(3, 1))
            live.apply()
            return nil
        }
        defer { fixture.remove() }
        let result = try await Self.merge(&fixture, beside: live)
        #expect(fixture.differences == [])
        #expect(result.counts.kept == 1 && result.counts.written == 19)
    }

    @Test("What was put before a crash and removed at the source since is taken back by the next run")
    func crashAfterPut() async throws {
        let live = LiveSimulation()
        let isDead = Mutex(false)
        var fixture = CopyFixture { call in
            if isDead.withLock({ $0 }), call.operation != "DescribeTable" {
                return .error(code: "AccessDeniedException", message: "the process has ended")
            }
            guard call.operation == "PutItem", call.input["Item"]?["sk"]?["N"] == "7" else { return nil }
            live.remove(Self.key(7))
            live.apply()
            isDead.withLock { $0 = true }
            return nil
        }
        defer { fixture.remove() }
        fixture.options.mode = .merge
        fixture.options.maximumInFlight = 1
        fixture.dynamoDB.put((0..<20).map { Self.item($0, 0) }, into: "Source")
        live.start(on: fixture.dynamoDB)
        await #expect(throws: TableSideError.self) { try await fixture.run() }
        #expect(fixture.dynamoDB.table("Target")[Self.key(7)] != nil)
        isDead.withLock { $0 = false }
        // Its own put would fail on nothing: the next run does not even see the item any more.
        let result = try await fixture.run()
        #expect(fixture.differences == [])
        #expect(result.counts.read == 19 && result.counts.isBalanced)
    }

    @Test("A merge reads consistently, whatever it reads; a plain copy where it is told (H18)", arguments: [0, 1, 2])
    func consistentReads(kind: Int) async throws {
        let reads = Mutex<[String: Set<Bool>]>([:])
        let live = LiveSimulation()
        var fixture = CopyFixture { call in
            if call.operation == "PutItem", call.input["Item"]?["sk"]?["N"] == "7" {
                live.remove(Self.key(7))
                live.apply()
            }
            guard call.operation == "Scan" || call.operation == "GetItem" else { return nil }
            let isConsistent = call.input["ConsistentRead"]?.bool == true
            reads.withLock { _ = $0[call.operation, default: []].insert(isConsistent) }
            return nil
        }
        defer { fixture.remove() }
        fixture.options.mode = kind == 0 ? .merge : .replace
        fixture.options.consistentRead = kind == 1
        fixture.dynamoDB.put((0..<20).map { Self.item($0, 0) }, into: "Source")
        live.start(on: fixture.dynamoDB)
        _ = try await fixture.run()
        let expected: [String: Set<Bool>] = kind == 0 ? ["Scan": [true], "GetItem": [true]] : ["Scan": [kind == 1]]
        #expect(reads.withLock { $0 } == expected)
    }

    @Test("What live sync has put while an item was being taken back is never removed, not even for a moment")
    func newerWhileTakenBack() async throws {
        let live = LiveSimulation()
        let isRemoved = Mutex(false)
        var fixture = CopyFixture { call in
            switch call.operation {
            case "PutItem" where call.input["Item"]?["sk"]?["N"] == "7" && !isRemoved.withLock { $0 }:
                isRemoved.withLock { $0 = true }
                live.remove(Self.key(7))
                live.apply()
            case "DeleteItem":
                live.put(Self.item(7, 1))
                live.apply()
            default: break
            }
            return nil
        }
        defer { fixture.remove() }
        let result = try await Self.merge(&fixture, beside: live)
        #expect(fixture.differences == [])
        #expect(result.counts.removed == 0)
        let removed = fixture.dynamoDB.table("Target").changes.filter { $0.new == nil && $0.old?["v"]?["N"] == "1" }
        #expect(removed.isEmpty)
    }
}
