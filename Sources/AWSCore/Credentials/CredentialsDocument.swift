/// Reads credentials from the JSON that processes and metadata services answer.
///
/// No error shows anything of the document but the names of its members.
enum CredentialsDocument {
    /// The names under which a source writes its members.
    struct Names {
        var accessKeyID = "AccessKeyId"
        var secretAccessKey = "SecretAccessKey"
        var sessionToken: String
        var expiration = "Expiration"

        /// `credential_process`.
        static let process = Names(sessionToken: "SessionToken")
        /// The container and instance metadata services.
        static let metadata = Names(sessionToken: "Token")
    }

    /// - Parameter source: who answered, for messages.
    static func parse(_ bytes: [UInt8], source: String) throws -> JSONValue {
        let document: JSONValue
        do {
            document = try JSONValue(parsing: bytes)
        } catch {
            throw CredentialsError.failed(
                "\(source) did not answer with JSON (line \(error.line), column \(error.column))"
            )
        }
        guard document.object != nil else {
            throw CredentialsError.failed("\(source) did not answer with a JSON object")
        }
        return document
    }

    /// - Parameter isTemporary: whether token and end must be there.
    static func credentials(
        in document: JSONValue,
        names: Names,
        isTemporary: Bool,
        source: String
    ) throws -> Credentials {
        func member(_ name: String) -> String? {
            guard let text = document[name]?.string, !text.isEmpty else { return nil }
            return text
        }
        func missing(_ name: String) -> CredentialsError {
            CredentialsError.failed("\(source) answered without \(name)")
        }
        guard let accessKeyID = member(names.accessKeyID) else { throw missing(names.accessKeyID) }
        guard let secretAccessKey = member(names.secretAccessKey) else { throw missing(names.secretAccessKey) }
        let sessionToken = member(names.sessionToken)
        if isTemporary, sessionToken == nil { throw missing(names.sessionToken) }
        var credentials = Credentials(
            accessKeyID: accessKeyID,
            secretAccessKey: secretAccessKey,
            sessionToken: sessionToken
        )
        if let expiration = member(names.expiration) {
            guard let date = CredentialsDate.parse(expiration) else {
                throw CredentialsError.failed("\(source) answered with an \(names.expiration) that is no ISO 8601 time")
            }
            credentials.expiration = date
        } else if isTemporary {
            throw missing(names.expiration)
        }
        return credentials
    }
}
