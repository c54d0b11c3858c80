import AWSTesting
import FoundationEssentials
import Testing

@testable import AWSCore

@Suite("SSO")
struct SSOCredentialsProviderTests {
    private static let config = """
        [profile session]
        sso_session = work
        sso_account_id = 111111111111
        sso_role_name = Admin
        [sso-session work]
        sso_region = eu-central-1
        sso_start_url = https://example.awsapps.com/start
        [profile legacy]
        sso_start_url = https://old.awsapps.com/start
        sso_region = us-west-2
        sso_account_id = 222222222222
        sso_role_name = Read & Write
        [profile lost]
        sso_session = gone
        sso_account_id = 1
        sso_role_name = R
        [profile partial]
        sso_account_id = 1
        [profile different]
        sso_session = work
        sso_region = us-east-1
        sso_account_id = 1
        sso_role_name = R
        """
    // sha1 of "work" and of "https://old.awsapps.com/start", by sha1sum.
    private static let sessionFile = ".aws/sso/cache/e274eeff768c6396088ec6eb091f4bf4d47ab1e0.json"
    private static let legacyFile = ".aws/sso/cache/33d5ca4bf3b1a62edb96b47f7c203034a43ac435.json"
    private static let roleCredentials = """
        {"roleCredentials": {"accessKeyId": "SSO", "secretAccessKey": "secret", "sessionToken": "token",
         "expiration": 1795230007000}}
        """

    private func token(_ token: String, expiresAt: String = "2026-11-21T09:00:00Z") -> String {
        "{\"accessToken\": \"\(token)\", \"expiresAt\": \"\(expiresAt)\", \"region\": \"x\"}"
    }

    private func credentials(_ home: AWSHome, _ profile: String, _ transport: FakeTransport) async throws -> Credentials
    {
        let context = try home.context(profile: profile, transport: transport)
        return try await SSOCredentialsProvider(profile: context.settings.profile, context: context).credentials()
    }

    @Test("The sign-in's token is traded for the role's credentials, unsigned")
    func exchange() async throws {
        let home = try AWSHome(config: Self.config)
        try home.write(Self.sessionFile, token("work-token"))
        try home.write(Self.legacyFile, token("old-token", expiresAt: "2026-11-21T09:00:00UTC"))
        let transport = FakeTransport { _, _ in .response(body: Self.roleCredentials) }
        let credentials = try await credentials(home, "session", transport)
        #expect(credentials.accessKeyID == "SSO")
        #expect(credentials.expiration?.timeIntervalSince1970 == 1_795_230_007)
        _ = try await self.credentials(home, "legacy", transport)
        let requests = transport.requests.map(\.request)
        #expect(
            requests.map(\.url) == [
                "https://portal.sso.eu-central-1.amazonaws.com/federation/credentials?role_name=Admin&account_id=111111111111",
                "https://portal.sso.us-west-2.amazonaws.com/federation/credentials"
                    + "?role_name=Read%20%26%20Write&account_id=222222222222",
            ]
        )
        #expect(requests.map { $0.headers["x-amz-sso_bearer_token"] } == ["work-token", "old-token"])
        #expect(requests.allSatisfy { $0.headers["Authorization"] == nil })
    }

    @Test(
        "A sign-in that has ended, is missing or broken says how to sign in",
        arguments: [
            (nil, "there is no SSO sign-in"),
            ("{\"accessToken\": \"secret\", \"expiresAt\": \"2026-11-21T02:00:07Z\"}", "ended at 2026-11-21T02:00:07Z"),
            ("{\"accessToken\": \"secret\"", "cannot be read"),
            ("{\"accessToken\": \"secret\", \"expiresAt\": \"soon\"}", "cannot be read"),
            ("{\"accessToken\": \"sec\\nret\", \"expiresAt\": \"2026-11-21T09:00:00Z\"}", "cannot be read"),
        ] as [(String?, String)]
    )
    func noSignIn(file: String?, expected: String) async throws {
        let home = try AWSHome(config: Self.config)
        if let file { try home.write(Self.sessionFile, file) }
        let transport = FakeTransport([])
        let failure = await message { try await credentials(home, "session", transport) }
        #expect(failure.contains(expected), "\(failure)")
        #expect(failure.hasSuffix("; run: aws sso login --profile session"))
        #expect(!failure.contains("secret"))
        #expect(transport.requests.isEmpty)
    }

    @Test(
        "The portal's answers are explained and never shown",
        arguments: [
            (401, "run: aws sso login --profile session"),
            (403, "does not give you role Admin in account 111111111111"),
            (404, "check sso_account_id"), (200, "without roleCredentials"), (500, "answered HTTP 500"),
        ]
    )
    func portalErrors(status: Int, expected: String) async throws {
        let home = try AWSHome(config: Self.config)
        try home.write(Self.sessionFile, token("t"))
        let transport = FakeTransport { _, _ in .response(status, body: "{\"message\": \"secret\"}") }
        let failure = await message { try await credentials(home, "session", transport) }
        #expect(failure.contains(expected), "\(failure)")
        #expect(!failure.contains("secret"))
        #expect(transport.requests.count == (status == 500 ? 3 : 1))
    }

    @Test(
        "Settings that are missing or contradict each other are named",
        arguments: [
            ("lost", "no [sso-session gone]"), ("partial", "sso_region"), ("different", "its sso_region differs"),
        ]
    )
    func settings(profile: String, expected: String) async throws {
        let home = try AWSHome(config: Self.config)
        let failure = await message { try await credentials(home, profile, FakeTransport([])) }
        #expect(failure.contains(expected), "\(failure)")
    }

    private static let renewable = """
        {"accessToken": "old", "expiresAt": "EXPIRY", "clientId": "id", "clientSecret": "client-secret",
         "refreshToken": "refresh-1", "registrationExpiresAt": "2027-01-01T00:00:00Z", "startUrl": "kept"}
        """

    private func renewable(expiresAt: String) -> String {
        Self.renewable.replacing("EXPIRY", with: expiresAt)
    }

    @Test("A sign-in of an sso-session that is about to end is renewed and kept", arguments: ["02:14:00", "01:00:00"])
    func renewal(time: String) async throws {
        let home = try AWSHome(config: Self.config)
        try home.write(Self.sessionFile, renewable(expiresAt: "2026-11-21T\(time)Z"))
        let transport = FakeTransport([
            .response(body: #"{"accessToken": "new", "expiresIn": 3600, "refreshToken": "refresh-2"}"#),
            .response(body: Self.roleCredentials), .response(body: Self.roleCredentials),
        ])
        _ = try await credentials(home, "session", transport)
        _ = try await credentials(home, "session", transport)
        let requests = transport.requests
        #expect(requests.count == 3)
        #expect(requests[0].request.url == "https://oidc.eu-central-1.amazonaws.com/token")
        let sent = try JSONValue(parsing: requests[0].body)
        #expect(sent["grantType"] == "refresh_token" && sent["refreshToken"] == "refresh-1")
        #expect(sent["clientId"] == "id" && sent["clientSecret"] == "client-secret")
        #expect(requests.dropFirst().allSatisfy { $0.request.headers["x-amz-sso_bearer_token"] == "new" })
        let bytes = try #require(try ConfigurationFiles.read("\(home.path)/\(Self.sessionFile)"))
        let kept = try JSONValue(parsing: bytes)
        #expect(kept["accessToken"] == "new" && kept["refreshToken"] == "refresh-2" && kept["startUrl"] == "kept")
        #expect(kept["expiresAt"] == "2026-11-21T03:00:07Z")
        let attributes = try FileManager.default.attributesOfItem(atPath: "\(home.path)/\(Self.sessionFile)")
        #expect(attributes[.posixPermissions] as? Int == 0o600)
    }

    @Test(
        "When the renewal fails, a token that still holds is used, and one that does not says how to sign in",
        arguments: [
            .response(400, body: "{\"error\": \"invalid_grant\", \"error_description\": \"secret\"}"),
            .response(body: "secret"), .response(body: "{}"), .failure(HTTPError(.timedOut, "timed out")),
        ] as [FakeTransport.Outcome]
    )
    func failedRenewal(outcome: FakeTransport.Outcome) async throws {
        let home = try AWSHome(config: Self.config)
        try home.write(Self.sessionFile, renewable(expiresAt: "2026-11-21T02:14:00Z"))
        let valid = FakeTransport([outcome, .response(body: Self.roleCredentials)])
        #expect(try await credentials(home, "session", valid).accessKeyID == "SSO")
        #expect(valid.requests.last?.request.headers["x-amz-sso_bearer_token"] == "old")
        try home.write(Self.sessionFile, renewable(expiresAt: "2026-11-21T01:00:00Z"))
        let failure = await message { try await credentials(home, "session", FakeTransport([outcome])) }
        #expect(failure.hasSuffix("ended at 2026-11-21T01:00:00Z; run: aws sso login --profile session"), "\(failure)")
        #expect(!failure.contains("secret"))
    }
}
