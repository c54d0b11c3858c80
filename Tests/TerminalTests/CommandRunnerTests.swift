import AWSCore
import AWSTesting
import ArgumentParser
import Glibc
import Terminal
import Testing

/// What the command under test does; by name, because a command line can only carry text.
private enum Deed: String, ExpressibleByArgument {
    case succeed, awsError, unhealthy, failure, interrupted, cancelled, exitCode, validation, hang, pipe, multiline
    case interruptTwice
}

private struct Sample: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sample",
        abstract: "Does things.",
        discussion: CommandHelp.discussion(
            "A program for tests.",
            examples: [("sample --deed succeed", "does nothing")],
            exitCodes: ExitStatus.allCases
        )
    )

    @OptionGroup var common: CommonOptions
    @Option var deed: Deed = .succeed

    static let began = Gate()

    func run() async throws {
        switch deed {
        case .succeed: break
        case .awsError:
            throw AWSError(
                code: "ResourceNotFoundException",
                message: "Table not found",
                kind: .client,
                status: 400,
                requestID: "R1",
                service: "DynamoDB",
                operation: "DescribeTable",
                region: "us-east-1",
                resource: "Orders"
            )
        case .unhealthy: throw ExitStatus.unhealthy
        case .failure: throw CommandFailure("no backup of Orders\u{1B}[2J", hints: ["try: restore list Orders"])
        case .interrupted, .interruptTwice, .hang:
            if deed != .hang { kill(getpid(), SIGINT) }
            do {
                try await Self.began.pass()
            } catch is CancellationError {
                if deed == .interruptTwice {
                    kill(getpid(), SIGINT)
                    // The signal ends the process; nothing else may.
                    await withUnsafeContinuation { (_: UnsafeContinuation<Void, Never>) in }
                }
                throw CommandFailure.interrupted(hints: ["the import goes on: restore status"])
            }
        case .cancelled: throw CancellationError()
        case .exitCode: throw ExitCode(3)
        case .validation: throw ValidationError("--date and --export exclude each other")
        case .pipe: throw TextOutput.Failure(code: EPIPE)
        case .multiline: throw ConfigurationError("first\nsecond")
        }
    }
}

@Suite("Command runner")
struct CommandRunnerTests {
    private let output = RecordedOutput()
    private let errors = RecordedOutput()

    private func run(_ arguments: [String], isTerminal: Bool = false) async -> CommandRunner.Ending {
        await CommandRunner(
            output: output.output(),
            errors: errors.output(isTerminal: isTerminal),
            environment: ["TERM": "xterm"]
        ).run(Sample.self, arguments)
    }

    @Test(
        "Every way to end has its exit code and its words",
        arguments: [
            (Deed.succeed, 0, ""),
            (
                .awsError, 1,
                """
                sample: error: DynamoDB DescribeTable Orders (us-east-1): ResourceNotFoundException: \
                Table not found [HTTP 400, request R1]

                """
            ), (.unhealthy, 2, ""), (.exitCode, 3, ""),
            (.failure, 1, "sample: error: no backup of Orders\\u{1b}[2J\ntry: restore list Orders\n"),
            (.cancelled, 130, "sample: interrupted\n"), (.multiline, 1, "sample: error: first second\n"),
        ] as [(Deed, Int32, String)]
    )
    fileprivate func endings(deed: Deed, code: Int32, message: String) async {
        #expect(await run(["--deed", deed.rawValue]) == .exited(code))
        #expect(errors.text == message)
        #expect(output.text.isEmpty)
    }

    @Test(
        "A wrong command line is 64, with one line of error and the usage",
        arguments: [
            (["--nonsense"], "sample: error: Unknown option '--nonsense'\n"),
            (["--region", "US_EAST"], "sample: error: --region: \"US_EAST\" is not a Region; expected something like"),
            (["--endpoint-url", "localhost"], "sample: error: --endpoint-url: \"localhost\" is not a URL; expected"),
            (["--quiet", "--verbose"], "sample: error: --quiet and --verbose cannot be given together\n"),
            (["--output", "xml"], "sample: error: The value 'xml' is invalid for '--output <format>'"),
            (["--deed", "validation"], "sample: error: --date and --export exclude each other\n"),
        ]
    )
    func usage(arguments: [String], start: String) async {
        #expect(await run(arguments) == .exited(64))
        #expect(errors.text.hasPrefix(start), "\(errors.text)")
        #expect(errors.text.contains("\nUsage: sample"))
        #expect(output.text.isEmpty)
    }

    @Test("--help goes to standard output and shows examples and exit codes")
    func help() async {
        #expect(await run(["--help"]) == .exited(0))
        #expect(errors.text.isEmpty)
        for part in [
            "OVERVIEW: Does things.", "EXAMPLES:\n  sample --deed succeed\n      does nothing\n",
            "EXIT CODES:\n  0    done, healthy, equal\n  1    failed\n", "\n  130  interrupted\n",
            "--endpoint-url <url>",
        ] {
            #expect(output.text.contains(part), "\(part) is missing in \(output.text)")
        }
    }

    @Test("A reader that has gone ends the program without a word")
    func readerGone() async {
        #expect(await run(["--deed", "pipe"]) == .readerGone)
        #expect(errors.text.isEmpty)
        let runner = CommandRunner(output: output.output(failure: EPIPE), errors: errors.output(), environment: [:])
        #expect(await runner.run(Sample.self, ["--help"]) == .readerGone)
        #expect(errors.text.isEmpty)
    }

    @Test("On a terminal an error takes the place of a progress line and has colour, unless --no-color")
    func terminal() async {
        _ = await run(["--deed", "multiline"], isTerminal: true)
        #expect(errors.text == "\r\u{1B}[2Ksample: \u{1B}[31merror:\u{1B}[0m first second\n")
        _ = await run(["--deed", "multiline", "--no-color"], isTerminal: true)
        #expect(errors.text.hasSuffix("\r\u{1B}[2Ksample: error: first second\n"))
    }

    @Test("Cancelling the task lets the command clean up and say what goes on")
    func cancellation() async throws {
        let running = Task { await run(["--deed", "hang"]) }
        try await Sample.began.waitForArrivals(1)
        running.cancel()
        #expect(await running.value == .exited(130))
        #expect(errors.text == "sample: interrupted\nthe import goes on: restore status\n")
    }

    @Test("What to do about an error stands below it; a failure of ours brings its own")
    func hints() async {
        let runner = CommandRunner(output: output.output(), errors: errors.output(), environment: [:]) { error in
            error is AWSError ? ["What to do: look\nagain"] : ["never shown"]
        }
        #expect(await runner.run(Sample.self, ["--deed", "awsError"]) == .exited(1))
        #expect(errors.text.hasSuffix("[HTTP 400, request R1]\nWhat to do: look again\n"))
        for deed in ["failure", "validation", "cancelled", "unhealthy"] {
            _ = await runner.run(Sample.self, ["--deed", deed])
        }
        #expect(!errors.text.contains("never shown"))
    }

    @Test("The exit codes are those that are documented")
    func codes() {
        #expect(ExitStatus.allCases.map(\.rawValue) == [0, 1, 2, 3, 64, 130])
    }
}

/// Each in a process of its own, because signals and exit codes belong to the process.
@Suite("Command runner, as a process")
struct CommandRunnerProcessTests {
    @Test("Ctrl-C cancels the command, which says what goes on, and the exit code is 130")
    func interrupt() async throws {
        let result = await #expect(processExitsWith: .exitCode(130), observing: [\.standardErrorContent]) {
            await CommandRunner.main(Sample.self, arguments: ["--deed", "interrupted"])
        }
        let errors = String(decoding: try #require(result).standardErrorContent, as: UTF8.self)
        #expect(errors == "sample: interrupted\nthe import goes on: restore status\n")
    }

    @Test("A second Ctrl-C ends the program at once")
    func interruptTwice() async throws {
        let result = await #expect(processExitsWith: .exitCode(130), observing: [\.standardErrorContent]) {
            await CommandRunner.main(Sample.self, arguments: ["--deed", "interruptTwice"])
        }
        #expect(String(decoding: try #require(result).standardErrorContent, as: UTF8.self) == "\n")
    }

    @Test("A reader that has gone ends the program like any other, by SIGPIPE")
    func readerGone() async {
        await #expect(processExitsWith: .signal(SIGPIPE)) {
            await CommandRunner.main(Sample.self, arguments: ["--deed", "pipe"])
        }
    }

    @Test("The exit code is that of the command")
    func exitCode() async {
        await #expect(processExitsWith: .exitCode(2)) {
            await CommandRunner.main(Sample.self, arguments: ["--deed", "unhealthy"])
        }
    }
}
