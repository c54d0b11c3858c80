import AWSCore
import AWSTesting
import ArgumentParser
import Terminal
import Testing

@Suite("Common options")
struct CommonOptionsTests {
    @Test("Defaults and values")
    func values() throws {
        let defaults = try CommonOptions.parse([])
        #expect(defaults.config == "config.json" && defaults.output == .text && defaults.profile == nil)
        let options = try CommonOptions.parse([
            "--config", "c.json", "--profile", "p", "--region", "eu-central-1", "--endpoint-url",
            "http://127.0.0.1:4566", "--output", "json", "--no-color", "--quiet",
        ])
        #expect(options.config == "c.json" && options.profile == "p" && options.region == "eu-central-1")
        #expect(options.endpointURL == "http://127.0.0.1:4566" && options.output == .json)
        let console = options.makeConsole(environment: [:], output: RecordedOutput().output(isTerminal: true))
        #expect(console.isQuiet && console.format == .json && !console.styler.isEnabled)
    }

    @Test("A client sends to the given endpoint, and --verbose shows the request and its id, but no secret")
    func client() async throws {
        let errors = RecordedOutput()
        let reply = ServerReply.response(
            200,
            headers: ["x-amzn-RequestId": "REQUEST-1", "Content-Type": "application/x-amz-json-1.0"],
            body: "{}"
        )
        try await withScriptedServer(replies: [reply]) { server in
            let options = try CommonOptions.parse(["--region", "us-east-1", "--endpoint-url", server.url, "--verbose"])
            let environment = [
                "HOME": "/nonexistent", "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
                "AWS_SECRET_ACCESS_KEY": "secret-example-key", "AWS_SESSION_TOKEN": "session-example-token",
            ]
            let console = options.makeConsole(environment: environment, errors: errors.output())
            let client = try options.makeClient(environment: environment, console: console)
            let region = try #require(client.configuration.region)
            let request = AWSRequest(
                service: .dynamoDB,
                operation: "ListTables",
                region: region,
                body: .bytes(Array("{}".utf8))
            )
            _ = try await client.send(request)
            #expect(server.requests.first?.headers["X-Amz-Security-Token"] == "session-example-token")
        }
        #expect(errors.text.contains("ListTables") && errors.text.contains("REQUEST-1"), "\(errors.text)")
        for secret in ["secret-example-key", "session-example-token", "Signature="] {
            #expect(!errors.text.contains(secret))
        }
    }

    @Test("An unknown profile is an error that names it")
    func unknownProfile() throws {
        let options = try CommonOptions.parse(["--profile", "nobody"])
        let console = options.makeConsole(environment: [:], errors: RecordedOutput().output())
        let error = #expect(throws: ConfigurationError.self) {
            try options.makeClient(environment: ["HOME": "/nonexistent"], console: console)
        }
        #expect(error?.message.contains("nobody") == true)
    }
}
