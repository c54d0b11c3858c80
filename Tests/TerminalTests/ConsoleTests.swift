import AWSCore
import AWSTesting
import Logging
import Terminal
import Testing

import struct FoundationEssentials.Date

@Suite("Progress line")
struct ProgressLineTests {
    private let recorded = RecordedOutput()
    private let clock = ManualClock()

    private func line(isTerminal: Bool = true, columns: Int? = 40, isEnabled: Bool = true) -> ProgressLine {
        ProgressLine(
            output: recorded.output(isTerminal: isTerminal, columns: columns),
            isEnabled: isEnabled,
            now: { [clock] in clock.now }
        )
    }

    @Test("It is drawn over itself, not more often than its interval")
    func rate() {
        let line = line()
        line.update("1")
        line.update("2")
        clock.advance(by: .milliseconds(99))
        line.update("3")
        clock.advance(by: .milliseconds(1))
        line.update("4")
        line.clear()
        #expect(recorded.text == "\r\u{1B}[2K1\r\u{1B}[2K4\r\u{1B}[2K")
    }

    @Test("A clock that is set back does not silence it")
    func clockSetBack() {
        let line = line()
        line.update("1")
        clock.advance(by: .seconds(-3_600))
        line.update("2")
        #expect(recorded.text.hasSuffix("2"))
    }

    @Test("It never fills the last column and never steers the terminal")
    func width() {
        let line = line(columns: 8)
        line.update("12345678")
        #expect(recorded.text == "\r\u{1B}[2K123456…")
        clock.advance(by: .seconds(1))
        line.update("\u{1B}c")
        #expect(recorded.text.hasSuffix("\r\u{1B}[2K\\u{1b}c"))
    }

    @Test("Other output takes its place and gives it back; clearing twice writes nothing twice")
    func interruption() {
        let line = line()
        line.interrupted {}
        #expect(recorded.text.isEmpty)
        line.update("50 %")
        line.interrupted {}
        line.clear()
        line.clear()
        #expect(recorded.text == "\r\u{1B}[2K50 %\r\u{1B}[2K\r\u{1B}[2K50 %\r\u{1B}[2K")
    }

    @Test("Without a terminal, or when it is not wanted, nothing is written or even put together")
    func disabled() {
        for line in [line(isTerminal: false), line(isEnabled: false)] {
            line.update(
                { () -> String in
                    Issue.record("the text was asked for")
                    return "x"
                }()
            )
            line.clear()
        }
        #expect(recorded.text.isEmpty)
    }
}

@Suite("Console")
struct ConsoleTests {
    private let output = RecordedOutput()
    private let errors = RecordedOutput()

    private func console(isTerminal: Bool = false, isQuiet: Bool = false, failure: Int32? = nil) -> Console {
        Console(
            output: output.output(isTerminal: isTerminal, failure: failure),
            errors: errors.output(isTerminal: isTerminal),
            isQuiet: isQuiet,
            environment: ["TERM": "xterm"]
        )
    }

    @Test("Results go to standard output, notes and warnings to standard error; quiet leaves out the notes")
    func streams() throws {
        for isQuiet in [false, true] {
            let console = console(isQuiet: isQuiet)
            try console.print("result")
            console.note("note\u{1B}")
            console.warn("careful")
        }
        #expect(output.text == "result\nresult\n")
        #expect(errors.text == "note\\u{1b}\nwarning: careful\nwarning: careful\n")
    }

    @Test("A result takes the progress line away first and puts it back")
    func progress() throws {
        let console = console(isTerminal: true)
        console.progress.update("50 %")
        try console.print("result")
        #expect(errors.text == "\r\u{1B}[2K50 %\r\u{1B}[2K\r\u{1B}[2K50 %")
        #expect(output.text == "result\n")
    }

    @Test("A result that cannot be written is an error")
    func failure() {
        #expect(throws: TextOutput.Failure(code: 28)) { try console(failure: 28).print("x") }
        #expect("\(TextOutput.Failure(code: 28))" == "the output cannot be written: No space left on device")
    }

    @Test("JSON has sorted keys, plain slashes and ISO dates")
    func json() throws {
        struct Value: Encodable {
            var zeta = 1
            var alpha = "a/b\u{1B}"
            var date = Date(timeIntervalSince1970: 1_795_226_407)
            var missing: String?
            var empty: [Int] = []
        }
        let console = console()
        try console.printJSON(Value())
        try console.printJSON(Value(), .line)
        try console.printJSON(.object(["b": .number(JSONNumber(1)), "a": .array([.null])]), .line)
        #expect(
            output.text == """
                {
                  "alpha": "a/b\\u001b",
                  "date": "2026-11-21T02:00:07Z",
                  "empty": [],
                  "zeta": 1
                }
                {"alpha":"a/b\\u001b","date":"2026-11-21T02:00:07Z","empty":[],"zeta":1}
                {"a":[null],"b":1}

                """
        )
    }

    @Test("Log lines are one line, with their metadata, and filtered by level")
    func logs() {
        let clock = ManualClock()
        let console = console()
        var logger = Logger(label: "aws") { _ in
            VerboseLogHandler(console: console, logLevel: .debug) { clock.now }
        }
        logger[metadataKey: "service"] = "S3"
        logger.debug("PutObject\n200", metadata: ["requestID": "R1"])
        logger.trace("not this")
        #expect(errors.text == "02:00:07.000 debug PutObject\\n200 requestID=R1 service=S3\n")
    }
}
