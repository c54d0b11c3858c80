import AWSTesting

/// Keys that somebody has got wrong before.
enum AwkwardKeys {
    static let fixed = [
        "a", "a ", " a", "a+b", "a b", "a%20b", "a&b<c>\"d'", "a/b", "a-b", "a.b", "a//b", "a/", "/a", "//", "..",
        "../a",
        "./a", "a/../b", "\u{7F}", "tab\t", "new\nline", "return\rhere", "\u{1}", "e\u{301}", "\u{E9}", "ss", "ß", "Ω",
        "\u{2126}",
        "\u{1F600}", "\u{FFFD}", "\u{FFFF}", "\u{10FFFF}", "\u{E000}", "\u{D7FF}", "~", "*", "?x=1", "#", "a;b", "a:b",
        "a=b", "$",
        "한", "\u{1112}\u{1161}\u{11AB}", "\u{202E}abc", "x\u{0}y",
    ]

    /// Different keys, many of them beside each other, some of them deep down.
    static func random(_ count: Int, using random: inout SeededGenerator) -> [String] {
        var keys: Set<[UInt8]> = []
        var result: [String] = []
        func add(_ key: String) {
            let key = String(decoding: Array(key.utf8).prefix(900), as: UTF8.self)
            if !key.isEmpty, keys.insert(Array(key.utf8)).inserted { result.append(key) }
        }
        let alphabet = Array("abcXYZ019 -_./+%é한\u{1F600}\u{301}~!".unicodeScalars)
        for key in fixed where Bool.random(using: &random) { add(key) }
        while result.count < count {
            switch Int.random(in: 0..<4, using: &random) {
            case 0: add("logs/2026/\(1_000_000 + Int.random(in: 0..<count * 2, using: &random))")
            case 1: add("\(UInt32.random(in: .min ... .max, using: &random))")
            case 2:
                var key = String.UnicodeScalarView()
                for _ in 0..<Int.random(in: 1...8, using: &random) {
                    if let scalar = alphabet.randomElement(using: &random) { key.append(scalar) }
                }
                add(String(key))
            default:
                add(
                    "deep/" + String(repeating: "x/", count: Int.random(in: 1...30, using: &random)) + "\(result.count)"
                )
            }
        }
        return result
    }

    static func bytes(_ count: Int, using random: inout SeededGenerator) -> [UInt8] {
        (0..<count).map { _ in UInt8.random(in: .min ... .max, using: &random) }
    }
}

/// A seed to be printed, other than the last one.
func newSeed() -> UInt64 { UInt64.random(in: .min ... .max) }
