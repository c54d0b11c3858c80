import AWSTesting
import Testing

@testable import AWSCore

@Suite("What an HTTP request may hold")
struct HTTPRequestValidationTests {
    private static let base = HTTPRequest(method: .get, scheme: .https, authority: "s3.us-east-1.amazonaws.com")

    @Test(
        "Paths, queries and hosts that would become another request are refused",
        arguments: [
            ("/a b", "", "h"), ("/a\r\nX: y", "", "h"), ("/a", "x=\u{7F}", "h"), ("/a#b", "", "h"), ("/a", "b#c", "h"),
            ("a", "", "h"), ("", "", "h"), ("/a?b", "", "h"), ("/", "", ""), ("/", "", "h/x"), ("/", "", "u@h"),
            ("/", "", "h?x"), ("/", "", "h\\x"), ("/\u{0}", "", "h"),
        ]
    )
    func target(path: String, query: String, authority: String) async throws {
        var request = Self.base
        (request.path, request.query, request.authority) = (path, query, authority)
        let transport = try CurlTransport()
        let error = await #expect(throws: HTTPError.self) { try await transport.send(request) }
        #expect(error?.code == .malformed)
    }

    @Test(
        "Header fields that would become other fields are refused, and their values are not repeated",
        arguments: [
            ("X-A", "secret\r\nHost: evil"), ("X-A", "secret\nb"), ("X-A", "secret\u{0}"), ("X-A", "secret\u{7F}"),
            ("X-A: b\r\nX-B", "secret"), ("X A", "secret"), ("", "secret"), ("X-A:", "secret"), ("X-\u{E9}", "secret"),
            ("Content-Length", "5"), ("content-length", "5"), ("Transfer-Encoding", "chunked"), ("host", "evil"),
        ]
    )
    func fields(name: String, value: String) async throws {
        var request = Self.base
        request.headers.add(name, value)
        let transport = try CurlTransport()
        let error = await #expect(throws: HTTPError.self) { try await transport.send(request) }
        #expect(error?.code == .malformed)
        #expect(error?.message.contains("secret") == false)
        #expect(error?.message.contains("\r") == false)
    }

    @Test("A control character is found wherever in a value it stands, and a tab is none")
    func everywhere() async throws {
        try await withScriptedServer(.init { _ in .response(200) }) { server in
            let transport = try CurlTransport()
            for offset in 1..<19 {
                for (character, isAllowed) in [("\u{1F}", false), ("\u{7F}", false), ("\t", true), ("é", true)] {
                    let before = String(repeating: "a", count: offset)
                    let value = before + character + String(repeating: "a", count: 19 - offset)
                    let request = HTTPRequest.to(server, headers: ["X-A": value])
                    if isAllowed {
                        #expect(try await transport.send(request).status == 200)
                        #expect(server.requests.last?.headers["X-A"] == value)
                    } else {
                        let error = await #expect(throws: HTTPError.self) { try await transport.send(request) }
                        #expect(error?.code == .malformed)
                    }
                }
            }
        }
    }

    @Test("What AWS needs is allowed")
    func allowed() throws {
        var request = Self.base
        request.path = "/a/../b//%20+~{}é"
        request.query = "a=?/:@&b"
        request.authority = "[fd00:ec2::254]:80"
        try request.validateURL()
        request.headers = ["x-amz-meta-a": "é\t b", "X-Amz-Target": "DynamoDB_20120810.ListTables", "X-Empty": ""]
        var list = CurlHeaderList()
        _ = try list.fill(request)
    }

    @Test(
        "Only addresses of this machine are past any proxy",
        arguments: [
            ("127.0.0.1:4566", true), ("127.1.2.3", true), ("localhost:80", true), ("LOCALHOST", true), ("[::1]", true),
            ("[::1]:80", true), ("localhost.example.com", false), ("[::12]:80", false), ("128.0.0.1", false),
            ("s3.us-east-1.amazonaws.com", false), ("1270.example", false),
        ]
    )
    func thisMachine(authority: String, expected: Bool) {
        var request = Self.base
        request.authority = authority
        #expect(request.isForThisMachine == expected)
    }

    @Test("Time limits are rounded up, and neither the smallest nor the largest means none")
    func limits() {
        #expect(Duration.nanoseconds(1).wholeMilliseconds == 1)
        #expect(Duration.milliseconds(1500).wholeMilliseconds == 1500)
        #expect(Duration.microseconds(1500).wholeMilliseconds == 2)
        #expect(Duration.zero.wholeMilliseconds == 1)
        #expect(Duration.seconds(-5).wholeMilliseconds == 1)
        #expect(Duration.seconds(Int64.max).wholeMilliseconds == Int(Int32.max))
    }

    @Test("A proxy's password in libcurl's words is withheld")
    func passwords() throws {
        #expect(
            HTTPError.withoutPasswords("Unsupported proxy syntax in 'http://user:p/ss@proxy:80': Bad port")
                == "Unsupported proxy syntax in 'http://…@proxy:80': Bad port"
        )
        #expect(HTTPError.withoutPasswords("in user:pass@proxy") == "in …@proxy")
        #expect(HTTPError.withoutPasswords("in u@x:y@proxy ok") == "in …@proxy ok")
        #expect(HTTPError.withoutPasswords("Could not resolve host: a.b") == "Could not resolve host: a.b")
    }
}
