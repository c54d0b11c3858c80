import Foundation

@testable import AWSCore

/// What botocore would send for calls of ours.
enum BotocoreRequests {
    struct Call: Sendable {
        var service: String
        var operation: String
        var parameters: JSONValue
    }

    struct Expected: Decodable {
        var method: String
        var url: String
        /// By lower-case name.
        var headers: [String: String]
        /// Base64.
        var body: String
    }

    static func expected(_ calls: [Call], region: String = "eu-north-1") async throws -> [Expected] {
        let cases = calls.map { call -> JSONValue in
            [
                "service": .string(call.service), "region": .string(region), "operation": .string(call.operation),
                "parameters": call.parameters,
            ]
        }
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("calls-\(UUID().uuidString).json")
        defer { try? FileManager.default.removeItem(at: file) }
        try Data(JSONValue.array(cases).serialized()).write(to: file)
        let script = URL(fileURLWithPath: #filePath)
            .deletingLastPathComponent()
            .appendingPathComponent("../../Oracles/botocore_requests.py")
        let output = try await SigV4Oracle.run([script.path, file.path])
        return try JSONDecoder().decode([Expected].self, from: Data(output.utf8))
    }
}
