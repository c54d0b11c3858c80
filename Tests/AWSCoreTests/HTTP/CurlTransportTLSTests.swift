import AWSCore
import AWSTesting
import FoundationEssentials
import Glibc
import Testing

@Suite("TLS", .enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/openssl"), "needs openssl"))
struct CurlTransportTLSTests {
    @Test("A self-signed server is refused, and accepted with its certificate as the bundle")
    func trust() async throws {
        try await withTLSServer { port, certificate in
            let untrusting = try CurlTransport()
            let refused = await #expect(throws: HTTPError.self) {
                try await untrusting.send(request("localhost", port))
            }
            #expect(refused?.code == .tlsFailure)
            #expect(refused?.isTransient == false)

            let trusting = try CurlTransport(.init(caBundle: certificate))
            for _ in 0..<3 {
                #expect(try await trusting.send(request("localhost", port)).status == 200)
            }
            let streamed = try await trusting.stream(request("localhost", port))
            #expect(try await streamed.body.collect(maximumBytes: 1 << 20).isEmpty == false)
        }
    }

    @Test("A certificate for another name is refused, though its issuer is trusted")
    func wrongName() async throws {
        try await withTLSServer { port, certificate in
            let transport = try CurlTransport(.init(caBundle: certificate))
            let refused = await #expect(throws: HTTPError.self) { try await transport.send(request("127.0.0.1", port)) }
            #expect(refused?.code == .tlsFailure)
            #expect(try await transport.send(request("localhost", port)).status == 200)
        }
    }

    @Test("A bundle that is not there, or is none, is an error and no reason to trust anything else")
    func badBundle() async throws {
        try await withTLSServer { port, certificate in
            for path in [certificate + ".missing", "/dev/null"] {
                let transport = try CurlTransport(.init(caBundle: path))
                let refused = await #expect(throws: HTTPError.self) {
                    try await transport.send(request("localhost", port))
                }
                #expect(refused?.code == .tlsFailure)
            }
        }
    }

    @Test("A server that speaks no TLS is an error that says so")
    func noTLS() async throws {
        try await withScriptedServer(.init { _ in .response(200) }) { server in
            let transport = try CurlTransport()
            var request = HTTPRequest.to(server)
            request.scheme = .https
            let sent = request
            let error = await #expect(throws: HTTPError.self) { try await transport.send(sent) }
            #expect(error?.code == .couldNotConnect || error?.code == .timedOut)
        }
    }

    private func request(_ host: String, _ port: Int) -> HTTPRequest {
        HTTPRequest(method: .get, scheme: .https, authority: "\(host):\(port)", usesProxy: false)
    }

    /// Runs `body` with a TLS server that knows itself as `localhost` only.
    private func withTLSServer(_ body: (Int, String) async throws -> Void) async throws {
        let directory = FileManager.default.temporaryDirectory.appending(path: "tls-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }
        let certificate = directory.appending(path: "certificate.pem").path
        let key = directory.appending(path: "key.pem").path
        let environment = ["PATH": "/usr/bin:/bin"]
        let made = try await ChildProcess.run(
            "/usr/bin/openssl",
            [
                "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj",
                "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout", key, "-out", certificate,
            ],
            environment: environment
        )
        try #require(made.exitCode == 0, "\(made.standardError)")
        let server = try ChildProcess(
            "/usr/bin/openssl",
            ["s_server", "-accept", "127.0.0.1:0", "-cert", certificate, "-key", key, "-www"],
            environment: environment
        )
        // Prints "ACCEPT 127.0.0.1:40123" once it listens on a port of the system's choice.
        defer { server.signal(SIGKILL) }
        try await server.waitForText("ACCEPT 127.0.0.1:")
        let line = server.standardOutput.split(separator: "\n").first { $0.hasPrefix("ACCEPT ") }
        let port = try #require(line?.split(separator: ":").last.flatMap { Int($0) })
        try await body(port, certificate)
    }
}
