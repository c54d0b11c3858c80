import AWSCore
import AWSTesting
import Synchronization
import Testing

@testable import SyncCore

@Suite("Comparing tables that are written to")
struct BusyTablesTests {
    @Test("waits longer before each reading of what looked different, and reads it consistently on both sides")
    func pauses() async throws {
        let reads = Mutex<[Bool]>([])
        let tables = VerifiedTables(onSource: { call in
            if call.operation == "BatchGetItem" {
                let request = call.input["RequestItems"]?.object?.members.first?.value
                reads.withLock { $0.append(request?["ConsistentRead"]?.bool == true) }
            }
            return nil
        })
        var planted = PlantedItems(seed: 1)
        tables.put([planted.item(0)], to: tables.source)
        #expect(try await tables.verify().differences.mapValues(\.kind) == [0: .missing])
        #expect(tables.sleeper.recorded == [.seconds(1), .seconds(5)])
        #expect(reads.withLock { $0 } == [true, true])
    }

    @Test("reads nothing again when everything was equal")
    func equalIsCheap() async throws {
        let tables = VerifiedTables()
        var planted = PlantedItems(seed: 1)
        tables.put((0..<300).map { planted.item($0) }, to: tables.source, tables.target)
        #expect(try await tables.verify().result.verdict == .equal)
        #expect(tables.source.calls("BatchGetItem") == 0 && tables.target.calls("BatchGetItem") == 0)
        #expect(tables.sleeper.recorded == [])
    }

    /// Runs something when the n-th consistent reading of the target begins.
    private func tables(atReading body: @escaping @Sendable (Int, VerifiedTables) -> Void) -> VerifiedTables {
        let readings = Atomic(0)
        let holder = Mutex<VerifiedTables?>(nil)
        let tables = VerifiedTables(onTarget: { call in
            guard call.operation == "BatchGetItem", let tables = holder.withLock({ $0 }) else { return nil }
            body(readings.wrappingAdd(1, ordering: .relaxed).newValue, tables)
            return nil
        })
        holder.withLock { $0 = tables }
        return tables
    }

    @Test("gives no false alarm for what the target gets a little later", arguments: [1, 2])
    func lag(reading: Int) async throws {
        let tables = tables { number, tables in
            guard number == reading else { return }
            tables.put(tables.sourceTable.allItems, to: tables.target)
        }
        var planted = PlantedItems(seed: 1)
        tables.put((0..<20).map { planted.item($0) }, to: tables.source)
        let (result, differences) = try await tables.verify()
        #expect(differences.isEmpty)
        #expect(result.verdict == .equal && result.settled == 20)
    }

    @Test("gives no false alarm for what is deleted at both sides, or at the target after the source")
    func deleted() async throws {
        let tables = tables { number, tables in
            guard number == 1 else { return }
            for item in tables.targetTable.allItems {
                tables.target.change { _ = $0.tables[VerifiedTables.name]?.remove(item) }
            }
        }
        var planted = PlantedItems(seed: 1)
        tables.put((0..<20).map { planted.item($0) }, to: tables.target)
        let (result, differences) = try await tables.verify()
        #expect(differences.isEmpty && result.verdict == .equal && result.settled == 20)
    }

    @Test("calls an item changing that is another at each reading, and neither equal nor different")
    func changing() async throws {
        let count = Atomic(0)
        let tables = tables { _, tables in
            let number = count.wrappingAdd(1, ordering: .relaxed).newValue
            guard var item = tables.sourceTable.allItems.first else { return }
            item["text"] = ["S": .string("version \(number)")]
            tables.put([item], to: tables.source)
        }
        var planted = PlantedItems(seed: 1)
        let item = planted.item(0)
        tables.put([item], to: tables.source)
        tables.put([planted.item(0)], to: tables.target)
        let (result, differences) = try await tables.verify()
        #expect(differences.mapValues(\.kind) == [0: .changing])
        #expect(result.verdict == .undecided)
        #expect(tables.sleeper.recorded == [.seconds(1), .seconds(5), .seconds(10), .seconds(20)])
    }

    @Test("finds planted differences, and only those, while both sides are written to all the time")
    func concurrentWriters() async throws {
        let seed = UInt64.random(in: 0 ... .max)
        let random = Mutex(SeededGenerator(seed: seed))
        let holder = Mutex<VerifiedTables?>(nil)
        // Before each call some items of the source are changed, and what was changed before arrives at the target.
        let pending = Mutex<[JSONObject]>([])
        let write: @Sendable (FakeDynamoDB.Call) async throws -> FakeDynamoDB.Fault? = { call in
            guard let tables = holder.withLock({ $0 }), call.number % 3 == 0 else { return nil }
            let arrived = pending.withLock { pending in
                let all = pending
                pending = []
                return all
            }
            for item in arrived {
                if item["pk"] != nil, item.count > 2 {
                    tables.put([item], to: tables.target)
                } else {
                    tables.target.change { _ = $0.tables[VerifiedTables.name]?.remove(item) }
                }
            }
            // Only for a while: a source that never rests would leave its hot items changing.
            guard call.number < 150 else { return nil }
            let number = random.withLock { Int.random(in: 1_000..<1_300, using: &$0) }
            var planted = PlantedItems(seed: UInt64(call.number))
            let item = planted.item(number)
            let isDeletion = random.withLock { Bool.random(using: &$0) }
            if isDeletion {
                let key: JSONObject = ["pk": item["pk"] ?? .null, "sk": item["sk"] ?? .null]
                tables.source.change { _ = $0.tables[VerifiedTables.name]?.remove(key) }
                pending.withLock { $0.append(key) }
            } else {
                tables.put([item], to: tables.source)
                pending.withLock { $0.append(item) }
            }
            return nil
        }
        let tables = VerifiedTables(onSource: write, onTarget: write)
        let expected = TableVerificationTests.plant(tables, count: 600, seed: seed)
        holder.withLock { $0 = tables }
        let (_, differences) = try await tables.verify()
        #expect(differences.mapValues(\.kind) == expected, "seed \(seed)")
    }
}
