import AWSCore
import AWSTesting
import FoundationEssentials
import Glibc
import Synchronization
import Testing

@testable import SyncCore

/// Copies under everything that goes wrong on the way, with items of every kind.
@Suite("Table copies under faults")
struct CopyFaultTests {
    /// What may happen to a call: throttled, lost, done without an answer, done in part.
    static func fault(_ call: FakeDynamoDB.Call, _ random: SharedRandom) -> FakeDynamoDB.Fault? {
        guard call.operation != "DescribeTable" else { return nil }
        switch random.below(100) {
        case 0..<5: return .throttled
        case 5..<8: return .serverError(isDone: false)
        case 8..<11: return .serverError(isDone: true)
        case 11..<13: return .cut(isDone: false)
        case 13..<16: return .cut(isDone: true)
        case 16..<36:
            let mask = random.below(1 << 25)
            return .unprocessed { mask >> $0 & 1 == 1 }
        default: return nil
        }
    }

    @Test("Every item arrives equal and the ledger balances, whatever goes wrong", arguments: 0..<6)
    func arrives(run: UInt64) async throws {
        let seed = UInt64.random(in: 0...UInt64.max) &+ run
        let random = SharedRandom(seed: seed)
        let fixture = CopyFixture(pageBytes: [300, 4_000, 50_000][random.below(3)]) { Self.fault($0, random) }
        defer { fixture.remove() }
        let count = 300 + random.below(700)
        fixture.dynamoDB.put(
            (0..<count).map { number in random.with { RandomItems.item(number, using: &$0) } },
            into: "Source"
        )
        let result = try await fixture.run()
        #expect(fixture.differences == [], "seed \(seed)")
        #expect(result.counts.read == count && result.counts.written == count, "seed \(seed)")
        #expect(result.counts.isBalanced, "seed \(seed)")
    }

    @Test("After crashes at any point the copy goes on and loses nothing", arguments: 0..<6)
    func resumes(run: UInt64) async throws {
        let seed = UInt64.random(in: 0...UInt64.max) &+ run
        let random = SharedRandom(seed: seed)
        let callsLeft = Mutex(0)
        let fixture = CopyFixture(pageBytes: 1_000) { call in
            // A process that has ended sends nothing any more.
            let isDead = callsLeft.withLock { left in
                left -= 1
                return left < 0
            }
            if isDead, call.operation != "DescribeTable" {
                return .error(code: "AccessDeniedException", message: "the process has ended")
            }
            return Self.fault(call, random)
        }
        defer { fixture.remove() }
        let count = 600
        fixture.dynamoDB.put(
            (0..<count).map { number in random.with { RandomItems.item(number, using: &$0) } },
            into: "Source"
        )
        var runs = 0
        var result: TableCopy.Progress?
        while result == nil {
            runs += 1
            let calls = 5 + random.below(120)
            callsLeft.withLock { $0 = runs > 60 ? .max : calls }
            do {
                result = try await fixture.run()
            } catch let error as TableSideError {
                try #require(error.error.code == "AccessDeniedException", "seed \(seed)")
                if random.chance(0.5) { try Self.tear(fixture.path, by: random.below(400)) }
            }
        }
        let counts = try #require(result).counts
        #expect(runs > 1, "seed \(seed)")
        #expect(fixture.differences == [], "seed \(seed)")
        #expect(counts.read == count && counts.written == count && counts.isBalanced, "seed \(seed)")
    }

    /// What a crash of the machine may leave of a file that was being written, but not of its first line, which is there
    /// before anything else happens.
    static func tear(_ path: String, by bytes: Int) throws {
        let contents = try #require(FileManager.default.contents(atPath: path))
        let header = try #require(contents.firstIndex(of: UInt8(ascii: "\n"))) + 1
        try #require(truncate(path, off_t(max(header, contents.count - bytes))) == 0)
    }

    @Test("A hot key and a table of 400 KB items are copied as any other")
    func extremes() async throws {
        let fixture = CopyFixture(pageBytes: 1 << 20)
        defer { fixture.remove() }
        let large = String(repeating: "ü", count: 190_000)
        fixture.dynamoDB.put(
            (0..<12).map { ["pk": ["S": "hot"], "sk": ["N": .string("\($0)")], "large": ["S": .string(large)]] },
            into: "Source"
        )
        let result = try await fixture.run()
        #expect(fixture.differences == [])
        #expect(result.counts.written == 12)
    }

    @Test("Attributes that belong to a global table's own accounts stay behind (H21)")
    func replicationAttributes() async throws {
        let fixture = CopyFixture()
        defer { fixture.remove() }
        let own: JSONObject = ["pk": ["S": "a"], "sk": ["N": "1"], "text": ["S": "aws:rep: in a text"]]
        var replicated = own
        replicated["aws:rep:updateregion"] = ["S": "us-east-1"]
        replicated["aws:rep:deleting"] = ["BOOL": false]
        fixture.dynamoDB.put([replicated, ["pk": ["S": "b"], "sk": ["N": "1"]]], into: "Source")
        let result = try await fixture.run()
        #expect(result.counts.written == 2)
        let copied = try #require(fixture.dynamoDB.table("Target")[own])
        #expect(Set(copied.keys) == ["pk", "sk", "text"])
        #expect(FakeDynamoDBValue.equalItems(.object(copied), .object(own)))
    }

    @Test("Items that DynamoDB refuses are found among the others, counted and named")
    func refusedItems() async throws {
        let random = SharedRandom(seed: 42)
        let fixture = CopyFixture(indexKeys: [FakeDynamoDBTable.Key("day", "S")]) { Self.fault($0, random) }
        defer { fixture.remove() }
        let bad: Set<Int> = [3, 77, 78, 199]
        fixture.dynamoDB.put(
            (0..<200).map { number in
                [
                    "pk": ["S": .string("p\(number % 9)")], "sk": ["N": .string("\(number)")],
                    "day": bad.contains(number) ? ["N": "1"] : ["S": "monday"],
                ]
            },
            into: "Source"
        )
        let result = try await fixture.run()
        #expect(result.counts.failed == 4 && result.counts.written == 196 && result.counts.isBalanced)
        #expect(fixture.differences.count == 4)
        let lines = try #require(FileManager.default.contents(atPath: fixture.path + ".failures"))
            .split(separator: UInt8(ascii: "\n")).map { try JSONValue(parsing: Array($0)) }
        #expect(Set(lines.compactMap { $0["key"]?["sk"]?["N"]?.string }) == Set(bad.map { "\($0)" }))
        #expect(lines.allSatisfy { $0["code"] == "ValidationException" })
        #expect(lines.count == 4)
    }
}
