import AWSTesting
import Testing

@Suite("On a terminal")
struct TerminalOutputTests {
    private let gate = Gate()

    @Test("Progress and colours are shown on a terminal, and the progress line is gone in the end")
    func progress() async throws {
        let gate = self.gate
        let aws = FakeAWS(["DescribeRule": { _ in .response(200, body: "{\"Name\":\"r\"}").after(gate) }])
        let child = try CommandRun(aws).start(["monitor"], outlet: .terminal(columns: 100))
        try await child.waitForText("Reading the state of 1 table")
        gate.admit()
        let output = try await child.output()
        #expect(output.exitCode == 0)
        #expect(output.standardOutput.contains("\u{1B}[32mHEALTHY"))
        let lastErasure = try #require(output.standardOutput.ranges(of: "\r\u{1B}[2K").last)
        let progress = try #require(output.standardOutput.ranges(of: "Reading the state").last)
        #expect(progress.upperBound <= lastErasure.lowerBound)
    }

    @Test(
        "NO_COLOR and --no-color leave the colours out, --quiet the progress",
        arguments: [(["--no-color"], [:]), ([], ["NO_COLOR": "1"]), (["--quiet"], ["NO_COLOR": "1"])]
            as [([String], [String: String])]
    )
    func plain(options: [String], environment: [String: String]) async throws {
        let run = try CommandRun(environment: environment)
        let output = try await run.start(["monitor"] + options, outlet: .terminal(columns: 100)).output()
        #expect(output.exitCode == 0)
        #expect(output.standardOutput.contains("HEALTHY"))
        #expect(!output.standardOutput.contains("\u{1B}[3"), "\(output.standardOutput)")
        #expect(output.standardOutput.contains("Reading the state") == !options.contains("--quiet"))
    }
}
