import AWSCore
import AWSTesting
import FoundationEssentials
import Testing

@testable import SyncCore

@Suite("Comparing two tables")
struct TableVerificationTests {
    /// Items on both sides, with every change and every rewriting somewhere, and some missing and extra ones.
    ///
    /// - Returns: what must be found, by the number in the key.
    static func plant(_ tables: VerifiedTables, count: Int, seed: UInt64) -> [Int: TableDifference.Kind] {
        var planted = PlantedItems(seed: seed)
        var expected: [Int: TableDifference.Kind] = [:]
        for number in 0..<count {
            let item = planted.item(number, padding: Int.random(in: 0...300, using: &planted.random))
            var copy = item
            switch number % 40 {
            case 0..<PlantedItems.changes.count:
                PlantedItems.changes[number % 40].change(&copy)
                expected[number] = .different
            case 20..<20 + PlantedItems.rewritings.count: PlantedItems.rewritings[number % 40 - 20].change(&copy)
            case 30:
                tables.put([item], to: tables.source)
                expected[number] = .missing
                continue
            case 31:
                tables.put([item], to: tables.target)
                expected[number] = .extra
                continue
            default: break
            }
            tables.put([item], to: tables.source)
            tables.put([copy], to: tables.target)
        }
        return expected
    }

    @Test(
        "finds every planted difference and nothing else, in memory and with files, one segment or many",
        arguments: [(32 << 20, 16), (1, 1), (1, 5), (600_000, 100)]
    )
    func findsEverything(memory: Int, segments: Int) async throws {
        let seed = UInt64.random(in: 0 ... .max)
        var tables = VerifiedTables()
        tables.options.digestMemory = memory
        tables.options.segments = segments
        let expected = Self.plant(tables, count: 1_200, seed: seed)
        let (result, differences) = try await tables.verify()
        #expect(differences.mapValues(\.kind) == expected, "seed \(seed)")
        #expect(result.verdict == .different)
        #expect(result.source.items == tables.sourceTable.count && result.target.items == tables.targetTable.count)
        #expect(result.equal == 1_200 - expected.count)
        #expect(result.settled == 0 && result.changing == 0)
        for (number, difference) in differences where difference.kind == .different {
            #expect(difference.attributes == PlantedItems.changes[number % 40].attributes, "seed \(seed), \(number)")
        }
    }

    @Test("comes to the same result under throttling, cut connections and server errors")
    func faults() async throws {
        let seed = UInt64.random(in: 0 ... .max)
        var tables = VerifiedTables(
            onSource: randomFaults(seed: seed, share: 0.3),
            onTarget: randomFaults(seed: seed &+ 1, share: 0.3)
        )
        tables.options.segments = 7
        let expected = Self.plant(tables, count: 800, seed: seed)
        let (result, differences) = try await tables.verify()
        #expect(differences.mapValues(\.kind) == expected, "seed \(seed)")
        #expect(result.source.throttled + result.target.throttled > 0)
    }

    @Test("finds all when everything differs, with files", arguments: [true, false])
    func everythingDiffers(isDisjoint: Bool) async throws {
        var tables = VerifiedTables()
        tables.options.digestMemory = 1
        var planted = PlantedItems(seed: 5)
        let count = 1_500
        for number in 0..<count {
            let item = planted.item(number)
            tables.put([item], to: tables.source)
            tables.put([planted.item(isDisjoint ? number + count : number)], to: tables.target)
        }
        let (result, differences) = try await tables.verify()
        #expect(differences.count == (isDisjoint ? 2 * count : count))
        #expect(result.equal == 0)
        #expect(
            result.differences == (isDisjoint ? [.missing: count, .extra: count] : [.different: count])
        )
    }

    @Test("calls empty tables equal, and finds the one item of a table whose other side is empty")
    func empty() async throws {
        let tables = VerifiedTables()
        let (result, differences) = try await tables.verify()
        #expect(result.verdict == .equal && result.equal == 0 && differences.isEmpty)
        var planted = PlantedItems(seed: 1)
        tables.put([planted.item(0)], to: tables.target)
        #expect(try await tables.verify().differences.mapValues(\.kind) == [0: .extra])
    }

    @Test("compares items of 400 KB")
    func hugeItem() async throws {
        let tables = VerifiedTables(pageBytes: 1 << 20)
        var planted = PlantedItems(seed: 1)
        let items = (0..<8).map { planted.item($0, padding: 380 << 10) }
        tables.put(items, to: tables.source, tables.target)
        #expect(try await tables.verify().result.verdict == .equal)
        var changed = items[3]
        let text = changed["padding"]?["S"]?.string ?? ""
        changed["padding"] = ["S": .string(text.dropLast() + "y")]
        tables.put([changed], to: tables.target)
        let differences = try await tables.verify().differences
        #expect(differences.mapValues(\.attributes) == [3: ["padding"]])
    }

    @Test("never says equal when a part cannot be read")
    func unreadable() async throws {
        let tables = VerifiedTables(onTarget: { call in
            call.operation == "Scan" && call.input["Segment"]?.integer == 11
                ? .error(code: "AccessDeniedException", message: "not authorized") : nil
        })
        let error = await #expect(throws: AWSError.self) { _ = try await tables.verify() }
        #expect(error?.code == "AccessDeniedException")
    }

    @Test("gives up with the side's name when it is throttled without end")
    func stalled() async throws {
        let tables = VerifiedTables(onTarget: { $0.operation == "Scan" ? .throttled : nil })
        let clock = ManualClock()
        let start = (clock.now, ContinuousClock.now)
        let (source, target) = (try tables.side(tables.source), try tables.side(tables.target))
        let verification = TableVerification(
            source: source,
            target: target,
            options: tables.options,
            clock: SyncClock(
                now: { start.1 + .seconds(clock.now.timeIntervalSince(start.0)) },
                sleep: { try await clock.sleep(for: $0) }
            )
        )
        let copy = try await CopyTables(source: source, target: target)
        let error = await #expect(throws: VerificationError.self) {
            _ = try await verification.run(copy) { _ in }
        }
        #expect("\(try #require(error))".hasPrefix("the target Orders has not answered for 60"))
    }

    @Test("says nothing about the tables when not every item that was read was compared", arguments: [0, 1, -1])
    func ledger(unaccounted: Int) throws {
        let tables = VerifiedTables()
        let space = TemporarySpace(directory: tables.options.temporaryDirectory)
        let store = DigestStore(capacity: 1 << 16, space: space)
        let text = Array("k".utf8)
        let page = DigestStore.Page(entries: [.init(key: 1, item: 2, keyEnd: text.count)], keyTexts: text)
        try store.insert(page, side: .source)
        var result = TableVerificationResult()
        result.source.items = 1 + unaccounted
        let verification = TableVerification(
            source: try tables.side(tables.source),
            target: try tables.side(tables.target)
        )
        guard unaccounted != 0 else {
            #expect(try verification.takeSuspects(from: store, space, &result).count == 1)
            return
        }
        #expect(throws: VerificationError.unbalanced("\(1 + unaccounted) items were read and 1 compared")) {
            _ = try verification.takeSuspects(from: store, space, &result).count
        }
    }
}
