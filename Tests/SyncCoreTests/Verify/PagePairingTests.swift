import AWSCore
import AWSTesting
import Testing

@testable import SyncCore

@Suite("Pairing items of two pages")
struct PagePairingTests {
    /// Items by number and version.
    private struct Item: Hashable {
        var number: Int
        var version = 0

        var text: String {
            let padding = String(repeating: "x", count: number * 7_919 % 60)
            let key = #""pk":{"S":"p\#(number % 7)"},"sk":{"N":"\#(number)"}"#
            return #"{\#(key),"v":{"N":"\#(version)"},"t":{"S":"\#(padding)"}}"#
        }
    }

    private static func pages(_ items: [Item], _ sizes: () -> Int) throws -> [ItemPage] {
        var pages: [ItemPage] = []
        var rest = items[...]
        while !rest.isEmpty {
            let part = rest.prefix(sizes())
            rest = rest.dropFirst(part.count)
            pages.append(
                try ItemPage(parsing: Array("{\"Items\":[\(part.map(\.text).joined(separator: ","))]}".utf8))
            )
        }
        return pages
    }

    /// What was paired and what was left, by text.
    private struct Found {
        var pairs: [String] = []
        var source: [String] = []
        var target: [String] = []
    }

    private static func texts(_ page: ItemPage, _ items: [Range<Int>]) -> [String] {
        items.flatMap { $0.map { String(decoding: page[$0], as: UTF8.self) } }
    }

    /// Goes through pages as a segment's reading does.
    private static func pair(_ source: [ItemPage], _ target: [ItemPage]) -> Found {
        var found = Found()
        var pairing = PagePairing()
        var (left, right) = (source[...], target[...])
        var (one, other): (PageCursor?, PageCursor?)
        while true {
            if one?.isAtEnd != false { one = left.popFirst().map { PageCursor($0) } }
            if other?.isAtEnd != false { other = right.popFirst().map { PageCursor($0) } }
            guard var first = one, var second = other else { break }
            let outcome = pairing.pair(&first, &second)
            #expect(first.isAtEnd || second.isAtEnd)
            (one, other) = (first, second)
            found.pairs += texts(first.page, outcome.pairs)
            found.source += texts(first.page, outcome.sourceLeft)
            found.target += texts(second.page, outcome.targetLeft)
        }
        if let one { found.source += texts(one.page, [one.next..<one.page.count]) }
        if let other { found.target += texts(other.page, [other.next..<other.page.count]) }
        for page in left { found.source += texts(page, [0..<page.count]) }
        for page in right { found.target += texts(page, [0..<page.count]) }
        return found
    }

    /// Every item comes up once, and pairs are of items that both sides have.
    private static func check(_ found: Found, _ source: [Item], _ target: [Item], _ comment: Comment) {
        #expect((found.pairs + found.source).sorted() == source.map(\.text).sorted(), comment)
        #expect((found.pairs + found.target).sorted() == target.map(\.text).sorted(), comment)
    }

    @Test("every item is paired or left, once, whatever the orders, the pages and the differences are")
    func complete() throws {
        let seed = UInt64.random(in: 0 ... .max)
        var random = SeededGenerator(seed: seed)
        for round in 0..<150 {
            let source = (0..<Int.random(in: 0...300, using: &random)).map { Item(number: $0) }
            var target = source
            for _ in 0..<Int.random(in: 0...6, using: &random) where !target.isEmpty {
                let place = Int.random(in: 0..<target.count, using: &random)
                let end = min(target.count, place + Int.random(in: 1...40, using: &random))
                switch Int.random(in: 0...4, using: &random) {
                case 0: target.removeSubrange(place..<end)
                case 1: target.insert(contentsOf: (place..<end).map { Item(number: 1_000 + $0) }, at: place)
                case 2: for changed in place..<end { target[changed].version += 1 }
                case 3: target[place..<end].reverse()
                default: target.append(target[place])
                }
            }
            if round % 10 == 0 { target.shuffle(using: &random) }
            let found = Self.pair(
                try Self.pages(source) { Int.random(in: 1...50, using: &random) },
                try Self.pages(target) { Int.random(in: 1...50, using: &random) }
            )
            Self.check(found, source, target, "seed \(seed), round \(round)")
        }
    }

    @Test(
        "equal items all pair off in the same order, wherever pages end",
        arguments: [(100, 100), (100, 37), (7, 250)]
    )
    func sameOrder(sourceSize: Int, targetSize: Int) throws {
        let items = (0..<1_000).map { Item(number: $0) }
        let found = Self.pair(try Self.pages(items) { sourceSize }, try Self.pages(items) { targetSize })
        #expect(found.pairs == items.map(\.text))
        #expect(found.source.isEmpty && found.target.isEmpty)
    }

    @Test("few differences leave few items but themselves, single ones and whole stretches, at the end of a page too")
    func differences() throws {
        let seed = UInt64.random(in: 0 ... .max)
        var random = SeededGenerator(seed: seed)
        let source = (0..<4_000).map { Item(number: $0) }
        var target = source
        for number in stride(from: 99, to: 4_000, by: 100) { target[number].version = 1 }
        target.removeSubrange(3_000..<3_080)
        target.insert(contentsOf: (0..<70).map { Item(number: 9_000 + $0) }, at: 1_500)
        target.remove(at: 700)
        let found = Self.pair(
            try Self.pages(source) { 200 },
            try Self.pages(target) { Int.random(in: 150...250, using: &random) }
        )
        Self.check(found, source, target, "seed \(seed)")
        let equal = Set(source).intersection(target).count
        // A stretch that goes over the end of a page may leave what is in the other page beside it.
        #expect(found.pairs.count > equal - 500, "seed \(seed): \(found.pairs.count) of \(equal)")
        #expect(found.pairs.count <= equal)
    }
}
