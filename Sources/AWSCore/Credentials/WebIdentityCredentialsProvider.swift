/// Trades a token that Kubernetes or a CI service wrote into a file for a role's credentials.
///
/// The call is not signed. The file is read anew each time because its owner replaces it.
package struct WebIdentityCredentialsProvider: CredentialsProvider {
    private let lookup: SettingLookup
    private let context: CredentialsContext

    /// - Parameter lookup: `AWS_WEB_IDENTITY_TOKEN_FILE`, `AWS_ROLE_ARN` and `AWS_ROLE_SESSION_NAME`, or the profile's
    ///   keys of those names.
    init(lookup: SettingLookup, context: CredentialsContext) {
        self.lookup = lookup
        self.context = context
    }

    package func credentials() async throws -> Credentials {
        guard let file = lookup.first(["AWS_WEB_IDENTITY_TOKEN_FILE"], key: "web_identity_token_file") else {
            throw CredentialsError.notConfigured("AWS_WEB_IDENTITY_TOKEN_FILE is not set")
        }
        guard let role = lookup.first(["AWS_ROLE_ARN"], key: "role_arn") else {
            throw CredentialsError.failed(
                "\(file.origin) is set but there is no AWS_ROLE_ARN (or role_arn in the profile)"
            )
        }
        let path = context.settings.files.expand(file.value)
        guard let bytes = try ConfigurationFiles.read(path) else {
            throw CredentialsError.failed("\(file.origin): there is no file \(path)")
        }
        let token = String(decoding: bytes, as: UTF8.self).strippingASCIIWhitespace
        guard !token.isEmpty else { throw CredentialsError.failed("\(file.origin): \(path) is empty") }
        let input = STSClient.AssumeRoleWithWebIdentityInput(
            roleARN: role.value,
            sessionName: lookup.first(["AWS_ROLE_SESSION_NAME"], key: "role_session_name")?.value
                ?? context.defaultSessionName,
            webIdentityToken: token
        )
        let nobody = CredentialsProviderChain([])
        return try await context.sts(signingWith: nobody, roleARN: role.value).assumeRoleWithWebIdentity(input)
    }
}
