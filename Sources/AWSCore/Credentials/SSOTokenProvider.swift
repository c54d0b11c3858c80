internal import struct FoundationEssentials.Date

/// Gives the access token of a sign-in, and renews it as the aws command does when it is about to end.
struct SSOTokenProvider {
    let signIn: SSOSignIn
    let context: CredentialsContext

    /// botocore's time before the end of a token from which it is renewed, in seconds.
    private static let renewalTime = 15.0 * 60

    /// - Throws: ``CredentialsError`` with the command that signs in, when the sign-in is missing or has ended.
    func token() async throws -> String {
        let cache = SSOTokenCache(folder: context.settings.files.folder)
        var entry = try cache.entry(for: signIn)
        // Only sign-ins of the newer form, with an sso-session section, come with what renews them.
        if signIn.sessionName != nil, remaining(entry) < Self.renewalTime, let renewed = try await renew(entry) {
            entry = renewed
            // A cache that cannot be written costs the next run another renewal, no more.
            try? cache.save(entry)
        }
        guard remaining(entry) > 0 else {
            throw signIn.signInEnded("the SSO sign-in ended at \(entry.expiration.iso8601)")
        }
        return entry.accessToken
    }

    private func remaining(_ entry: SSOTokenCache.Entry) -> Double {
        entry.expiration.timeIntervalSince(context.now())
    }

    /// The entry with a new token; `nil` where that is not possible, for whatever reason.
    private func renew(_ entry: SSOTokenCache.Entry) async throws -> SSOTokenCache.Entry? {
        let document = entry.document
        guard let clientID = document["clientId"], let clientSecret = document["clientSecret"],
            let refreshToken = document["refreshToken"],
            let registration = document["registrationExpiresAt"]?.string.flatMap({ CredentialsDate.parse($0) }),
            registration > context.now()
        else { return nil }
        let body: JSONValue = [
            "clientId": clientID, "clientSecret": clientSecret, "grantType": "refresh_token",
            "refreshToken": refreshToken,
        ]
        let endpoint = try context.settings.endpoints.withoutExplicitEndpoint
            .endpoint(for: .ssoOIDC, region: signIn.region)
        let request = HTTPRequest(
            method: .post,
            scheme: endpoint.scheme,
            authority: endpoint.authority,
            path: endpoint.basePath + "/token",
            headers: ["Content-Type": "application/json"],
            body: .bytes(body.serialized()),
            timeouts: HTTPTimeouts(connect: .seconds(10), total: .seconds(30))
        )
        let response: HTTPResponse
        do {
            // One attempt: a refresh token may be good for one use only.
            response = try await context.transport.send(request)
        } catch is HTTPError {
            return nil
        }
        guard response.status == 200, let answer = try? JSONValue(parsing: response.body),
            let token = answer["accessToken"]?.string, SSOTokenCache.fitsHeader(token),
            let seconds = answer["expiresIn"]?.integer, seconds > 0
        else { return nil }
        var renewed = entry
        renewed.accessToken = token
        renewed.expiration = context.now().addingTimeInterval(Double(seconds))
        renewed.document["accessToken"] = .string(token)
        renewed.document["expiresAt"] = .string(renewed.expiration.iso8601)
        if let next = answer["refreshToken"]?.string { renewed.document["refreshToken"] = .string(next) }
        return renewed
    }
}

extension AWSService {
    /// The OpenID Connect service of IAM Identity Center, which renews a sign-in's token.
    static let ssoOIDC = AWSService(
        name: "SSO OIDC",
        endpointPrefix: "oidc",
        signingName: "sso-oauth",
        settingsName: "SSO_OIDC",
        wireProtocol: .restJSON
    )
}
