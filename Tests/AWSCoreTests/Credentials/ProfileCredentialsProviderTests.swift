import AWSTesting
import FoundationEssentials
import Testing

@testable import AWSCore

@Suite("Profiles that assume roles")
struct ProfileCredentialsProviderTests {
    private static let config = """
        [profile base]
        aws_access_key_id = BASE
        aws_secret_access_key = secret
        [profile one]
        role_arn = arn:aws:iam::111111111111:role/One
        source_profile = base
        external_id = ex&ternal
        role_session_name = me@example.com
        duration_seconds = 1800
        region = eu-west-1
        [profile two]
        role_arn = arn:aws-cn:iam::222222222222:role/Two
        source_profile = one
        [profile self]
        role_arn = arn:aws:iam::111111111111:role/Self
        source_profile = self
        aws_access_key_id = SELF
        aws_secret_access_key = secret
        [profile lonely]
        role_arn = arn:aws:iam::111111111111:role/L
        source_profile = lonely
        [profile a]
        role_arn = arn:aws:iam::111111111111:role/A
        source_profile = b
        [profile b]
        role_arn = arn:aws:iam::111111111111:role/B
        source_profile = c
        [profile c]
        role_arn = arn:aws:iam::111111111111:role/C
        source_profile = a
        [profile nosource]
        role_arn = arn:aws:iam::111111111111:role/N
        [profile twosources]
        role_arn = arn:aws:iam::111111111111:role/N
        source_profile = base
        credential_source = Environment
        [profile lost]
        role_arn = arn:aws:iam::111111111111:role/N
        source_profile = gone
        [profile badsource]
        role_arn = arn:aws:iam::111111111111:role/N
        credential_source = Nowhere
        [profile mfa]
        role_arn = arn:aws:iam::111111111111:role/N
        source_profile = base
        mfa_serial = arn:aws:iam::111111111111:mfa/me
        [profile short]
        role_arn = arn:aws:iam::111111111111:role/N
        source_profile = base
        duration_seconds = 60
        [profile notarole]
        role_arn = Admin
        source_profile = base
        [profile emptysource]
        role_arn = arn:aws:iam::111111111111:role/N
        source_profile = empty
        [profile empty]
        output = json
        [profile fromenv]
        role_arn = arn:aws:iam::111111111111:role/E
        credential_source = Environment
        [profile login]
        login_session = arn:aws:iam::111111111111:user/me
        """

    /// Answers every AssumeRole with keys named by role and signer.
    private func sts(expiration: String = "2026-11-21T08:00:00Z") -> FakeTransport {
        FakeTransport { recorded, _ in
            let role = recorded.bodyText.split(separator: "&").first { $0.hasPrefix("RoleArn=") }?.split(
                separator: "%2F"
            ).last
            let signer = recorded.request.headers["Authorization"]?
                .split(separator: "Credential=").last?.prefix { $0 != "/" }
            return .response(
                body: assumeRoleAnswer("AssumeRole", "\(role ?? "?") by \(signer ?? "?")", expiration: expiration)
            )
        }
    }

    private func provider(
        _ name: String,
        _ variables: [String: String] = [:],
        _ transport: FakeTransport
    ) throws -> ProfileCredentialsProvider {
        let context = try AWSHome(config: Self.config).context(profile: name, variables, transport: transport)
        return ProfileCredentialsProvider(profile: context.settings.profile, context: context)
    }

    @Test("A role is assumed with the source profile's keys, and with what the profile says")
    func assumeRole() async throws {
        let transport = sts()
        let credentials = try await provider("one", [:], transport).credentials()
        #expect(credentials.accessKeyID == "One by BASE")
        #expect(credentials.sessionToken == "token-of-One by BASE")
        #expect(credentials.expiration?.timeIntervalSince1970 == 1_795_248_000)
        let sent = try #require(transport.requests.first)
        #expect(sent.request.authority == "sts.eu-west-1.amazonaws.com")
        #expect(sent.request.method == .post)
        #expect(
            sent.bodyText
                == "Action=AssumeRole&Version=2011-06-15&RoleArn=arn%3Aaws%3Aiam%3A%3A111111111111%3Arole%2FOne"
                + "&RoleSessionName=me%40example.com&ExternalId=ex%26ternal&DurationSeconds=1800"
        )
    }

    @Test("A role that was named beside the profile is assumed with that profile's credentials, once")
    func additionalRole() async throws {
        let transport = sts(expiration: "2999-01-01T00:00:00Z")
        let settings = try AWSHome(config: Self.config).settings(profile: "one")
        let role = "arn:aws:iam::222222222222:role/Other"
        let configuration = AWSConfiguration(settings: settings, assuming: role, transport: transport)
        for _ in 1...2 {
            #expect(try await configuration.credentials.credentials().accessKeyID == "Other by One by BASE")
        }
        #expect(transport.requests.count == 2)
    }

    @Test("Roles are assumed one after the other; without a Region the role's partition gives it")
    func roleChain() async throws {
        let transport = sts()
        #expect(try await provider("two", [:], transport).credentials().accessKeyID == "Two by One by BASE")
        #expect(
            transport.requests.map(\.request.authority) == [
                "sts.us-east-1.amazonaws.com", "sts.cn-northwest-1.amazonaws.com.cn",
            ]
        )
    }

    @Test("A profile with keys may be its own source")
    func selfReference() async throws {
        #expect(try await provider("self", [:], sts()).credentials().accessKeyID == "Self by SELF")
    }

    @Test("The source may be the environment")
    func environmentSource() async throws {
        let keys = ["AWS_ACCESS_KEY_ID": "ENV", "AWS_SECRET_ACCESS_KEY": "secret"]
        #expect(try await provider("fromenv", keys, sts()).credentials().accessKeyID == "E by ENV")
        let missing = await message { try await provider("fromenv", [:], sts()).credentials() }
        #expect(missing == "credential_source Environment: AWS_ACCESS_KEY_ID is not set")
    }

    @Test(
        "What cannot work is said before anything is sent",
        arguments: [
            ("lonely", "its own source_profile but has no aws_access_key_id"),
            ("a", "in a circle: \"a\" → \"b\" → \"c\" → \"a\""),
            ("nosource", "neither source_profile nor credential_source"),
            ("twosources", "both source_profile and credential_source"),
            ("lost", "source_profile \"gone\", which does not exist"),
            ("badsource", "none of Environment, Ec2InstanceMetadata, EcsContainer"),
            ("mfa", "aws sts get-session-token"),
            ("short", "duration_seconds must be a number from 900 to 43200"),
            ("notarole", "role_arn is not the ARN of a role"),
            ("emptysource", "source profile \"empty\": it has no aws_access_key_id"),
            ("login", "aws configure export-credentials --profile login"),
        ]
    )
    func refused(profile: String, expected: String) async throws {
        let transport = sts()
        let failure = await message { try await provider(profile, [:], transport).credentials() }
        #expect(failure.contains(expected), "\(failure)")
        #expect(transport.requests.isEmpty)
    }

    @Test("STS's refusal names role, code and request; another source is not tried")
    func denied() async throws {
        let body = """
            <ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>not you</Message></Error>
            <RequestId>id-7</RequestId></ErrorResponse>
            """
        let transport = FakeTransport { _, _ in .response(403, body: body) }
        let context = try AWSHome(config: Self.config).context(profile: "one", transport: transport)
        let failure = await message { try await CredentialsProviderChain.standard(context).credentials() }
        for part in ["profile \"one\"", "role/One", "AccessDenied", "not you", "id-7"] {
            #expect(failure.contains(part), "\(failure)")
        }
        #expect(transport.requests.count == 1)
    }

    @Test("A malformed answer of STS is an error that shows nothing of it")
    func malformedAnswer() async throws {
        let bodies = [
            "", "secret", "<a><SecretAccessKey>secret</SecretAccessKey></a>",
            assumeRoleAnswer("AssumeRole", "X", expiration: "secret"),
        ]
        for body in bodies {
            let transport = FakeTransport { _, _ in .response(body: body) }
            let failure = await message { try await provider("one", [:], transport).credentials() }
            #expect(failure.contains("MalformedResponse"), "\(failure)")
            #expect(!failure.contains("secret"))
        }
    }

    @Test("GetCallerIdentity tells account, ARN and id")
    func callerIdentity() async throws {
        let transport = FakeTransport([
            .response(
                body: "<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>arn:aws:iam::1:user/me</Arn>"
                    + "<UserId>AIDA</UserId><Account>1</Account></GetCallerIdentityResult></GetCallerIdentityResponse>"
            )
        ])
        let context = try AWSHome().context(transport: transport)
        let sts = try context.sts(
            signingWith: StaticCredentialsProvider(.test("K")),
            roleARN: "arn:aws-us-gov:iam::1:role/x"
        )
        let identity = try await sts.getCallerIdentity()
        #expect(identity == STSClient.CallerIdentity(account: "1", arn: "arn:aws:iam::1:user/me", userID: "AIDA"))
        #expect(transport.requests.first?.request.authority == "sts.us-gov-west-1.amazonaws.com")
    }
}
