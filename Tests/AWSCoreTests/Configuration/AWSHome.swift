import FoundationEssentials

@testable import AWSCore

/// A home folder of a test's own, with AWS's files in it; goes away with the value.
final class AWSHome: Sendable {
    let path: String

    init(config: String? = nil, credentials: String? = nil) throws {
        path = FileManager.default.temporaryDirectory.path + "/aws-home-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: path + "/.aws/sso/cache", withIntermediateDirectories: true)
        if let config { try write(".aws/config", config) }
        if let credentials { try write(".aws/credentials", credentials) }
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
    }

    /// Writes a file below the home folder and returns its whole path.
    @discardableResult
    func write(_ name: String, _ text: String) throws -> String {
        let file = "\(path)/\(name)"
        try Data(text.utf8).write(to: URL(filePath: file))
        return file
    }

    /// The variables of a shell with this home folder, and no EC2 instance around it.
    func environment(_ variables: [String: String] = [:]) -> [String: String] {
        ["HOME": path, "PATH": "/usr/bin:/bin", "AWS_EC2_METADATA_DISABLED": "true"].merging(variables) { $1 }
    }

    func settings(
        profile: String? = nil,
        region: String? = nil,
        endpointURL: String? = nil,
        _ variables: [String: String] = [:]
    ) throws -> AWSSettings {
        try AWSSettings(
            profile: profile,
            region: region,
            endpointURL: endpointURL,
            environment: environment(variables)
        )
    }
}

/// The text of the error that `body` throws; empty when it throws none.
func message<Result>(of body: () async throws -> Result) async -> String {
    do {
        _ = try await body()
        return ""
    } catch {
        return "\(error)"
    }
}

func message<Result>(of body: () throws -> Result) -> String {
    do {
        _ = try body()
        return ""
    } catch {
        return "\(error)"
    }
}
