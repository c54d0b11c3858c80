import AWSTesting
import Terminal
import Testing

@Suite("Text for terminals")
struct TerminalTextTests {
    @Test(
        "Widths are those of terminals",
        arguments: [
            ("", 0), ("abc", 3), ("é", 1), ("e\u{301}", 1), ("日本語", 6), ("ｶﾅ", 2), ("Ａ", 2), ("한국", 4), ("👍", 2),
            ("👩‍👩‍👧", 2), ("🇩🇪", 2), ("❤", 1), ("❤\u{FE0F}", 2), ("✅", 2), ("…", 1), ("a\u{200B}b", 2), ("ü日👍x", 6),
            ("𠀀", 2), ("→", 1), ("\u{AD}", 0),
        ]
    )
    func widths(text: String, width: Int) {
        #expect(text.terminalWidth == width)
    }

    @Test(
        "What would steer the terminal is shown instead",
        arguments: [
            ("plain ü", "plain ü"), ("\u{1B}[31mred", "\\u{1b}[31mred"), ("a\nb\r\tc", "a\\nb\\r\\tc"),
            ("\u{9B}2J", "\\u{9b}2J"), ("\u{7F}", "\\u{7f}"), ("\u{202E}cod.exe", "\\u{202e}cod.exe"),
            ("a\r\nb", "a\\r\\nb"),
        ]
    )
    func escapes(text: String, expected: String) {
        #expect(text.escapedForTerminal == expected)
    }

    @Test("Whatever comes in, no control character comes out")
    func randomEscapes() {
        let seed = UInt64.random(in: .min ... .max)
        var random = SeededGenerator(seed: seed)
        for _ in 0..<2_000 {
            let scalars = (0..<20).compactMap { _ in Unicode.Scalar(UInt32.random(in: 0...0x3000, using: &random)) }
            let escaped = String(String.UnicodeScalarView(scalars)).escapedForTerminal
            let controls = escaped.unicodeScalars.filter { $0.properties.generalCategory == .control }
            #expect(controls.isEmpty, "seed \(seed)")
            #expect(escaped.escapedForTerminal == escaped, "seed \(seed)")
        }
    }

    @Test(
        "Text is cut at whole characters, with a mark",
        arguments: [
            ("abcdef", 6, "abcdef"), ("abcdef", 5, "abcd…"), ("日本語", 5, "日本…"), ("日本語", 4, "日…"), ("abc", 1, "…"),
            ("abc", 0, ""),
        ]
    )
    func truncation(text: String, columns: Int, expected: String) {
        #expect(text.truncated(toColumns: columns) == expected)
        #expect(text.truncated(toColumns: columns).terminalWidth <= columns)
    }

    @Test("Colours only go to terminals of people who want them")
    func styles() {
        let enabled = Styler(isTerminal: true, environment: ["NO_COLOR": ""], noColor: false)
        #expect(enabled.apply(.bad, to: "x") == "\u{1B}[31mx\u{1B}[0m")
        #expect(enabled.apply(.plain, to: "x") == "x")
        let disabled = [
            Styler(isTerminal: false, environment: [:], noColor: false),
            Styler(isTerminal: true, environment: [:], noColor: true),
            Styler(isTerminal: true, environment: ["NO_COLOR": "1"], noColor: false),
            Styler(isTerminal: true, environment: ["TERM": "dumb"], noColor: false),
        ]
        for styler in disabled { #expect(styler.apply(.bad, to: "x") == "x") }
    }
}

@Suite("Tables")
struct TextTableTests {
    private func table() -> TextTable {
        var table = TextTable([.init("TABLE"), .init("ITEMS", .trailing), .init("STATUS")])
        table.add(["Orders", "1,234", .init("COMPLETED", .good)])
        table.add(["注文", "5", ""])
        table.add([.init("a\u{1B}[2J\nb"), "77"])
        return table
    }

    @Test("Columns are aligned by what the terminal shows, without blanks at the ends of lines")
    func plain() {
        #expect(
            table().rendered() == """
                TABLE          ITEMS  STATUS
                Orders         1,234  COMPLETED
                注文               5
                a\\u{1b}[2J\\nb     77

                """
        )
    }

    @Test("Colours do not move columns")
    func coloured() {
        let coloured = table().rendered(Styler(isEnabled: true))
        #expect(coloured.contains("1,234  \u{1B}[32mCOMPLETED\u{1B}[0m\n"))
        #expect(coloured.contains("\u{1B}[1mTABLE\u{1B}[0m          \u{1B}[1mITEMS"))
    }

    @Test("Missing cells are empty and cells too many are left out")
    func unevenRows() {
        var table = TextTable([.init("A"), .init("B")])
        #expect(table.isEmpty)
        table.add(["1"])
        table.add(["1", "2", "3"])
        #expect(!table.isEmpty)
        #expect(table.rendered() == "A  B\n1\n1  2\n")
    }
}
