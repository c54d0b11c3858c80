import Testing

@testable import AWSCore

@Suite("Shell words")
struct ShellWordsTests {
    @Test(
        "Words are split as a shell does",
        arguments: [
            ("", []),
            ("  a\tb \n c ", ["a", "b", "c"]),
            ("'a b' \"c d\"e", ["a b", "c de"]),
            ("\"\" ''", ["", ""]),
            (#"a\ b \'"#, ["a b", "'"]),
            (#""a\"b\\c\d$e""#, [#"a"b\c\d$e"#]),
            (#"'a\b'"#, [#"a\b"#]),
            ("a#b ; | > c", ["a#b", ";", "|", ">", "c"]),
        ] as [(String, [String])]
    )
    func words(text: String, expected: [String]) throws {
        #expect(try ShellWords.split(text) == expected)
    }

    @Test("What is not closed is an error", arguments: ["'a", "\"a", "a\\", "\"a\\"])
    func unbalanced(text: String) {
        #expect(throws: ShellWords.Unbalanced.self) { try ShellWords.split(text) }
    }
}
