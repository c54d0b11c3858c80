import Terminal
import Testing

@testable import Sync

@Suite("The command that stops the writers")
struct WriterStopTests {
    private let console = Console(
        output: TextOutput(isTerminal: false) { _ in },
        errors: TextOutput(isTerminal: false) { _ in },
        environment: [:]
    )

    @Test("is part of the report when it has ended well")
    func success() async throws {
        #expect(try await WriterStop(command: "exit 0", timeout: .seconds(60)).run(console) == "stopped by: exit 0")
    }

    @Test(
        "is no proof of anything when it has not",
        arguments: [("exit 3", "ended with 3"), ("kill -9 $$", "signal 9")]
    )
    func failure(command: String, fault: String) async throws {
        let error = await #expect(throws: WriterStop.Failure.self) {
            _ = try await WriterStop(command: command, timeout: .seconds(60)).run(console)
        }
        #expect(error?.description.contains(fault) == true && error?.description.contains("stop them") == true)
    }
}

@Suite("The question whether the writers have stopped")
struct CutoverQuestionTests {
    private let console = Console(
        output: TextOutput(isTerminal: false) { _ in },
        errors: TextOutput(isTerminal: false) { _ in },
        environment: [:]
    )

    @Test(
        "takes one word for an answer, and nothing else",
        arguments: [nil, "", "yes", "y", "Stopped", "stopped ", "stop"]
    )
    func refusal(answer: String?) async throws {
        #expect(try await CutoverQuestion.ask(console) { answer } == false)
        #expect(try await CutoverQuestion.ask(console) { "stopped" })
    }
}
