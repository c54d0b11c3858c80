import AWSCore
import AWSTesting
import FoundationEssentials

/// Asks botocore, the library under the aws command, what it would do.
enum ConfigurationOracle {
    /// One question; everything botocore sees of the world.
    struct Question {
        var environment: [String: String] = [:]
        var config = ""
        var credentials = ""
        var profile: String?
        /// botocore's name of the service; `nil` to ask for credentials.
        var service: String?
        var region: String?
        var bucket: String?
        /// Files below the home folder.
        var files: [String: String] = [:]
    }

    /// Whether Python and botocore are there.
    static func isAvailable() async -> Bool {
        guard let output = try? await python(["-c", "import botocore.session"]) else { return false }
        return output.exitCode == 0
    }

    /// The answers in the order of the questions: an URL or an access key id, or `error: …`.
    static func answers(to questions: [Question]) async throws -> [String] {
        let home = try AWSHome()
        let asked = JSONValue.array(questions.map(\.json)).serialized()
        let file = try home.write("questions.json", String(decoding: asked, as: UTF8.self))
        let script = try home.write("oracle.py", configurationOracleScript)
        let output = try await python([script, file])
        guard output.exitCode == 0 else { throw OracleFailure(description: output.standardError) }
        return try JSONValue(parsing: output.standardOutput).array?.compactMap(\.string) ?? []
    }

    struct OracleFailure: Error, CustomStringConvertible {
        var description: String
    }

    private static func python(_ arguments: [String]) async throws -> AWSTesting.ChildProcess.Output {
        try await AWSTesting.ChildProcess.run(
            "/usr/bin/env",
            ["python3"] + arguments,
            environment: ProcessInfo.processInfo.environment
        )
    }
}

extension ConfigurationOracle.Question {
    fileprivate var json: JSONValue {
        func text(_ value: String?) -> JSONValue { value.map { .string($0) } ?? .null }
        func object(_ values: [String: String]) -> JSONValue {
            .object(JSONObject(values.map { ($0.key, .string($0.value)) }))
        }
        return [
            "environment": object(environment), "config": .string(config), "credentials": .string(credentials),
            "profile": text(profile), "service": text(service), "region": text(region), "bucket": text(bucket),
            "files": object(files),
        ]
    }
}
