import AWSTesting
import SyncCore
import Testing

@Suite("A cut through a range of keys")
struct KeySplitTests {
    private func point(_ lower: String, _ upper: String?, _ sample: String) -> String? {
        KeySplit.point(after: lower.utf8, upTo: upper?.utf8, sample: sample.utf8).map {
            String(decoding: $0, as: UTF8.self)
        }
    }

    @Test("lies behind the first key and before the last, and is UTF-8, whatever the keys are")
    func isBetween() {
        let seed = newSeed()
        print("seed \(seed)")
        var random = SeededGenerator(seed: seed)
        for _ in 0..<200 {
            let keys = AwkwardKeys.random(40, using: &random).map { Array($0.utf8) }.sorted {
                $0.lexicographicallyPrecedes($1)
            }
            let lower = Int.random(in: 0..<keys.count - 1, using: &random)
            let upper = Int.random(in: lower + 1...keys.count, using: &random)
            let end = upper < keys.count ? keys[upper] : nil
            guard let cut = KeySplit.point(after: keys[lower], upTo: end, sample: keys[lower / 2]) else { continue }
            #expect(keys[lower].lexicographicallyPrecedes(cut))
            if let end { #expect(cut.lexicographicallyPrecedes(end)) }
            #expect(String(validating: cut, as: UTF8.self) != nil)
        }
    }

    @Test("finds in few steps where keys differ that have a long prefix in common")
    func prefix() {
        // Keys obj-000000 to obj-099999: cut again and again at the bottom, keeping the half that has keys.
        let prefix = "a/rather/long/prefix/that/all/keys/share/obj-"
        func key(_ number: Int) -> String { prefix + String("\(1_000_000 + number)".dropFirst()) }
        var upper: String?
        var steps = 0
        while steps < 100 {
            steps += 1
            guard let cut = point(key(999), upper, key(0)) else { break }
            if cut < key(99_999), cut > key(1_000) { break }
            upper = cut
        }
        #expect(steps <= 12, "\(steps)")
    }

    @Test("does not exist where there is no room")
    func none() {
        #expect(point("a", "a\u{0}", "a") == nil)
        #expect(point("a", "a", "a") == nil)
        #expect(point("\u{10FFFF}", "\u{10FFFF}\u{0}", "\u{10FFFF}") == nil)
    }
}
