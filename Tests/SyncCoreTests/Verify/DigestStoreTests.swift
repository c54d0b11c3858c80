import AWSTesting
import FoundationEssentials
import Testing

@testable import SyncCore

@Suite("The digests of both sides' items")
struct DigestStoreTests {
    /// One key on both sides, as digests.
    struct Pair {
        var key: UInt128
        var text: [UInt8]
        var source: UInt128?
        var target: UInt128?
    }

    /// Random pairs: `share` of them differ, in each of the three ways.
    static func pairs(_ count: Int, differing share: Double, _ random: inout SeededGenerator) -> [Pair] {
        (0..<count).map { number in
            let item = UInt128.random(in: 0 ... .max, using: &random)
            var pair = Pair(
                key: UInt128.random(in: 0 ... .max, using: &random),
                text: Array("{\"pk\":{\"S\":\"\(number)\"}}".utf8)
                    + [UInt8](repeating: 0x20, count: Int.random(in: 0...80, using: &random)),
                source: item,
                target: item
            )
            guard Double.random(in: 0..<1, using: &random) < share else { return pair }
            switch Int.random(in: 0..<3, using: &random) {
            case 0: pair.source = nil
            case 1: pair.target = nil
            default: pair.target = item ^ (1 << UInt128.random(in: 0..<128, using: &random))
            }
            return pair
        }
    }

    /// Inserts the pairs in pages of random size, the sides in turn or one after the other.
    static func fill(
        _ store: DigestStore,
        _ pairs: [Pair],
        isAligned: Bool,
        _ random: inout SeededGenerator
    ) throws {
        typealias Half = (pair: Pair, side: DigestRecord.Sides)
        let sources = pairs.filter { $0.source != nil }.map { Half($0, .source) }
        let targets = pairs.filter { $0.target != nil }.map { Half($0, .target) }
        let halves: [Half]
        if isAligned {
            halves = pairs.flatMap { pair in
                (pair.source == nil ? [] : [Half(pair, .source)]) + (pair.target == nil ? [] : [Half(pair, .target)])
            }
        } else {
            halves = sources.shuffled(using: &random) + targets.shuffled(using: &random)
        }
        var start = 0
        while start < halves.count {
            let end = min(halves.count, start + Int.random(in: 1...500, using: &random))
            for side in [DigestRecord.Sides.source, .target] {
                var page = DigestStore.Page()
                for half in halves[start..<end] where half.side == side {
                    page.keyTexts += half.pair.text
                    page.entries.append(
                        .init(
                            key: half.pair.key,
                            item: (side == .source ? half.pair.source : half.pair.target) ?? 0,
                            keyEnd: page.keyTexts.count
                        )
                    )
                }
                try store.insert(page, side: side)
            }
            start = end
        }
    }

    /// What is left over: the key's text and the sides.
    static func leftovers(_ store: DigestStore) throws -> [[UInt8]: DigestRecord.Sides] {
        var found: [[UInt8]: DigestRecord.Sides] = [:]
        try store.finish { record in
            #expect(found[Array(record.keyText)] == nil, "a key was given twice")
            found[Array(record.keyText)] = record.sides
        }
        return found
    }

    static func expected(_ pairs: [Pair]) -> [[UInt8]: DigestRecord.Sides] {
        var expected: [[UInt8]: DigestRecord.Sides] = [:]
        for pair in pairs where pair.source != pair.target {
            expected[pair.text] =
                pair.source == nil ? .target : pair.target == nil ? .source : [.source, .target, .different]
        }
        return expected
    }

    static var space: TemporarySpace { TemporarySpace(directory: FileManager.default.temporaryDirectory.path) }

    @Test(
        "give exactly the planted differences, in memory and from files, in whatever order they come",
        arguments: [
            // Of one shard one eighth: in memory; compacted; spilled once; spilled often, and parts of parts.
            (8 << 20, true), (8 << 20, false), (600_000, true), (600_000, false), (1, true), (1, false),
        ]
    )
    func findsAll(capacity: Int, isAligned: Bool) throws {
        for share in [0.0, 0.01, 0.5, 1.0] {
            let seed = UInt64.random(in: 0 ... .max)
            var random = SeededGenerator(seed: seed)
            let pairs = Self.pairs(30_000, differing: share, &random)
            let store = DigestStore(capacity: capacity, space: Self.space)
            try Self.fill(store, pairs, isAligned: isAligned, &random)
            #expect(try Self.leftovers(store) == Self.expected(pairs), "seed \(seed)")
            #expect(store.matches == pairs.count { $0.source != nil && $0.source == $0.target }, "seed \(seed)")
        }
    }

    @Test("never write a byte while both sides come in the same order")
    func staysInMemory() throws {
        var random = SeededGenerator(seed: 1)
        let space = Self.space
        let store = DigestStore(capacity: 1, space: space)
        try Self.fill(store, Self.pairs(100_000, differing: 0.001, &random), isAligned: true, &random)
        _ = try Self.leftovers(store)
        #expect(space.bytesWritten == 0)
    }

    @Test("divide a part that does not fit by further bits")
    func recursion() throws {
        let seed = UInt64.random(in: 0 ... .max)
        var random = SeededGenerator(seed: seed)
        // All keys share their first nine bits: one shard and one part of it get everything.
        let pairs = Self.pairs(20_000, differing: 0.3, &random).map { pair in
            var pair = pair
            pair.key >>= 9
            return pair
        }
        let space = Self.space
        let store = DigestStore(capacity: 1, space: space)
        try Self.fill(store, pairs, isAligned: false, &random)
        let before = space.bytesWritten
        #expect(before > 0)
        #expect(try Self.leftovers(store) == Self.expected(pairs), "seed \(seed)")
        #expect(space.bytesWritten > before + 100_000, "the part was not divided")
    }

    @Test("tell items apart by every single bit of both digests")
    func everyBitCounts() throws {
        let store = DigestStore(capacity: 1 << 20, space: Self.space)
        var random = SeededGenerator(seed: 2)
        let key = UInt128.random(in: 0 ... .max, using: &random)
        var pairs: [Pair] = []
        for bit in 0..<128 {
            let mask = UInt128(1) << UInt128(bit)
            pairs.append(Pair(key: key ^ mask, text: Array("key \(bit)".utf8), source: 7, target: nil))
            let other = key &+ UInt128(bit) &* 1_000_003 &+ 5
            pairs.append(Pair(key: other, text: Array("item \(bit)".utf8), source: 9, target: 9 ^ mask))
        }
        try Self.fill(store, pairs, isAligned: false, &random)
        #expect(try Self.leftovers(store) == Self.expected(pairs))
    }

    @Test("take an item that one side gives twice for one, and report it when both do not agree")
    func duplicates() throws {
        let store = DigestStore(capacity: 1 << 20, space: Self.space)
        func add(_ key: UInt128, _ item: UInt128, _ side: DigestRecord.Sides) throws {
            let text = Array("\(key)".utf8)
            try store.insert(
                DigestStore.Page(entries: [.init(key: key, item: item, keyEnd: text.count)], keyTexts: text),
                side: side
            )
        }
        for (key, item, side): (UInt128, UInt128, DigestRecord.Sides) in [
            (1, 1, .source), (1, 1, .source), (1, 1, .target),
            (2, 1, .source), (2, 2, .source), (2, 1, .target),
            (3, 1, .target), (3, 1, .target),
        ] { try add(key, item, side) }
        let expected: [[UInt8]: DigestRecord.Sides] = [
            Array("2".utf8): [.source, .target, .different], Array("3".utf8): .target,
        ]
        #expect(try Self.leftovers(store) == expected)
    }

    @Test("take keys as long as DynamoDB allows, and longer")
    func longKeys() throws {
        let store = DigestStore(capacity: 1, space: Self.space)
        var random = SeededGenerator(seed: 3)
        let pairs = (0..<200).map { number in
            Pair(
                key: UInt128.random(in: 0 ... .max, using: &random),
                text: Array("\(number)".utf8)
                    + [UInt8](repeating: 0x61, count: DigestRecord.maximumKeyLength - 3),
                source: 1,
                target: number % 2 == 0 ? 1 : 2
            )
        }
        try Self.fill(store, pairs, isAligned: false, &random)
        #expect(try Self.leftovers(store) == Self.expected(pairs))
    }

    @Test("end with one line when the disk is full, and say where")
    func diskFull() throws {
        var random = SeededGenerator(seed: 4)
        let directory = FileManager.default.temporaryDirectory.path
        let store = DigestStore(capacity: 1, space: TemporarySpace(directory: directory, limit: 100_000))
        let pairs = Self.pairs(50_000, differing: 1, &random)
        let failure = #expect(throws: TemporarySpace.Failure.self) {
            try Self.fill(store, pairs, isAligned: false, &random)
        }
        #expect(failure?.isDiskFull == true)
        let text = "\(try #require(failure))"
        #expect(text.contains("do not fit in \(directory): No space left on device"))
        #expect(text.contains("another directory"))
        #expect(!text.contains("\n"))
    }
}
