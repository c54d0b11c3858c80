import AWSCore
import AWSTesting
import Testing

@testable import SyncCore

@Suite("Comparing a sample of two tables")
struct SampleTests {
    @Test("names itself a sample, reads about the part that was asked for, and calls equal items equal")
    func share() async throws {
        var tables = VerifiedTables()
        var planted = PlantedItems(seed: 3)
        tables.put((0..<2_000).map { planted.item($0) }, to: tables.source, tables.target)
        tables.options.sample = .percent(20)
        let (result, differences) = try await tables.verify()
        #expect(result.verdict == .equalInSample && differences.isEmpty)
        #expect(result.sample == .init(segments: 32, totalSegments: 160))
        // Two dozen items to a segment, more or less, and three of them always together.
        #expect((200..<650).contains(result.source.items) && (200..<650).contains(result.target.items))
        #expect(result.equal == result.source.items + result.target.items)
    }

    @Test("takes so many items of each side and no more")
    func items() async throws {
        var tables = VerifiedTables()
        var planted = PlantedItems(seed: 3)
        tables.put((0..<500).map { planted.item($0) }, to: tables.source, tables.target)
        tables.options.sample = .items(100)
        let (result, _) = try await tables.verify()
        #expect(result.source.items == 100 && result.target.items == 100)
        #expect(result.source.filtered == 0 && result.target.filtered == 0, "what is not in the sample is not left out")
        #expect(result.verdict == .equalInSample)
    }

    @Test("finds everything, each key once, when the sample is as large as the tables", arguments: [1, 32 << 20])
    func all(memory: Int) async throws {
        let seed = UInt64.random(in: 0 ... .max)
        var tables = VerifiedTables(
            onSource: randomFaults(seed: seed, share: 0.1),
            onTarget: randomFaults(seed: seed &+ 1, share: 0.1)
        )
        tables.options.digestMemory = memory
        tables.options.sample = .items(100_000)
        let expected = TableVerificationTests.plant(tables, count: 600, seed: seed)
        let (result, differences) = try await tables.verify()
        #expect(differences.mapValues(\.kind) == expected, "seed \(seed)")
        #expect(result.verdict == .different)
    }

    @Test("finds about its share of what is planted on either side")
    func findsItsShare() async throws {
        var tables = VerifiedTables()
        var planted = PlantedItems(seed: 4)
        tables.put((0..<1_000).map { planted.item($0) }, to: tables.source)
        tables.put((5_000..<6_000).map { planted.item($0) }, to: tables.target)
        tables.options.sample = .percent(50)
        let differences = try await tables.verify().differences
        #expect((200..<800).contains(differences.values.count { $0.kind == .missing }))
        #expect((200..<800).contains(differences.values.count { $0.kind == .extra }))
    }

    @Test("chooses segments by chance, each once")
    func plan() {
        var random = SeededGenerator(seed: 9)
        let plans = (0..<20).map { _ in SamplePlan(.percent(1), itemCount: 0, using: &random) }
        for plan in plans {
            #expect(plan.totalSegments == 1_600)
            #expect(Set(plan.segments).count == 16)
            #expect(plan.segments.allSatisfy { (0..<1_600).contains($0) })
        }
        #expect(Set(plans.map(\.segments)).count == 20)
        let tiny = SamplePlan(.percent(0.0001), itemCount: 0, using: &random)
        #expect(tiny.totalSegments == 1_000_000 && tiny.segments.count == 1)
        let items = SamplePlan(.items(10), itemCount: 1_000_000, using: &random)
        #expect(items.totalSegments == 800_000 && items.segments.count == 800_000)
    }
}
