import Foundation

/// Runs Python with botocore, the AWS SDK that everyone trusts to sign right.
enum BotocoreOracle {
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

    static let python = ProcessInfo.processInfo.environment["LOCAL_AWS_PYTHON"] ?? "python3"

    static let isAvailable = (try? run(["-c", "import botocore.auth"])) != nil

    static func sign(_ cases: [Case]) throws -> [Result] {
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("sigv4-\(UUID().uuidString).json")
        defer { try? FileManager.default.removeItem(at: file) }
        try JSONEncoder().encode(cases).write(to: file)
        let script = URL(fileURLWithPath: #filePath)
            .deletingLastPathComponent()
            .appendingPathComponent("../../Oracles/botocore_sigv4.py")
        return try JSONDecoder().decode([Result].self, from: run([script.path, file.path]))
    }

    private static func run(_ arguments: [String]) throws -> Data {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [python, "-B"] + arguments
        let output = Pipe()
        let errors = FileManager.default.temporaryDirectory.appendingPathComponent("oracle-\(UUID().uuidString).txt")
        try Data().write(to: errors)
        defer { try? FileManager.default.removeItem(at: errors) }
        process.standardOutput = output
        process.standardError = try FileHandle(forWritingTo: errors)
        try process.run()
        let data = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw Failure(output: (try? String(contentsOf: errors, encoding: .utf8)) ?? "no output")
        }
        return data
    }
}
