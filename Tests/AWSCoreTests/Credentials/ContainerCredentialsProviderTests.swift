import AWSTesting
import FoundationEssentials
import Testing

@testable import AWSCore

@Suite("Container credentials")
struct ContainerCredentialsProviderTests {
    private func fetch(
        _ variables: [String: String],
        _ transport: FakeTransport,
        home: AWSHome? = nil
    ) async throws -> Credentials {
        let context = try (home ?? AWSHome()).context(variables, transport: transport)
        return try await ContainerCredentialsProvider(context: context).credentials()
    }

    private func answering() -> FakeTransport {
        FakeTransport { _, _ in .response(body: metadataDocument("TASK")) }
    }

    @Test("ECS's relative URI goes to its agent")
    func relative() async throws {
        let transport = answering()
        let credentials = try await fetch(
            ["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/v2/credentials/1?x=y"],
            transport
        )
        #expect(credentials.accessKeyID == "TASK")
        #expect(credentials.sessionToken == "token-of-TASK")
        #expect(credentials.expiration?.timeIntervalSince1970 == 1_795_248_000)
        #expect(transport.requests.map(\.request.url) == ["http://169.254.170.2/v2/credentials/1?x=y"])
        #expect(transport.requests.first?.request.timeouts.total == .seconds(2))
    }

    @Test(
        "Plain HTTP goes to this machine and AWS's two services, HTTPS anywhere",
        arguments: [
            "http://127.0.0.1:8080/x", "http://127.9.9.9/x", "http://[::1]:1/x", "http://[0:0:0:0:0:0:0:1]/x",
            "http://localhost/x/", "http://169.254.170.2/x", "http://169.254.170.23/v1/credentials",
            "http://[fd00:ec2::23]/x", "https://example.com/x", "https://example.com/",
        ]
    )
    func allowed(uri: String) async throws {
        let transport = answering()
        _ = try await fetch(["AWS_CONTAINER_CREDENTIALS_FULL_URI": uri], transport)
        #expect(transport.requests.map(\.request.url) == [uri])
        #expect(transport.requests.map(\.request.usesProxy) == [uri.hasPrefix("https")])
    }

    @Test(
        "No other host gets a token over plain HTTP",
        arguments: [
            "http://example.com/x", "http://127.0.0.1.example.com/", "http://169.254.169.254/x",
            "http://169.254.170.3/",
            "http://[fd00:ec2::24]/x", "http://0177.0.0.1/", "http://127.1/", "http://localhost.example.com/",
            "http://[::ffff:127.0.0.1]/",
        ]
    )
    func forbidden(uri: String) async throws {
        let transport = answering()
        let variables = ["AWS_CONTAINER_CREDENTIALS_FULL_URI": uri, "AWS_CONTAINER_AUTHORIZATION_TOKEN": "secret"]
        let failure = await message { try await fetch(variables, transport) }
        #expect(failure.contains("over plain HTTP, which is allowed only for"), "\(failure)")
        #expect(transport.requests.isEmpty)
    }

    @Test(
        "Malformed URIs are refused",
        arguments: ["", "v2/x", "/a b", "/a\r\nHost: x", "/a#b", "@evil.com/", "/a?b c"]
    )
    func malformed(uri: String) async throws {
        let transport = answering()
        let failure = await message { try await fetch(["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": uri], transport) }
        #expect(failure.contains("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"))
        #expect(transport.requests.isEmpty)
    }

    @Test("The token comes from the file, read each time, or else from the variable")
    func token() async throws {
        let home = try AWSHome()
        let file = try home.write("token", "one\n")
        let transport = answering()
        let base = ["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/", "AWS_CONTAINER_AUTHORIZATION_TOKEN": "Basic abc"]
        _ = try await fetch(base, transport)
        let both = base.merging(["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": file]) { $1 }
        _ = try await fetch(both, transport, home: home)
        try home.write("token", "two")
        _ = try await fetch(both, transport, home: home)
        #expect(transport.requests.map { $0.request.headers["Authorization"] } == ["Basic abc", "one", "two"])
        try home.write("token", "two\nX-Evil: secret")
        let failure = await message { try await fetch(both, transport, home: home) }
        #expect(failure.contains("no token that could be sent in a header") && !failure.contains("secret"))
    }

    @Test("A service that fails for a moment is asked three times in all")
    func retries() async throws {
        let lost = FakeTransport.Outcome.failure(HTTPError(.connectionLost, "lost"))
        let transport = FakeTransport([lost, .response(503), .response(body: metadataDocument("TASK"))])
        let variables = ["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/"]
        #expect(try await fetch(variables, transport).accessKeyID == "TASK")
        let down = FakeTransport { _, _ in lost }
        #expect(await message { try await fetch(variables, down) }.contains("did not answer: lost"))
        #expect(down.requests.count == 3)
    }

    @Test(
        "Wrong answers are explained and never shown",
        arguments: [
            (400, "{\"message\": \"secret\"}", "answered HTTP 400"), (200, "secret", "did not answer with JSON"),
            (200, "{\"AccessKeyId\": \"secret\"}", "without SecretAccessKey"),
            (200, "{\"AccessKeyId\": \"a\", \"SecretAccessKey\": \"secret\"}", "without Token"),
            (200, "{\"AccessKeyId\": \"a\", \"SecretAccessKey\": \"secret\", \"Token\": \"t\"}", "without Expiration"),
        ]
    )
    func wrongAnswers(status: Int, body: String, expected: String) async throws {
        let transport = FakeTransport { _, _ in .response(status, body: body) }
        let failure = await message {
            try await fetch(["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/"], transport)
        }
        #expect(failure.contains(expected), "\(failure)")
        #expect(!failure.contains("secret"))
    }
}
