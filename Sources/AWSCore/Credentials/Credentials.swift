package import struct FoundationEssentials.Date

/// A set of AWS credentials; its secrets never appear in a description.
package struct Credentials: Sendable, Equatable, CustomStringConvertible, CustomDebugStringConvertible {
    package var accessKeyID: String
    package var secretAccessKey: String
    /// Present for temporary credentials; must then go out with every request.
    package var sessionToken: String?
    /// When the credentials end; `nil` for those that do not.
    package var expiration: Date?

    package init(accessKeyID: String, secretAccessKey: String, sessionToken: String? = nil, expiration: Date? = nil) {
        self.accessKeyID = accessKeyID
        self.secretAccessKey = secretAccessKey
        self.sessionToken = sessionToken
        self.expiration = expiration
    }

    package var description: String { "Credentials(accessKeyID: \(accessKeyID), secrets withheld)" }
    package var debugDescription: String { description }
}

/// A source of credentials, such as the environment, a profile or the instance's role.
package protocol CredentialsProvider: Sendable {
    /// The credentials that hold now, fetched anew when the last ones are about to end.
    ///
    /// May be called from any number of tasks at once and as often as requests are sent.
    func credentials() async throws -> Credentials
}

/// Credentials that were given and never change.
package struct StaticCredentialsProvider: CredentialsProvider {
    private let value: Credentials

    package init(_ credentials: Credentials) {
        self.value = credentials
    }

    package func credentials() async throws -> Credentials { value }
}
