import AWSCore
import AWSTesting
import Synchronization
import Testing

@testable import SyncCore

@Suite("Repairing a table that differs")
struct TableRepairTests {
    private func faulty(_ share: Double, seed: UInt64) -> VerifiedTables {
        VerifiedTables(
            onSource: randomFaults(seed: seed, share: share),
            onTarget: randomFaults(seed: seed &+ 1, share: share)
        )
    }

    @Test(
        "makes both sides equal, whatever differs, under every fault; a second run finds nothing",
        arguments: [0, 0.3]
    )
    func mendsAll(share: Double) async throws {
        let seed = UInt64.random(in: 0 ... .max)
        var tables = faulty(share, seed: seed)
        tables.options.repairs = true
        tables.options.deletes = true
        let expected = TableVerificationTests.plant(tables, count: 600, seed: seed)
        let original = tables.sourceTable.allItems
        let (result, differences) = try await tables.verify()
        #expect(differences.mapValues(\.kind) == expected, "seed \(seed)")
        // To the fake, padding and records of replication make a difference; those items were equal before.
        let rewritten = tables.sourceTable.differences(from: tables.targetTable)
        let numbers = rewritten.compactMap { $0.firstMatch(of: /"sk":\{"N":"([0-9]+)/).flatMap { Int($0.output.1) } }
        #expect(numbers.count == rewritten.count && numbers.allSatisfy { expected[$0] == nil }, "seed \(seed)")
        #expect(tables.sourceTable.count == original.count && tables.targetTable.count == original.count)
        #expect(result.verdict == .equal, "seed \(seed)")
        #expect(result.unmended == 0)
        let second = try await tables.verify()
        #expect(second.differences.isEmpty && second.result.verdict == .equal)
    }

    @Test("deletes nothing that it was not told to delete")
    func leavesExtraItems() async throws {
        var tables = VerifiedTables()
        tables.options.repairs = true
        let expected = TableVerificationTests.plant(tables, count: 200, seed: 7)
        let (result, differences) = try await tables.verify()
        let extra = expected.filter { $0.value == .extra }
        #expect(!extra.isEmpty)
        #expect(differences.filter { $0.value.repair == .left }.mapValues(\.kind) == extra)
        #expect(result.verdict == .different && result.unmended == extra.count)
        #expect(tables.targetTable.count == tables.sourceTable.count + extra.count)
        #expect(tables.target.calls("DeleteItem") == 0)
    }

    @Test("touches nothing but what differs, and writes with conditions only")
    func touchesNothingElse() async throws {
        let writes = Mutex<[FakeDynamoDB.Call]>([])
        var tables = VerifiedTables(onTarget: { call in
            if ["PutItem", "DeleteItem", "BatchWriteItem"].contains(call.operation) {
                writes.withLock { $0.append(call) }
            }
            return nil
        })
        tables.options.repairs = true
        tables.options.deletes = true
        let expected = TableVerificationTests.plant(tables, count: 200, seed: 7)
        _ = try await tables.verify()
        let written = writes.withLock { $0 }
        #expect(written.count == expected.count)
        for call in written {
            let item = try #require(call.input["Item"] ?? call.input["Key"])
            let number = try VerifiedTables.number(of: item.serialized())
            let condition = try #require(call.input["ConditionExpression"]?.string)
            switch expected[number] {
            case .missing: #expect(call.operation == "PutItem" && condition == "attribute_not_exists(#k)")
            case .different: #expect(call.operation == "PutItem" && condition.contains("=:"))
            case .extra: #expect(call.operation == "DeleteItem" && condition.contains("=:"))
            case .changing, nil: Issue.record("\(number) was written and is \(String(describing: expected[number]))")
            }
        }
        #expect(tables.source.calls("PutItem") + tables.source.calls("DeleteItem") == 0)
    }

    @Test("does not write records of replication")
    func replicationAttributes() async throws {
        var tables = VerifiedTables()
        tables.options.repairs = true
        var planted = PlantedItems(seed: 2)
        var item = planted.item(0)
        item["aws:rep:deleting"] = ["BOOL": false]
        item["aws:rep:updateregion"] = ["S": "us-east-1"]
        tables.put([item], to: tables.source)
        #expect(try await tables.verify().result.verdict == .equal)
        let written = try #require(tables.targetTable.allItems.first)
        #expect(written.members.allSatisfy { !$0.key.hasPrefix("aws:rep:") })
        #expect(written.members.count == item.members.count - 2)
    }

    /// Writes to the tables just before the first write of the repair arrives.
    private func racing(_ body: @escaping @Sendable (VerifiedTables) -> Void) -> VerifiedTables {
        let holder = Mutex<VerifiedTables?>(nil)
        var tables = VerifiedTables(onTarget: { call in
            guard ["PutItem", "DeleteItem"].contains(call.operation),
                let tables = holder.withLock({ held in held.take() })
            else { return nil }
            body(tables)
            return nil
        })
        tables.options.repairs = true
        tables.options.deletes = true
        holder.withLock { $0 = tables }
        return tables
    }

    @Test("never overwrites what came to the target in the meantime with something older")
    func neverOlder() async throws {
        // Live sync brings a newer version to both sides between the comparison and the repair.
        var planted = PlantedItems(seed: 2)
        let (old, newer) = (planted.item(0), planted.item(0))
        let tables = racing { tables in
            tables.put([newer], to: tables.source, tables.target)
        }
        tables.put([old], to: tables.source)
        let (result, differences) = try await tables.verify()
        #expect(differences[0]?.repair == .unneeded)
        #expect(result.verdict == .equal)
        #expect(tables.targetTable.changes.count == 1, "the repair wrote over the newer item")
    }

    @Test("never overwrites what only gained an attribute in the meantime")
    func neverOlderByAnAttribute() async throws {
        var planted = PlantedItems(seed: 2)
        let item = planted.item(0)
        let key: JSONObject = ["pk": item["pk"] ?? .null, "sk": item["sk"] ?? .null]
        var (old, there) = (key, key)
        (old["a"], old["b"]) = (["N": "1"], ["N": "2"])
        there["a"] = ["N": "9"]
        // All that was compared is still there.
        var newer = there
        newer["b"] = ["N": "3"]
        let tables = racing { [newer] tables in tables.put([newer], to: tables.source, tables.target) }
        tables.put([old], to: tables.source)
        tables.put([there], to: tables.target)
        let (result, differences) = try await tables.verify()
        #expect(differences[0]?.repair == .unneeded)
        #expect(result.verdict == .equal)
        #expect(tables.targetTable.changes.count == 2, "the repair wrote over the newer item")
    }

    @Test("never deletes what came to both sides in the meantime")
    func neverDeletesNew() async throws {
        var planted = PlantedItems(seed: 2)
        let (stale, newer) = (planted.item(0), planted.item(0))
        let tables = racing { tables in tables.put([newer], to: tables.source, tables.target) }
        tables.put([stale], to: tables.target)
        let (result, differences) = try await tables.verify()
        #expect(differences[0]?.repair == .unneeded)
        #expect(result.verdict == .equal && tables.targetTable.count == 1)
    }

    @Test("brings the newer item when the source changed in the meantime, not the one it had read")
    func followsTheSource() async throws {
        var planted = PlantedItems(seed: 2)
        let (first, second) = (planted.item(0), planted.item(0))
        let tables = racing { tables in tables.put([second], to: tables.source) }
        tables.put([first], to: tables.source)
        let (result, differences) = try await tables.verify()
        #expect(differences[0]?.repair == .written)
        #expect(result.verdict == .equal)
        #expect(tables.sourceTable.differences(from: tables.targetTable) == [])
    }

    @Test("says which items DynamoDB refuses, and repairs the others")
    func refused() async throws {
        var tables = VerifiedTables(onTarget: { call in
            guard call.operation == "PutItem", call.input["Item"]?["sk"] == ["N": "3"] else { return nil }
            return .error(code: "ItemCollectionSizeLimitExceededException", message: "Item collection size limit")
        })
        tables.options.repairs = true
        var planted = PlantedItems(seed: 2)
        tables.put((0..<10).map { planted.item($0) }, to: tables.source)
        let (result, differences) = try await tables.verify()
        #expect(differences.filter { $0.value.repair == .failed }.map(\.key) == [3])
        #expect(differences[3]?.reason?.contains("ItemCollectionSizeLimitExceededException") == true)
        #expect(result.verdict == .different && result.unmended == 1 && tables.targetTable.count == 9)
    }

    @Test("stops at once when writing is not allowed at all")
    func notAllowed() async throws {
        var tables = VerifiedTables(onTarget: { call in
            call.operation == "PutItem" ? .error(code: "AccessDeniedException", message: "not authorized") : nil
        })
        tables.options.repairs = true
        var planted = PlantedItems(seed: 2)
        tables.put((0..<500).map { planted.item($0) }, to: tables.source)
        let error = await #expect(throws: AWSError.self) { _ = try await tables.verify() }
        #expect(error?.code == "AccessDeniedException")
        #expect(tables.target.calls("PutItem") <= 4 * 16)
    }
}
