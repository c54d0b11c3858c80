import AWSCore
import AWSTesting
import Synchronization
import Testing

@testable import SyncCore

@Suite("Settling one item")
struct KeySettlementTests {
    private static let key = Array(#"{"sk":{"N":"1"},"pk":{"S":"a"}}"#.utf8)
    private static let keys = [FakeDynamoDBTable.Key("pk", "S"), FakeDynamoDBTable.Key("sk", "N")]

    private static func item(_ members: JSONObject = [:]) -> JSONObject {
        JSONObject([("pk", ["S": "a"]), ("sk", ["N": "1"])] + members.members.map { ($0.key, $0.value) })
    }

    /// What happens to a table when the nth call of an operation on a table comes in.
    private typealias Interruption = @Sendable (FakeDynamoDB, String, String, Int) -> Void

    private final class Calls: Sendable {
        let counts = Mutex<[String: Int]>([:])
        let dynamoDB = Mutex<FakeDynamoDB?>(nil)
    }

    private func settlement(
        source: JSONObject?,
        target: JSONObject?,
        interruption: @escaping Interruption = { _, _, _, _ in }
    ) throws -> (KeySettlement, FakeDynamoDB) {
        let calls = Calls()
        let dynamoDB = FakeDynamoDB { call in
            let number = calls.counts.withLock { counts in
                counts["\(call.operation) \(call.table)", default: 0] += 1
                return counts["\(call.operation) \(call.table)"] ?? 0
            }
            if let dynamoDB = calls.dynamoDB.withLock({ $0 }) {
                interruption(dynamoDB, call.operation, call.table, number)
            }
            return nil
        }
        calls.dynamoDB.withLock { $0 = dynamoDB }
        for (table, item) in [("source", source), ("target", target)] {
            dynamoDB.createTable(table, keys: Self.keys)
            if let item { dynamoDB.put([item], into: table) }
        }
        let client = DynamoDBClient(client: dynamoDB.client(), region: try #require(Region("us-east-1")))
        return (
            KeySettlement(
                source: TableSide(table: "source", dynamoDB: client),
                target: TableSide(table: "target", dynamoDB: client)
            ), dynamoDB
        )
    }

    @Test("brings the target to what the source is, and writes nothing when it is that already")
    func outcomes() async throws {
        let (one, two) = (Self.item(["v": ["N": "1"]]), Self.item(["v": ["N": "2"], "w": ["SS": ["a", "b"]]]))
        let same = Self.item(["w": ["SS": ["b", "a"]], "v": ["N": "2.0"], "aws:rep:deleting": ["BOOL": false]])
        for (source, target, expected) in [
            (one, nil, .put), (one, two, .put), (nil, two, .deleted), (nil, nil, .unchanged), (two, two, .unchanged),
            (same, two, .unchanged), (Self.item(), one, .put),
        ] as [(JSONObject?, JSONObject?, KeySettlement.Outcome)] {
            let (settlement, dynamoDB) = try settlement(source: source, target: target)
            let changes = dynamoDB.table("target").changes.count
            #expect(try await settlement.settle(key: Self.key) == expected)
            #expect(
                dynamoDB.table("target").differences(from: dynamoDB.table("source")).isEmpty || expected == .unchanged
            )
            #expect((dynamoDB.table("target").changes.count == changes) == (expected == .unchanged))
        }
    }

    @Test("takes an item that does not belong into the target for one that is not there")
    func filter() async throws {
        let item = Self.item(["v": ["N": "5"]])
        for (condition, expected) in [("v > 4", KeySettlement.Outcome.put), ("v > 5", .deleted)] {
            let (all, dynamoDB) = try settlement(source: item, target: Self.item(["v": ["N": "9"]]))
            let settlement = KeySettlement(
                source: all.source,
                target: all.target,
                filter: try ItemFilter(parsing: condition)
            )
            #expect(try await settlement.settle(key: Self.key) == expected)
            #expect(dynamoDB.table("target").count == (expected == .put ? 1 : 0))
            #expect(try await settlement.settle(key: Self.key) == .unchanged)
        }
    }

    @Test("leaves behind what belongs to the old global tables")
    func replication() async throws {
        let (settlement, dynamoDB) = try settlement(
            source: Self.item(["aws:rep:deleting": ["BOOL": false], "v": ["N": "1"]]),
            target: nil
        )
        #expect(try await settlement.settle(key: Self.key) == .put)
        #expect(dynamoDB.table("target").allItems.first?.keys.sorted() == ["pk", "sk", "v"])
    }

    @Test(
        "never takes the target back: what live sync writes meanwhile is seen, whenever it comes",
        arguments: ["GetItem target 1", "GetItem source 1", "PutItem target 1", "GetItem source 2"],
        ["put", "delete", "gain"]
    )
    func concurrentLiveSync(moment: String, change: String) async throws {
        let old = Self.item(["v": ["N": "1"]])
        let (settlement, dynamoDB) = try settlement(source: old, target: Self.item(["v": ["N": "0"]])) {
            dynamoDB,
            operation,
            table,
            number in
            guard "\(operation) \(table) \(number)" == moment else { return }
            // The source changes, and live sync brings it over at once.
            dynamoDB.change { state in
                for table in ["source", "target"] {
                    switch change {
                    case "put": state.tables[table]?.put(Self.item(["v": ["N": "2"]]))
                    case "delete": state.tables[table]?.remove(Self.item())
                    // All that the condition compares stays as it is: DynamoDB cannot be asked for more.
                    default: state.tables[table]?.put(Self.item(["v": ["N": "0"], "extra": ["S": "x"]]))
                    }
                }
            }
        }
        _ = try await settlement.settle(key: Self.key)
        #expect(dynamoDB.table("target").differences(from: dynamoDB.table("source")).isEmpty)
        // Nor in between, except for what no condition can see.
        guard change != "gain" else { return }
        let versions = dynamoDB.table("target").changes.map { $0.new?["v"]?["N"]?.string ?? "gone" }
        let live = try #require(versions.firstIndex(of: change == "put" ? "2" : "gone"))
        #expect(!versions[live...].contains("1"), "\(versions)")
    }

    @Test("settles again where somebody was faster who knew less")
    func overtaken() async throws {
        let (settlement, dynamoDB) = try settlement(source: Self.item(["v": ["N": "5"]]), target: nil) {
            dynamoDB,
            operation,
            table,
            number in
            guard operation == "PutItem", table == "target", number == 1 else { return }
            // As history does, or another replay.
            dynamoDB.change { _ = $0.tables["target"]?.put(Self.item(["v": ["N": "4"]])) }
        }
        #expect(try await settlement.settle(key: Self.key) == .put)
        #expect(dynamoDB.table("target").differences(from: dynamoDB.table("source")).isEmpty)
    }

    @Test("deletes nothing that live sync has put there meanwhile, not even for a moment")
    func concurrentPut() async throws {
        let (settlement, dynamoDB) = try settlement(source: nil, target: Self.item(["v": ["N": "0"]])) {
            dynamoDB,
            operation,
            table,
            number in
            guard operation == "DeleteItem", table == "target", number == 1 else { return }
            dynamoDB.change { state in
                for table in ["source", "target"] { state.tables[table]?.put(Self.item(["v": ["N": "2"]])) }
            }
        }
        #expect(try await settlement.settle(key: Self.key) == .unchanged)
        #expect(dynamoDB.table("target").changes.map { $0.new?["v"]?["N"]?.string } == ["0", "2"])
    }

    @Test("leaves what the source has no more where nobody can tell who deleted it")
    func vanished() async throws {
        let (all, dynamoDB) = try settlement(source: nil, target: Self.item(["v": ["N": "0"]]))
        let settlement = KeySettlement(source: all.source, target: all.target, deletesVanished: false)
        #expect(try await settlement.settle(key: Self.key) == .kept)
        #expect(dynamoDB.table("target").count == 1)
        // What moved out of the condition was not deleted by anybody.
        dynamoDB.put([Self.item(["v": ["N": "1"]])], into: "source")
        let divided = KeySettlement(
            source: all.source,
            target: all.target,
            filter: try ItemFilter(parsing: "v > 4"),
            deletesVanished: false
        )
        #expect(try await divided.settle(key: Self.key) == .deleted)
    }

    @Test("reads both sides consistently, each time")
    func consistentReads() async throws {
        let reads = Mutex<[JSONValue?]>([])
        let dynamoDB = FakeDynamoDB { call in
            if call.operation == "GetItem" { reads.withLock { $0.append(call.input["ConsistentRead"]) } }
            return nil
        }
        for table in ["source", "target"] { dynamoDB.createTable(table, keys: Self.keys) }
        dynamoDB.put([Self.item()], into: "source")
        let client = DynamoDBClient(client: dynamoDB.client(), region: try #require(Region("us-east-1")))
        let settlement = KeySettlement(
            source: TableSide(table: "source", dynamoDB: client),
            target: TableSide(table: "target", dynamoDB: client)
        )
        #expect(try await settlement.settle(key: Self.key) == .put)
        #expect(reads.withLock { $0 } == [true, true, true])
    }

    @Test("is not deceived by an item that changed and changed back at the target")
    func changedBack() async throws {
        // Read as 0; while the source is read, live sync writes 5 and then 0 again, because the source went so.
        let (settlement, dynamoDB) = try settlement(
            source: Self.item(["v": ["N": "5"]]),
            target: Self.item(["v": ["N": "0"]])
        ) { dynamoDB, operation, table, number in
            guard operation == "PutItem", table == "target", number == 1 else { return }
            dynamoDB.change { state in
                state.tables["target"]?.put(Self.item(["v": ["N": "5"]]))
                state.tables["target"]?.put(Self.item(["v": ["N": "0"]]))
                state.tables["source"]?.put(Self.item(["v": ["N": "0"]]))
            }
        }
        _ = try await settlement.settle(key: Self.key)
        #expect(dynamoDB.table("target").differences(from: dynamoDB.table("source")).isEmpty)
    }

    @Test("gives up, with a word, on an item that changes for ever")
    func neverStill() async throws {
        let counter = Mutex(0)
        let (settlement, _) = try settlement(source: Self.item(), target: nil) { dynamoDB, operation, table, _ in
            guard operation == "GetItem", table == "source" else { return }
            let number = counter.withLock { counter in
                counter += 1
                return counter
            }
            dynamoDB.change { _ = $0.tables["source"]?.put(Self.item(["v": ["N": .string("\(number)")]])) }
        }
        let error = await #expect(throws: KeySettlementError.self) { try await settlement.settle(key: Self.key) }
        #expect(error?.description.contains(#""pk":{"S":"a"}"#) == true)
        #expect(counter.withLock { $0 } == 2 * KeySettlement.maximumAttempts)
    }
}
