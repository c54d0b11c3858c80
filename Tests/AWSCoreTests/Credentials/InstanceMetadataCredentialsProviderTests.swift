import AWSTesting
import FoundationEssentials
import Testing

@testable import AWSCore

@Suite("EC2 instance metadata")
struct InstanceMetadataCredentialsProviderTests {
    private static let enabled = ["AWS_EC2_METADATA_DISABLED": "false"]
    private static let path = "/latest/meta-data/iam/security-credentials/"

    private func fetch(
        _ transport: FakeTransport,
        _ variables: [String: String] = [:],
        config: String? = nil,
        clock: ManualClock = ManualClock()
    ) async throws -> Credentials {
        let home = try AWSHome(config: config)
        let context = try home.context(Self.enabled.merging(variables) { $1 }, transport: transport, clock: clock)
        return try await InstanceMetadataCredentialsProvider(context: context).credentials()
    }

    private func instance(_ document: String = metadataDocument("EC2"), role: String = "my-role\n") -> FakeTransport {
        FakeTransport { recorded, _ in
            switch (recorded.request.method, recorded.request.path.hasSuffix("security-credentials/")) {
            case (.put, _): .response(body: "session-token")
            case (_, true): .response(body: role)
            case (_, false): .response(body: document)
            }
        }
    }

    @Test("A session token is fetched and sent with every request, within a second each")
    func success() async throws {
        let transport = instance()
        #expect(try await fetch(transport).accessKeyID == "EC2")
        let requests = transport.requests.map(\.request)
        #expect(
            requests.map(\.url)
                == ["/latest/api/token", Self.path, Self.path + "my-role"].map { "http://169.254.169.254" + $0 }
        )
        #expect(requests.map(\.method) == [.put, .get, .get])
        #expect(requests.allSatisfy { !$0.usesProxy })
        #expect(requests[0].headers["x-aws-ec2-metadata-token-ttl-seconds"] == "21600")
        #expect(requests.dropFirst().allSatisfy { $0.headers["x-aws-ec2-metadata-token"] == "session-token" })
        #expect(requests.allSatisfy { $0.timeouts.total == .seconds(1) && $0.timeouts.connect == .seconds(1) })
    }

    @Test(
        "Endpoint, address family, time-out and switch can be set",
        arguments: [
            (
                ["AWS_EC2_METADATA_SERVICE_ENDPOINT": "http://127.0.0.1:1338/"], nil,
                "http://127.0.0.1:1338/latest/api/token"
            ),
            (["AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE": "IPv6"], nil, "http://[fd00:ec2::254]/latest/api/token"),
            ([:], "[default]\nec2_metadata_service_endpoint_mode = ipv6", "http://[fd00:ec2::254]/latest/api/token"),
        ] as [([String: String], String?, String)]
    )
    func endpoints(variables: [String: String], config: String?, url: String) async throws {
        let transport = instance()
        _ = try await fetch(transport, variables, config: config)
        #expect(transport.requests.first?.request.url == url)
    }

    @Test("AWS_EC2_METADATA_DISABLED sends nothing")
    func disabled() async throws {
        let transport = instance()
        await #expect(throws: CredentialsError.notConfigured("AWS_EC2_METADATA_DISABLED is true")) {
            try await fetch(transport, ["AWS_EC2_METADATA_DISABLED": "TRUE"])
        }
        #expect(transport.requests.isEmpty)
    }

    @Test("Nothing there means no instance: one attempt, or as many as are set")
    func nothingThere() async throws {
        for (variables, count) in [([:], 1), (["AWS_METADATA_SERVICE_NUM_ATTEMPTS": "3"], 3)] {
            let transport = FakeTransport { _, _ in .failure(HTTPError(.timedOut, "timed out")) }
            do {
                _ = try await fetch(transport, variables)
                Issue.record("there was nobody to answer")
            } catch let error as CredentialsError {
                #expect(error.kind == .notConfigured)
                #expect(error.message.contains("hop limit must be 2"))
            }
            #expect(transport.requests.count == count)
        }
    }

    @Test(
        "An instance without a role, and one whose service is off, are not set up",
        arguments: [
            ([.response(body: "t"), .response(404)], "no role"), ([.response(403)], "turned off"),
            ([.response(405)], "no IMDSv2"),
            ([.response(body: "t"), .response(body: "\n")], "no role"),
        ] as [([FakeTransport.Outcome], String)]
    )
    func notConfigured(outcomes: [FakeTransport.Outcome], expected: String) async throws {
        do {
            _ = try await fetch(FakeTransport(outcomes))
            Issue.record("there are no credentials")
        } catch let error as CredentialsError {
            #expect(error.kind == .notConfigured)
            #expect(error.message.contains(expected), "\(error)")
        }
    }

    @Test(
        "Wrong answers are failures that show nothing of them",
        arguments: [
            ("{\"Code\": \"AssumeRoleUnauthorizedAccess\", \"Message\": \"secret\"}", "(AssumeRoleUnauthorizedAccess)"),
            ("{\"Code\": \"the secret\"}", "check the role's trust policy"), ("secret", "did not answer with JSON"),
            ("{\"AccessKeyId\": \"secret\"}", "without SecretAccessKey"),
        ]
    )
    func wrongAnswers(document: String, expected: String) async throws {
        let failure = await message { try await fetch(instance(document)) }
        #expect(failure.contains(expected), "\(failure)")
        #expect(!failure.contains("secret"))
    }

    @Test("Credentials that have ended are used on while the service has no newer ones")
    func staticStability() async throws {
        let clock = ManualClock()
        let document = metadataDocument("OLD", expiration: "2026-11-21T01:00:00Z")
        let credentials = try await fetch(instance(document), clock: clock)
        #expect(credentials.expiration == clock.now.addingTimeInterval(1200))
    }

    @Test(
        "Malformed settings are named",
        arguments: [
            ["AWS_METADATA_SERVICE_TIMEOUT": "soon"], ["AWS_EC2_METADATA_SERVICE_ENDPOINT": "here"],
            ["AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE": "both"],
        ]
    )
    func malformed(variables: [String: String]) async throws {
        let failure = await message { try await fetch(instance(), variables) }
        #expect(failure.hasPrefix(variables.keys.first ?? "?"), "\(failure)")
    }
}
