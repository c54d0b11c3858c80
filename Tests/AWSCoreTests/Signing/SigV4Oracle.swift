import AWSTesting
import Foundation

/// Runs Python with botocore, the AWS SDK that everyone trusts to sign right.
enum SigV4Oracle {
    struct Case: Encodable {
        var service: String
        var region: String
        var method: String
        var url: String
        var headers: [[String]]
        /// Base64.
        var body: String
        var secret: String
        var token: String?
        var time: Int
        var presigned: Bool
    }

    struct Result: Decodable {
        var canonicalRequest: String
        /// `Authorization`, or the hexadecimal signature of a presigned URL.
        var signature: String
    }

    struct Failure: Error {
        var output: String
    }

    static func isAvailable() async -> Bool {
        (try? await run(["-c", "import botocore.auth"])) != nil
    }

    static func sign(_ cases: [Case]) async throws -> [Result] {
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("sigv4-\(UUID().uuidString).json")
        defer { try? FileManager.default.removeItem(at: file) }
        try JSONEncoder().encode(cases).write(to: file)
        let script = URL(fileURLWithPath: #filePath)
            .deletingLastPathComponent()
            .appendingPathComponent("../../Oracles/botocore_sigv4.py")
        return try await JSONDecoder().decode([Result].self, from: Data(run([script.path, file.path]).utf8))
    }

    /// Runs a script; gives what it prints.
    static func run(_ arguments: [String]) async throws -> String {
        let environment = ProcessInfo.processInfo.environment
        let output = try await AWSTesting.ChildProcess.run(
            "/usr/bin/env",
            [environment["LOCAL_AWS_PYTHON"] ?? "python3", "-B"] + arguments,
            environment: environment
        )
        guard output.exitCode == 0 else { throw Failure(output: output.standardError) }
        return output.standardOutput
    }
}
