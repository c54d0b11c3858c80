import struct FoundationEssentials.Date

/// The folder in which `aws sso login` keeps its tokens, one file for each sign-in.
struct SSOTokenCache {
    /// `~/.aws`; `nil` without a home folder.
    let folder: String?

    /// The sign-in's access token.
    ///
    /// - Throws: ``CredentialsError`` with the command that signs in, when there is none or it has ended.
    func token(for signIn: SSOSignIn, at time: Date) throws -> String {
        guard let folder else { throw CredentialsError.failed("HOME is not set, so there is no SSO sign-in to find") }
        let name = Hexadecimal.string(SHA1.digest(signIn.cacheName.utf8))
        let path = "\(folder)/sso/cache/\(name).json"
        guard let bytes = try ConfigurationFiles.read(path) else {
            throw signIn.signInEnded("there is no SSO sign-in")
        }
        guard let document = try? JSONValue(parsing: bytes), let token = document["accessToken"]?.string,
            !token.isEmpty,
            token.utf8.allSatisfy({ (0x21...0x7E).contains($0) }),
            let expiresAt = document["expiresAt"]?.string, let expiration = CredentialsDate.parse(expiresAt)
        else { throw signIn.signInEnded("the SSO sign-in in \(path) cannot be read") }
        guard expiration > time else { throw signIn.signInEnded("the SSO sign-in ended at \(expiresAt)") }
        return token
    }
}
