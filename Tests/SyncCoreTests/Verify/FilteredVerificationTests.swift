import AWSCore
import AWSTesting
import Testing

@testable import SyncCore

@Suite("Comparing the part of two tables that a condition names")
struct FilteredVerificationTests {
    private static let east: JSONValue = ["S": "east"]
    private static let west: JSONValue = ["S": "west"]

    /// Items that are in neither, one or both parts on each side; the number says which.
    private func tables() throws -> VerifiedTables {
        var tables = VerifiedTables()
        tables.options.filter = try ItemFilter(parsing: "place = 'east'")
        var planted = PlantedItems(seed: 11)
        for number in 0..<9 {
            var (source, target) = (planted.item(number), planted.item(number))
            if number != 8 { target = source }
            source["place"] = [Self.east, Self.west, Self.east, Self.west, Self.east, Self.west][number % 6]
            target["place"] = source["place"]
            switch number {
            // Outside on both sides, however they differ.
            case 1: target["text"] = ["N": "1"]
            case 2: target["place"] = Self.west
            case 3: target["place"] = Self.east
            case 4: target["text"] = ["N": "1"]
            default: break
            }
            if number != 7 { tables.put([target], to: tables.target) }
            if number != 6 { tables.put([source], to: tables.source) }
        }
        return tables
    }

    @Test("leaves out what matches on neither side, and finds what matches on one")
    func differences() async throws {
        let (result, differences) = try await tables().verify()
        // 0 is equal, 1 and 5 are outside, 7 is missing but outside; 8 is two different items inside.
        #expect(differences.mapValues(\.kind) == [2: .different, 3: .extra, 4: .different, 6: .extra, 8: .different])
        #expect(differences[2]?.attributes == ["place"])
        #expect(result.source.items + result.source.filtered == 8)
        #expect(result.target.items + result.target.filtered == 8)
        #expect(result.source.filtered == 4)
    }

    @Test("repairs only that part")
    func repair() async throws {
        var tables = try tables()
        tables.options.repairs = true
        tables.options.deletes = true
        let outside = tables.targetTable.allItems.filter { $0["sk"] == ["N": "1"] || $0["sk"] == ["N": "5"] }
        #expect(outside.count == 2)
        #expect(try await tables.verify().result.verdict == .equal)
        let left = tables.targetTable.allItems
        #expect(outside.allSatisfy { left.contains($0) })
        #expect(left.count == 6)
        #expect(try await tables.verify().differences.isEmpty)
    }
}
