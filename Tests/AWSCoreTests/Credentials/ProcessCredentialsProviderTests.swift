import AWSTesting
import FoundationEssentials
import Testing

@testable import AWSCore

@Suite("credential_process")
struct ProcessCredentialsProviderTests {
    private static let good =
        #"{"Version": 1, "AccessKeyId": "PROC", "SecretAccessKey": "s", "SessionToken": "t", "Expiration": "2026-11-21T08:00:00+00:00"}"#

    private func run(
        _ body: String,
        arguments: String = "",
        _ variables: [String: String] = [:],
        timeout: Duration = .seconds(60)
    ) async throws -> Credentials {
        let home = try AWSHome()
        // Not executed itself: while another test starts a process, that one may still hold the new file open.
        let script = try home.write("my helper", body)
        let provider = ProcessCredentialsProvider(
            command: "/bin/sh '\(script)' \(arguments)",
            environment: home.environment(variables),
            timeout: timeout
        )
        return try await provider.credentials()
    }

    @Test("What the program prints is read")
    func success() async throws {
        let credentials = try await run("echo noise >&2; cat <<'END'\n\(Self.good)\nEND")
        #expect(credentials.accessKeyID == "PROC")
        #expect(credentials.sessionToken == "t")
        #expect(credentials.expiration?.timeIntervalSince1970 == 1_795_248_000)
        let permanent = try await run(#"echo '{"Version": 1, "AccessKeyId": "P", "SecretAccessKey": "s"}'"#)
        #expect(permanent.expiration == nil && permanent.sessionToken == nil)
    }

    @Test("Arguments arrive as they are quoted, no shell reads them, the environment is passed on")
    func arguments() async throws {
        let body = #"echo "{\"Version\": 1, \"AccessKeyId\": \"$#|$1|$2|$VARIABLE\", \"SecretAccessKey\": \"s\"}""#
        let credentials = try await run(body, arguments: "'a b' $HOME;ls", ["VARIABLE": "value"])
        #expect(credentials.accessKeyID == "2|a b|$HOME;ls|value")
    }

    @Test(
        "A failure shows what the program said on its standard error, not what it printed",
        arguments: [
            ("echo printed-secret; echo 'please sign in' >&2; exit 3", "ended with status 3: please sign in"),
            ("echo printed-secret; exit 1", "ended with status 1"),
            ("echo printed-secret; kill -9 $$", "was ended by signal 9"),
            ("echo printed-secret", "did not answer with JSON"),
            ("echo '[\"printed-secret\"]'", "did not answer with a JSON object"),
            ("echo '{\"AccessKeyId\": \"printed-secret\"}'", "\"Version\": 1"),
            ("echo '{\"Version\": 2, \"AccessKeyId\": \"printed-secret\"}'", "\"Version\": 1"),
            ("echo '{\"Version\": 1, \"SecretAccessKey\": \"printed-secret\"}'", "without AccessKeyId"),
            ("echo '{\"Version\": 1, \"AccessKeyId\": \"printed-secret\"}'", "without SecretAccessKey"),
            (
                "echo '{\"Version\": 1, \"AccessKeyId\": \"a\", \"SecretAccessKey\": \"b\", \"Expiration\": \"printed-secret\"}'",
                "no ISO 8601 time"
            ),
            (":", "did not answer with JSON"),
            ("exec yes printed-secret", "printed more than 1 MiB"),
        ]
    )
    func failures(body: String, expected: String) async throws {
        let failure = await message { try await run(body, arguments: "--password=argument-secret") }
        #expect(failure.hasPrefix("credential_process \"/bin/sh\" ") && failure.contains(expected), "\(failure)")
        #expect(!failure.contains("secret"), "\(failure)")
        #expect(!failure.contains("\n"))
    }

    @Test("A program that does not end is ended")
    func timeout() async throws {
        let failure = await message { try await run("exec sleep 1000", timeout: .zero) }
        #expect(failure.contains("did not end within"))
    }

    @Test("A program that ignores SIGTERM and holds its output open is ended all the same")
    func stubborn() async throws {
        let failure = await message {
            try await run("trap '' TERM; while :; do sleep 1; done", timeout: .milliseconds(200))
        }
        #expect(failure.contains("did not end within"))
    }

    @Test("A cancelled task ends the program")
    func cancellation() async throws {
        let home = try AWSHome()
        let environment = home.environment()
        let task = Task {
            try await ProcessCredentialsProvider(command: "sleep 1000", environment: environment).credentials()
        }
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
    }

    @Test("What a background process holds open is not waited for")
    func background() async throws {
        let credentials = try await run("sleep 5 & cat <<'END'\n\(Self.good)\nEND")
        #expect(credentials.accessKeyID == "PROC")
    }

    @Test(
        "A command that cannot be run is said",
        arguments: [
            ("/nowhere/program secret", "\"/nowhere/program\" cannot be started: No such file"),
            ("'open", "lacks a closing quotation mark"), ("''", "names no program"),
        ]
    )
    func notRunnable(command: String, expected: String) async throws {
        let provider = ProcessCredentialsProvider(command: command, environment: [:])
        let failure = await message { try await provider.credentials() }
        #expect(failure.contains(expected), "\(failure)")
        #expect(!failure.contains("secret"))
    }

    @Test("Hundreds at once neither block nor mix")
    func many() async throws {
        try await withThrowingTaskGroup(of: (Int, String).self) { group in
            for number in 0..<100 {
                group.addTask {
                    let command =
                        "printf '{\"Version\": 1, \"AccessKeyId\": \"\(number)\", \"SecretAccessKey\": \"s\"}'"
                    let provider = ProcessCredentialsProvider(command: command, environment: [:])
                    return (number, try await provider.credentials().accessKeyID)
                }
            }
            for try await (number, id) in group { #expect(id == "\(number)") }
        }
    }
}
