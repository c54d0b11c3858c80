import AWSTesting
import Testing

@Suite("sync status --watch")
struct SyncStatusWatchTests {
    private static let configuration = #"""
        {"sync": {"functionName": "Sync", "tables": [{"source": "\#(FakeAWS.tableARN)",
         "targets": [{"table": "arn:aws:dynamodb:eu-west-1:123456789012:table/Orders"}]}]}}
        """#

    /// One failure more at each look.
    private static func aws() -> FakeAWS {
        FakeAWS([
            "ListEventSourceMappings": FakeAWS.json(#"{"EventSourceMappings":[]}"#),
            "GetQueueUrl": FakeAWS.json(#"{"QueueUrl":"https://sqs/123456789012/Sync-table-failures"}"#),
            "GetQueueAttributes": FakeAWS.inTurn(
                (1...100).map { number in
                    FakeAWS.json(
                        #"{"Attributes":{"ApproximateNumberOfMessages":"\#(number)","#
                            + #""ApproximateNumberOfMessagesNotVisible":"0","ApproximateNumberOfMessagesDelayed":"0"}}"#
                    )
                }
            ),
            "ReceiveMessage": FakeAWS.json("{}"),
            "GetMetricData": FakeAWS.error("AccessDenied", "said AWS"),
        ])
    }

    private func start(_ outlet: ChildProcess.Outlet, _ more: String...) throws -> RunningCommand {
        try CommandRun(Self.aws(), configuration: Self.configuration)
            .start(["sync", "status", "--watch", "--interval", "1"] + more, outlet: outlet)
    }

    @Test("On a terminal it stands in one place, and Ctrl-C leaves the last one and nothing else")
    func terminal() async throws {
        let command = try start(.terminal(columns: 400))
        try await command.waitForText("3 messages about failed changes")
        command.interrupt()
        let output = try await command.output()
        #expect(output.exitCode == 130)
        let text = output.standardOutput
        let blocks = text.ranges(of: "Live sync at")
        let erasures = text.ranges(of: "A\u{1B}[J")
        #expect(blocks.count >= 3 && erasures.count == blocks.count - 1, "\(text)")
        // Under the last one there is no line of progress, and what the interruption says begins in the first column.
        let end = text[(try #require(blocks.last)).lowerBound...]
        let shown = try #require(end.ranges(of: "run sync verify table").last)
        let after = end[(try #require(end[shown.upperBound...].ranges(of: "\r\n").first)).upperBound...]
        #expect(!after.contains("Reading how it stands") || after.contains("\r\u{1B}[2K"), "\(after.debugDescription)")
        #expect(after.hasSuffix("\r\n") || after.hasSuffix("\r\u{1B}[2K") || after.isEmpty, "\(after.debugDescription)")
    }

    @Test("Where no terminal is, there is one block after the other, without control characters")
    func pipe() async throws {
        let command = try start(.pipes)
        try await command.waitForText("2 messages about failed changes")
        command.interrupt()
        let output = try await command.output()
        #expect(output.exitCode == 130)
        #expect(output.standardOutput.ranges(of: "Live sync at").count >= 2)
        #expect(output.standardOutput.contains("\n\nLive sync at"))
        #expect(!output.standardOutput.contains("\u{1B}") && !output.standardError.contains("\u{1B}"))
    }

    @Test("As JSON there is a line for each look")
    func json() async throws {
        let command = try start(.pipes, "--output", "json")
        try await command.waitForText(#""failures":2"#)
        command.interrupt()
        let output = try await command.output()
        #expect(output.exitCode == 130)
        let lines = output.standardOutput.split(separator: "\n")
        #expect(lines.count >= 2 && lines.allSatisfy { $0.hasPrefix("{") && $0.hasSuffix("}") })
        #expect(output.standardOutput.contains("cloudwatch:GetMetricData"))
    }
}
