import struct FoundationEssentials.Date

/// Reads `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, `AWS_SESSION_TOKEN` and `AWS_CREDENTIAL_EXPIRATION`.
package struct EnvironmentCredentialsProvider: CredentialsProvider {
    private let environment: [String: String]

    package init(environment: [String: String]) {
        self.environment = environment
    }

    package func credentials() async throws -> Credentials {
        guard let accessKeyID = value("AWS_ACCESS_KEY_ID") else {
            guard value("AWS_SECRET_ACCESS_KEY") == nil else {
                throw CredentialsError.failed("AWS_SECRET_ACCESS_KEY is set but AWS_ACCESS_KEY_ID is not")
            }
            throw CredentialsError.notConfigured("AWS_ACCESS_KEY_ID is not set")
        }
        guard let secretAccessKey = value("AWS_SECRET_ACCESS_KEY") else {
            throw CredentialsError.failed("AWS_ACCESS_KEY_ID is set but AWS_SECRET_ACCESS_KEY is not")
        }
        var expiration: Date?
        if let text = value("AWS_CREDENTIAL_EXPIRATION") {
            guard let date = CredentialsDate.parse(text) else {
                throw CredentialsError.failed("AWS_CREDENTIAL_EXPIRATION is no ISO 8601 time like 2026-01-31T12:00:00Z")
            }
            expiration = date
        }
        // AWS_SECURITY_TOKEN is the session token's name of before 2014, which the aws command still reads.
        return Credentials(
            accessKeyID: accessKeyID,
            secretAccessKey: secretAccessKey,
            sessionToken: value("AWS_SESSION_TOKEN") ?? value("AWS_SECURITY_TOKEN"),
            expiration: expiration
        )
    }

    private func value(_ name: String) -> String? {
        environment[name].flatMap { text in
            // A newline comes along easily in CI secrets; in a header it would be refused.
            let value = text.strippingASCIIWhitespace
            return value.isEmpty ? nil : value
        }
    }
}
