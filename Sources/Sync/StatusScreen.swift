import Terminal

/// Text that is shown again and again: in one place on a terminal, one block after the other where none is.
struct StatusScreen {
    private let console: Console
    /// What is on the terminal now, without colours.
    private var shown: String?

    init(_ console: Console) {
        self.console = console
    }

    /// Shows the text in place of the one before; whatever ends the program then leaves the last one as it is.
    ///
    /// - Throws: ``TextOutput/Failure``.
    mutating func show(_ text: String) throws {
        defer { shown = text }
        guard let shown else { return try console.write(text) }
        guard console.output.isTerminal, let columns = console.output.columns else {
            return try console.write("\n" + text)
        }
        // To the first column of the block's first row, and erase to the screen's end. What does not fit on the screen has
        // gone up for good, and the cursor stops at the top.
        try console.write("\r\u{1B}[\(Self.rows(of: shown, columns: columns))A\u{1B}[J" + text)
    }

    /// How many rows of the terminal a text takes up that ends with a line feed.
    static func rows(of text: String, columns: Int) -> Int {
        text.split(separator: "\n" as Character, omittingEmptySubsequences: false).dropLast().reduce(0) { rows, line in
            let width = plain(line).terminalWidth
            return rows + max(1, (width + max(1, columns) - 1) / max(1, columns))
        }
    }

    /// Without the sequences that set colours: ESC [ … m.
    private static func plain(_ line: Substring) -> String {
        var result = ""
        var isSequence = false
        for character in line {
            if character == "\u{1B}" { isSequence = true }
            if !isSequence { result.append(character) }
            if character == "m" { isSequence = false }
        }
        return result
    }
}
