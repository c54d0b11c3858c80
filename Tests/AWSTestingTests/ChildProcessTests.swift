import AWSTesting
import Glibc
import Testing

@Suite("Child processes")
struct ChildProcessTests {
    private let shell = "/bin/sh"

    @Test("Output, errors, exit code and environment are those of the program")
    func output() async throws {
        let output = try await ChildProcess.run(
            shell,
            ["-c", "echo \"$A $HOME $1\"; pwd; echo bad >&2; exit 3", "sh", "x y"],
            environment: ["A": "b"],
            directory: "/usr"
        )
        #expect(output.exitCode == 3)
        #expect(output.standardOutput == "b  x y\n/usr\n")
        #expect(output.standardError == "bad\n")
    }

    @Test("A signal reaches the program once it has said that it is ready")
    func signal() async throws {
        let child = try ChildProcess(shell, ["-c", "trap 'echo caught; exit 130' INT; echo ready; read x < /dev/ptmx"])
        try await child.waitForText("ready")
        child.signal(SIGINT)
        let output = try await child.output()
        #expect(output.exitCode == 130)
        #expect(output.standardOutput == "ready\ncaught\n")
    }

    @Test("The end by a signal is told from an exit code")
    func killed() async throws {
        let output = try await ChildProcess.run(shell, ["-c", "kill -TERM $$"])
        #expect(output.ending == .killed(signal: SIGTERM))
        #expect(output.exitCode == nil)
    }

    @Test("A program that does not end is killed when its time is over, and says what it wrote")
    func timeLimit() async throws {
        let child = try ChildProcess(shell, ["-c", "echo started; exec sleep 1000"])
        try await child.waitForText("started")
        let error = await #expect(throws: ChildProcess.TimedOut.self) {
            try await child.output(timeLimit: .milliseconds(1))
        }
        #expect(error?.standardOutput == "started\n")
        #expect(try await child.output().ending == .killed(signal: SIGKILL))
    }

    @Test("Text that never comes is an error as soon as the program has ended")
    func missingText() async throws {
        let child = try ChildProcess(shell, ["-c", "echo other"])
        await #expect(throws: ChildProcess.TimedOut.self) { try await child.waitForText("wanted") }
    }

    @Test("On a terminal the program sees a terminal of the given width")
    func terminal() async throws {
        let output = try await ChildProcess.run(
            shell,
            ["-c", "test -t 1 && test -t 2 && stty size 0<&1"],
            environment: ["PATH": "/usr/bin:/bin"],
            outlet: .terminal(columns: 71)
        )
        #expect(output.standardOutput == "24 71\r\n")
    }

    @Test("A program that is not there is an error at the start")
    func missingProgram() {
        #expect(throws: SpawnError.self) { try ChildProcess("/no/such/program") }
    }

    @Test("The programs of this package stand beside the tests")
    func builtProduct() {
        #expect(access(ChildProcess.builtProduct("monitor"), X_OK) == 0)
    }
}
