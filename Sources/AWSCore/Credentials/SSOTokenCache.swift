import Glibc

internal import struct FoundationEssentials.Date

/// The folder in which `aws sso login` keeps its tokens, one file for each sign-in.
struct SSOTokenCache {
    /// One sign-in's file.
    struct Entry {
        var path: String
        var accessToken: String
        var expiration: Date
        /// Everything in the file, some of which only the aws command understands.
        var document: JSONObject
    }

    /// `~/.aws`; `nil` without a home folder.
    let folder: String?

    /// The sign-in's file as it is, even if the sign-in has ended.
    ///
    /// - Throws: ``CredentialsError`` with the command that signs in, when there is none or it cannot be understood.
    func entry(for signIn: SSOSignIn) throws -> Entry {
        guard let folder else { throw CredentialsError.failed("HOME is not set, so there is no SSO sign-in to find") }
        let name = Hexadecimal.string(SHA1.digest(signIn.cacheName.utf8))
        let path = "\(folder)/sso/cache/\(name).json"
        guard let bytes = try ConfigurationFiles.read(path) else {
            throw signIn.signInEnded("there is no SSO sign-in")
        }
        guard let document = (try? JSONValue(parsing: bytes))?.object,
            let token = document["accessToken"]?.string, Self.fitsHeader(token),
            let expiresAt = document["expiresAt"]?.string, let expiration = CredentialsDate.parse(expiresAt)
        else { throw signIn.signInEnded("the SSO sign-in in \(path) cannot be read") }
        return Entry(path: path, accessToken: token, expiration: expiration, document: document)
    }

    /// Replaces the file whole, readable by its owner only.
    ///
    /// - Throws: ``ConfigurationError`` when that is not possible; the old file is then still there.
    func save(_ entry: Entry) throws {
        let temporary = "\(entry.path).\(RandomUUID.make())"
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw Self.unwritable(entry.path) }
        let bytes = JSONValue.object(entry.document).serialized()
        let written = write(descriptor, bytes, bytes.count)
        close(descriptor)
        guard written == bytes.count, rename(temporary, entry.path) == 0 else {
            let error = Self.unwritable(entry.path)
            unlink(temporary)
            throw error
        }
    }

    static func fitsHeader(_ token: String) -> Bool {
        !token.isEmpty && token.utf8.allSatisfy { (0x21...0x7E).contains($0) }
    }

    private static func unwritable(_ path: String) -> ConfigurationError {
        ConfigurationError("cannot write \(path): \(String(cString: strerror(errno)))")
    }
}
