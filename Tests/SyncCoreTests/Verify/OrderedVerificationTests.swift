import AWSCore
import AWSTesting
import Testing

@testable import SyncCore

@Suite("Comparing tables whose items come in the same order, or do not")
struct OrderedVerificationTests {
    /// What a comparison comes to, but for how it came to it.
    private func outcome(
        sourcePages: Int,
        targetPages: Int,
        hashSeed: UInt64,
        filter: ItemFilter?,
        plant: (VerifiedTables) -> Void
    ) async throws -> (TableVerificationResult, [Int: TableDifference]) {
        var tables = VerifiedTables(
            pageBytes: sourcePages,
            targetPageBytes: targetPages,
            targetHashSeed: hashSeed
        )
        tables.options.filter = filter
        tables.options.segments = 3
        plant(tables)
        var (result, differences) = try await tables.verify()
        // Pages are others.
        for side in [\TableVerificationResult.source, \.target] { result[keyPath: side].readUnits = 0 }
        return (result, differences)
    }

    @Test("the short cut and the digests give the same result, with --where too", arguments: [false, true])
    func sameResult(isFiltered: Bool) async throws {
        let seed = UInt64.random(in: 0 ... .max)
        var random = SeededGenerator(seed: seed)
        let filter = isFiltered ? try ItemFilter(parsing: "flag = true") : nil
        var planted = PlantedItems(seed: seed)
        let count = 500
        var source: [JSONObject] = []
        var target: [JSONObject] = []
        var expected: [Int: TableDifference.Kind] = [:]
        for number in 0..<count {
            var item = planted.item(number, padding: Int.random(in: 0...100, using: &random))
            // Changes to the flag itself would move items in and out of what is compared.
            item["flag"] = ["BOOL": .bool(!isFiltered || number % 3 != 0)]
            let isCompared = !isFiltered || number % 3 != 0
            var copy = item
            switch Int.random(in: 0..<30, using: &random) {
            case 0:
                copy["text"] = ["S": "another"]
                if isCompared { expected[number] = .different }
            case 1:
                source.append(item)
                if isCompared { expected[number] = .missing }
                continue
            case 2:
                target.append(item)
                if isCompared { expected[number] = .extra }
                continue
            case 3, 4:
                PlantedItems.rewritings[number % PlantedItems.rewritings.count].change(&copy)
            default: break
            }
            source.append(item)
            target.append(copy)
        }
        var results: [TableVerificationResult] = []
        // The same order with the same and with other pages; another order, in which next to nothing pairs.
        for (pages, hashSeed) in [(4_096, 0), (1_500, 0), (20_000, 0), (4_096, 77)] as [(Int, UInt64)] {
            let (result, differences) = try await outcome(
                sourcePages: 4_096,
                targetPages: pages,
                hashSeed: hashSeed,
                filter: filter
            ) { tables in
                tables.put(source, to: tables.source)
                tables.put(target, to: tables.target)
            }
            #expect(differences.mapValues(\.kind) == expected, "seed \(seed), \(pages), \(hashSeed)")
            #expect(result.source.items + result.source.filtered == source.count, "seed \(seed)")
            #expect(result.target.items + result.target.filtered == target.count, "seed \(seed)")
            results.append(result)
        }
        for result in results { #expect(result == results[0], "seed \(seed)") }
        #expect(results[0].equal > 300 - (isFiltered ? 150 : 0))
    }

    @Test(
        "items in the same order that are the same bytes need no digests, and all others get theirs",
        arguments: [(4_096, 0), (1_500, 0), (4_096, 77)] as [(Int, UInt64)]
    )
    func store(targetPages: Int, hashSeed: UInt64) async throws {
        let tables = VerifiedTables(targetPageBytes: targetPages, targetHashSeed: hashSeed)
        var planted = PlantedItems(seed: 4)
        let items = (0..<400).map { planted.item($0) }
        tables.put(items, to: tables.source, tables.target)
        var rewritten = items[17]
        PlantedItems.rewritings[0].change(&rewritten)
        tables.put([rewritten], to: tables.target)
        let clock = SyncClock(sleep: { _ in })
        func reader(_ fake: FakeDynamoDB, _ role: String) throws -> SideReader {
            SideReader(side: try tables.side(fake), role: role, maximumReadUnits: nil, clock: clock)
        }
        let reading = TableReading(
            source: try reader(tables.source, "source"),
            target: try reader(tables.target, "target"),
            digester: PageDigester(
                digester: ItemDigester(key: ItemKey(partitionKey: "pk", sortKey: "sk")),
                filter: nil
            ),
            consistentRead: false,
            progress: VerificationProgress()
        )
        let store = DigestStore(space: TemporarySpace(directory: tables.options.temporaryDirectory))
        let outcome = try await reading.readAll(segments: 4, into: store)
        #expect(outcome.paired + store.matches == 400)
        if hashSeed == 0 {
            #expect(store.matches == 1)
        } else {
            #expect(store.matches > 300)
        }
        #expect(outcome.source.items == 400 && outcome.target.items == 400)
        #expect(outcome.source.bytes == outcome.target.bytes)
        #expect(reading.progress.snapshot.bytes == outcome.source.bytes + outcome.target.bytes)
    }
}
