internal import struct FoundationEssentials.Date

/// Trades the token that `aws sso login` left in `~/.aws/sso/cache` for a role's credentials.
package struct SSOCredentialsProvider: CredentialsProvider {
    private let profile: Profile
    private let context: CredentialsContext

    package init(profile: Profile, context: CredentialsContext) {
        self.profile = profile
        self.context = context
    }

    package func credentials() async throws -> Credentials {
        let signIn = try SSOSignIn(profile: profile, shared: context.settings.shared)
        let token = try await SSOTokenProvider(signIn: signIn, context: context).token()
        return try await roleCredentials(signIn, token: token)
    }

    private func roleCredentials(_ signIn: SSOSignIn, token: String) async throws -> Credentials {
        let endpoint = try context.settings.endpoints.withoutExplicitEndpoint
            .endpoint(for: .ssoPortal, region: signIn.region)
        let request = HTTPRequest(
            method: .get,
            scheme: endpoint.scheme,
            authority: endpoint.authority,
            path: endpoint.basePath + "/federation/credentials",
            query: URIEncoding.query([
                QueryItem("role_name", signIn.roleName), QueryItem("account_id", signIn.accountID),
            ]),
            headers: ["x-amz-sso_bearer_token": token, "Accept": "application/json"],
            timeouts: HTTPTimeouts(connect: .seconds(10), total: .seconds(30))
        )
        let role = "role \(signIn.roleName) in account \(signIn.accountID)"
        let retry = CredentialsRetry(attempts: 3, pause: .seconds(1), sleep: context.sleep)
        let response: HTTPResponse
        do {
            response = try await retry.send(request, with: context.transport)
        } catch let error as HTTPError {
            throw CredentialsError.failed("the SSO portal could not be asked for \(role): \(error)")
        }
        switch response.status {
        case 200: break
        case 401: throw signIn.signInEnded("the SSO portal does not accept the sign-in any more")
        case 403, 404:
            throw CredentialsError.failed(
                "the SSO portal does not give you \(role) (HTTP \(response.status)); check sso_account_id and "
                    + "sso_role_name of profile \"\(profile.name)\""
            )
        default: throw CredentialsError.failed("the SSO portal answered HTTP \(response.status) for \(role); try again")
        }
        return try Self.credentials(in: response.body)
    }

    private static func credentials(in body: [UInt8]) throws -> Credentials {
        let source = "the SSO portal"
        let document = try CredentialsDocument.parse(body, source: source)
        guard let role = document["roleCredentials"], role.object != nil else {
            throw CredentialsError.failed("\(source) answered without roleCredentials")
        }
        let names = CredentialsDocument.Names(
            accessKeyID: "accessKeyId",
            secretAccessKey: "secretAccessKey",
            sessionToken: "sessionToken",
            expiration: ""
        )
        var credentials = try CredentialsDocument.credentials(
            in: role,
            names: names,
            isTemporary: false,
            source: source
        )
        guard credentials.sessionToken != nil, let milliseconds = role["expiration"]?.number?.double else {
            throw CredentialsError.failed("\(source) answered without sessionToken or expiration")
        }
        credentials.expiration = Date(timeIntervalSince1970: milliseconds / 1000)
        return credentials
    }
}

/// Which role of which sign-in a profile stands for.
struct SSOSignIn {
    let profileName: String
    let accountID: String
    let roleName: String
    let region: Region
    let startURL: String
    /// The profile's `sso_session`; `nil` for profiles in the form of before 2022.
    let sessionName: String?

    /// - Throws: ``CredentialsError`` for settings that are missing or contradict each other.
    init(profile: Profile, shared: SharedConfiguration) throws {
        var values = profile.values
        let sessionName = profile["sso_session"]
        if let sessionName {
            guard let session = shared.ssoSessions[sessionName] else {
                throw CredentialsError.failed(
                    "it names sso_session \"\(sessionName)\", but there is no [sso-session \(sessionName)]"
                )
            }
            for (key, value) in session {
                guard values[key] == nil || values[key] == value else {
                    throw CredentialsError.failed("its \(key) differs from that in [sso-session \(sessionName)]")
                }
                values[key] = value
            }
        }
        func required(_ key: String) throws -> String {
            guard let value = values[key], !value.isEmpty else {
                throw CredentialsError.failed("it uses SSO but has no \(key); run \"aws configure sso\"")
            }
            return value
        }
        let regionName = try required("sso_region")
        guard let region = Region(regionName) else {
            throw CredentialsError.failed("its sso_region \"\(regionName)\" is not a Region")
        }
        self.profileName = profile.name
        self.accountID = try required("sso_account_id")
        self.roleName = try required("sso_role_name")
        self.region = region
        self.startURL = try required("sso_start_url")
        self.sessionName = sessionName
    }

    /// What names the sign-in's file in the cache.
    var cacheName: String { sessionName ?? startURL }

    func signInEnded(_ reason: String) -> CredentialsError {
        CredentialsError.failed("\(reason); run: aws sso login --profile \(profileName)")
    }
}
