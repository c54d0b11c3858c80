import SyncCore
import Testing

@Suite("The filters of keys")
struct KeyFilterTests {
    @Test(
        "match as Python's fnmatch does",
        arguments: [
            ("*", "", true), ("*", "a/b", true), ("a*", "ba", false), ("*.gz", "x/y.gz", true),
            ("*.gz", "x.gz2", false),
            ("?", "é", true), ("?", "e\u{301}", false), ("??", "e\u{301}", true), ("[abc]", "b", true),
            ("[a-c]", "d", false),
            ("[!a-c]", "d", true), ("[!a-c]", "b", false), ("[]]", "]", true), ("[!]]", "]", false), ("[", "[", true),
            ("[a", "[a", true), ("a[b", "a[b", true), ("[c-a]", "b", false), ("[a-]", "-", true), ("[é]", "é", true),
            ("a*b*c", "aXbYbZc", true), ("a*b*c", "aXbYbZ", false), ("**", "x", true), ("", "", true), ("", "a", false),
            ("a?c", "a/c", true), ("\\*", "\\x", true), (".*", "a", false), ("A", "a", false),
        ] as [(String, String, Bool)]
    )
    func patterns(pattern: String, key: String, matches: Bool) {
        #expect(KeyFilter([.exclude(pattern)]).includes(key) == !matches)
    }

    @Test("count the last pattern that matches")
    func order() {
        let some = KeyFilter([.exclude("*"), .include("*.txt"), .exclude("tmp/*")])
        #expect(some.includes("a.txt"))
        #expect(!some.includes("a.jpg"))
        #expect(!some.includes("tmp/a.txt"))
        #expect(!KeyFilter([.include("*.txt"), .exclude("*")]).includes("a.txt"))
        #expect(KeyFilter().includes("anything"))
    }

    @Test("take no time that explodes")
    func hostile() {
        let key = String(repeating: "a", count: 1000)
        #expect(KeyFilter([.exclude(String(repeating: "*a", count: 100) + "b")]).includes(key))
    }
}
