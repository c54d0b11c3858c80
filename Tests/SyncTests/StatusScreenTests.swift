import Synchronization
import Terminal
import Testing

@testable import Sync

@Suite("What is shown again and again")
struct StatusScreenTests {
    /// What a console writes.
    private final class Written: Sendable {
        let text = Mutex("")

        func console(isTerminal: Bool) -> Console {
            let output = TextOutput(isTerminal: isTerminal, columns: { isTerminal ? 20 : nil }) { bytes in
                self.text.withLock { $0 += String(decoding: bytes, as: UTF8.self) }
            }
            return Console(output: output, errors: output, isQuiet: true, environment: ["TERM": "xterm"])
        }
    }

    @Test("stands in one place on a terminal, however its lines are broken there")
    func terminal() throws {
        let written = Written()
        var screen = StatusScreen(written.console(isTerminal: true))
        // Three rows: one, one that is empty, and 21 columns of which some are colours.
        try screen.show("first\n\n\u{1B}[31m" + String(repeating: "x", count: 20) + "\u{1B}[0m\n")
        try screen.show("second\n")
        try screen.show("third\n")
        let text = written.text.withLock { $0 }
        #expect(text.hasSuffix("\r\u{1B}[3A\u{1B}[Jsecond\n\r\u{1B}[1A\u{1B}[Jthird\n"), "\(text)")
    }

    @Test("comes one after the other where no terminal is, without a sequence of control characters")
    func pipe() throws {
        let written = Written()
        var screen = StatusScreen(written.console(isTerminal: false))
        try screen.show("first\n")
        try screen.show("second\n")
        #expect(written.text.withLock { $0 } == "first\n\nsecond\n")
    }

    @Test("Rows are counted as a terminal breaks lines")
    func rows() {
        #expect(StatusScreen.rows(of: "a\n", columns: 10) == 1)
        #expect(StatusScreen.rows(of: "\n\n", columns: 10) == 2)
        #expect(StatusScreen.rows(of: String(repeating: "a", count: 10) + "\n", columns: 10) == 1)
        #expect(StatusScreen.rows(of: String(repeating: "a", count: 11) + "\n", columns: 10) == 2)
        // Wide characters take two columns.
        #expect(StatusScreen.rows(of: String(repeating: "表", count: 6) + "\n", columns: 10) == 2)
    }
}
