import AWSCore
import AWSTesting
import FoundationEssentials
import Glibc
import Testing

/// A folder of its own in which programs of this package are run against a scripted AWS.
final class CommandRun: Sendable {
    let server: ScriptedServer
    let folder: String
    /// What every program sees; nothing of the machine's AWS settings.
    let environment: [String: String]

    /// Distinctive, so that it is found wherever it should not be.
    static let secret = "PlantedSecretAccessKey0123456789abcdefgh"
    static let token = "PlantedSessionToken/0123456789/abcdefghij=="

    static let configuration = #"""
        {"tables": ["\#(FakeAWS.tableARN)"], "bucket": {"name": "\#(FakeAWS.bucket)", "region": "us-west-2"}}
        """#

    /// - Parameters:
    ///   - configuration: what config.json holds; `nil` for none.
    ///   - more: additional variables; an empty value removes one.
    init(
        _ aws: FakeAWS = FakeAWS(),
        configuration: String? = CommandRun.configuration,
        environment more: [String: String] = [:]
    ) throws {
        server = try ScriptedServer(aws.script)
        folder = FileManager.default.temporaryDirectory.appending(path: "commands-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        var environment = [
            "HOME": folder, "PATH": "/usr/bin:/bin", "TERM": "xterm",
            "AWS_ENDPOINT_URL": server.url, "AWS_ACCESS_KEY_ID": "AKIAEXAMPLE0", "AWS_SECRET_ACCESS_KEY": Self.secret,
            "AWS_SESSION_TOKEN": Self.token, "AWS_EC2_METADATA_DISABLED": "true",
            // What is refused for good needs no second attempt; tests of retries say so.
            "AWS_MAX_ATTEMPTS": "1",
        ]
        environment.merge(more) { $1 }
        self.environment = environment.filter { !$0.value.isEmpty }
        if let configuration { try write(configuration, to: "config.json") }
    }

    deinit {
        server.stop()
        try? FileManager.default.removeItem(atPath: folder)
    }

    func write(_ text: String, to name: String) throws {
        try Data(text.utf8).write(to: URL(filePath: "\(folder)/\(name)"))
    }

    func read(_ name: String) throws -> String {
        String(decoding: try Data(contentsOf: URL(filePath: "\(folder)/\(name)")), as: UTF8.self)
    }

    func start(_ command: [String], outlet: ChildProcess.Outlet = .pipes) throws -> RunningCommand {
        let child = try ChildProcess(
            ChildProcess.builtProduct(try #require(command.first)),
            Array(command.dropFirst()),
            environment: environment,
            directory: folder,
            outlet: outlet
        )
        return RunningCommand(child: child, run: self)
    }

    /// Runs a program to its end; whatever it wrote, no secret is in it.
    func callAsFunction(
        _ command: String...,
        outlet: ChildProcess.Outlet = .pipes,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> ChildProcess.Output {
        try await start(command, outlet: outlet).output(sourceLocation: sourceLocation)
    }

    static func expectNoSecret(in output: ChildProcess.Output, sourceLocation: SourceLocation = #_sourceLocation) {
        for text in [output.standardOutput, output.standardError] {
            #expect(!text.contains(secret), sourceLocation: sourceLocation)
            #expect(!text.contains(token), sourceLocation: sourceLocation)
            #expect(!text.contains("Signature="), sourceLocation: sourceLocation)
        }
    }

    /// The requests that called an operation.
    func requests(_ operation: String) -> [ServerRequest] {
        server.requests.filter { FakeAWS.operation(of: $0) == operation }
    }
}

/// A program that runs, and what it runs on for as long as it does.
struct RunningCommand: Sendable {
    let child: ChildProcess
    let run: CommandRun

    func output(sourceLocation: SourceLocation = #_sourceLocation) async throws -> ChildProcess.Output {
        defer { withExtendedLifetime(run) {} }
        let output = try await child.output()
        CommandRun.expectNoSecret(in: output, sourceLocation: sourceLocation)
        return output
    }

    func waitForText(_ text: String) async throws {
        defer { withExtendedLifetime(run) {} }
        try await child.waitForText(text)
    }

    /// Ctrl-C.
    func interrupt() { child.signal(SIGINT) }
}

extension ChildProcess.Output {
    /// The result as JSON.
    var json: JSONValue {
        get throws { try JSONValue(parsing: Array(standardOutput.utf8)) }
    }

    /// The lines of standard error.
    var errorLines: [String] { standardError.split(separator: "\n").map(String.init) }

    /// An error as the user must see it: the exit code, nothing on standard output, one line that says what failed,
    /// and at most a few below it that say what to do.
    func expectError(
        _ code: Int32 = 1,
        from program: String,
        containing parts: String...,
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        #expect(exitCode == code, "\(standardError)", sourceLocation: sourceLocation)
        #expect(standardOutput == "", sourceLocation: sourceLocation)
        let errors = errorLines.filter { $0.hasPrefix("\(program): error: ") }
        #expect(errors.count == 1, "\(standardError)", sourceLocation: sourceLocation)
        #expect(errorLines.count <= 3, "\(standardError)", sourceLocation: sourceLocation)
        for part in parts {
            #expect(
                standardError.contains(part),
                "\(part) is missing in: \(standardError)",
                sourceLocation: sourceLocation
            )
        }
    }
}
