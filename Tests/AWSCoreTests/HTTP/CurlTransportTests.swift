import AWSCore
import AWSTesting
import Testing

@Suite("HTTP over libcurl")
struct CurlTransportTests {
    private static let sizes = [0, 1, 65_535, 65_536, 65_537, 3_000_001]

    @Test("Bodies of every size arrive byte for byte, whole or streamed, both ways", arguments: sizes)
    func bodies(size: Int) async throws {
        var random = SeededGenerator(seed: freshSeed())
        let body = random.bytes(size)
        let pieceSize = Int.random(in: 1...100_000, using: &random)
        let script = ScriptedServer.Script { .response(200, body: $0.body) }
        try await withScriptedServer(script) { server in
            let transport = try CurlTransport()
            for requestBody in [HTTPRequestBody.bytes(body), .stream(body, size: pieceSize)] {
                for method in [HTTPMethod.put, .post] {
                    let response = try await transport.send(.to(server, method, body: requestBody))
                    #expect(response.status == 200)
                    #expect(response.body == body)
                    let streamed = try await transport.stream(.to(server, method, body: requestBody))
                    #expect(try await streamed.body.collect(maximumBytes: .max) == body)
                }
            }
            #expect(server.requests.count == 8)
            #expect(server.requests.allSatisfy { $0.headers["Content-Length"] == "\(size)" && $0.body == body })
            #expect(server.requests.map(\.method) == ["PUT", "PUT", "POST", "POST", "PUT", "PUT", "POST", "POST"])
            #expect(server.connections == 1)
        }
    }

    @Test("Nothing of a request is left for the next one on the same handle")
    func noLeaks() async throws {
        try await withScriptedServer(.init { _ in .response(200) }) { server in
            let transport = try CurlTransport()
            let large = [UInt8](repeating: 7, count: 100_000)
            let kinds: [(HTTPMethod, HTTPRequestBody)] = [
                (.get, .empty), (.head, .empty), (.put, .empty), (.post, .empty), (.delete, .empty),
                (.put, .bytes([1, 2, 3])), (.post, .bytes(large)), (.put, .stream(large, size: 999)),
                (.delete, .bytes([9])), (.post, .bytes([])),
            ]
            var random = SeededGenerator(seed: freshSeed())
            // Every kind after every kind, in one random round.
            var order = kinds.indices.flatMap { first in kinds.indices.flatMap { [first, $0] } }
            order.shuffle(using: &random)
            for (number, kind) in order.enumerated() {
                let (method, body) = kinds[kind]
                var headers: HTTPHeaders = ["X-Number": "\(number)"]
                if number.isMultiple(of: 2) { headers["Content-Type"] = "application/x-amz-json-1.0" }
                _ = try await transport.send(.to(server, method, path: "/\(number)", headers: headers, body: body))
                let seen = try #require(server.requests.last)
                #expect(seen.startLine == "\(method.rawValue) /\(number) HTTP/1.1")
                #expect(seen.bodyLength == body.length)
                let hasLength = body.length > 0 || method == .put || method == .post
                var names = ["Host", "X-Number"]
                if number.isMultiple(of: 2) { names.append("Content-Type") }
                if hasLength { names.append("Content-Length") }
                #expect(Set(seen.headers.fields.map(\.name)) == Set(names), "\(method) \(body.length)")
                #expect(seen.headers.fields.count == names.count)
            }
            #expect(server.connections == 1)
        }
    }

    @Test("Method, path, query, host and headers go out as they stand")
    func requestAsItIs() async throws {
        try await withScriptedServer(.init { _ in .response(200) }) { server in
            let transport = try CurlTransport()
            let targets = [
                ("/a//b/../c/./%2e%2E/", ""), ("//", "x"), ("/a%20b%2Fc%C3%A9", "list-type=2&prefix=a%2F..%2Fb&x="),
                ("/..", "a=b?c/d"), ("/~-._{}[]|^`\"<>\\", "q=[{\"'}]"),
            ]
            for (path, query) in targets {
                let headers: HTTPHeaders = ["x-amz-Meta-A": "é; 'b'", "X-Empty": "", "Authorization": "AWS4 a=b, c"]
                _ = try await transport.send(.to(server, path: path, query: query, headers: headers))
                let seen = try #require(server.requests.last)
                #expect(seen.target == (query.isEmpty ? path : "\(path)?\(query)"))
                #expect(seen.headers["Host"] == server.authority)
                for field in headers.fields {
                    #expect(seen.headers.fields.contains(field), "\(field)")
                }
            }
        }
    }

    @Test("Repeated header fields keep their order in requests and answers")
    func repeatedHeaders() async throws {
        var headers = HTTPHeaders()
        for (name, value) in [("X-A", "1"), ("X-B", "2"), ("X-A", "3")] { headers.add(name, value) }
        let fields = headers.fields
        let script = ScriptedServer.Script { .response(200, headers: $0.headers) }
        try await withScriptedServer(script) { server in
            var request = HTTPRequest.to(server)
            request.headers = headers
            let response = try await CurlTransport().send(request)
            #expect(response.headers.fields.filter { $0.name.hasPrefix("X-") } == fields)
        }
    }

    @Test("Answers that have no body are whole at once: HEAD, 204, 304")
    func noBody() async throws {
        let replies: [ServerReply] = [
            .headersOnly(200, headers: ["Content-Length": "5000000000", "X-Amz-A": "b"]), .headersOnly(204),
            .headersOnly(304, headers: ["ETag": "\"x\""]), .response(200, body: "on the same connection"),
        ]
        try await withScriptedServer(replies: replies) { server in
            let transport = try CurlTransport()
            let head = try await transport.send(.to(server, .head))
            #expect(head.status == 200 && head.body.isEmpty && head.headers["content-length"] == "5000000000")
            #expect(try await transport.send(.to(server, .delete)).status == 204)
            #expect(try await transport.send(.to(server)).status == 304)
            #expect(try await transport.send(.to(server)).body == Array("on the same connection".utf8))
            #expect(server.connections == 1)
        }
    }

    @Test("Chunked answers are decoded, and fields after the body are none of the head's")
    func chunked() async throws {
        let trailing = """
            HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nX-A: head\r\n\r\n\
            3\r\nabc\r\n4;x=y\r\ndefg\r\n0\r\nX-A: trailer\r\nx-amz-crc32: 1\r\n\r\n
            """
        let replies: [ServerReply] = [
            .chunked(200, pieces: [Array("abc".utf8), Array("defg".utf8)]), ServerReply([.send(Array(trailing.utf8))]),
            .response(200),
        ]
        try await withScriptedServer(replies: replies) { server in
            let transport = try CurlTransport()
            #expect(try await transport.send(.to(server)).body == Array("abcdefg".utf8))
            let response = try await transport.send(.to(server))
            #expect(response.body == Array("abcdefg".utf8))
            #expect(response.headers.fields.filter { $0.name == "X-A" }.map(\.value) == ["head"])
            #expect(response.headers["x-amz-crc32"] == nil)
            #expect(try await transport.send(.to(server)).status == 200)
            #expect(server.connections == 1)
        }
    }

    @Test("Interim answers are passed over, and no transfer asks for one")
    func interimAnswers() async throws {
        let interim = "HTTP/1.1 100 Continue\r\nX-A: no\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"
        let final = "HTTP/1.1 201 Created\r\nX-B: \t yes \t\r\nContent-Length: 2 \r\n\r\nok"
        try await withScriptedServer(replies: [ServerReply([.send(Array((interim + final).utf8))])]) { server in
            let body = [UInt8](repeating: 1, count: 2_000_000)
            let response = try await CurlTransport().send(.to(server, .put, body: .bytes(body)))
            #expect(response.status == 201 && response.body == Array("ok".utf8))
            #expect(response.headers.fields.map(\.name) == ["X-B", "Content-Length"])
            #expect(response.headers["X-B"] == "yes")
            #expect(server.requests.first?.headers["Expect"] == nil)
        }
    }

    @Test("Redirects and errors are answers like others, and are not followed")
    func statusesAreAnswers() async throws {
        let replies = [301, 307, 400, 404, 429, 500, 503].map {
            ServerReply.response($0, headers: ["Location": "http://127.0.0.1:1/"], body: "\($0)")
        }
        try await withScriptedServer(replies: replies) { server in
            let transport = try CurlTransport()
            for status in [301, 307, 400, 404, 429, 500, 503] {
                let response = try await transport.send(.to(server))
                #expect(response.status == status && response.body == Array("\(status)".utf8))
            }
            #expect(server.connections == 1)
        }
    }

    @Test("Connection: close ends the connection, and the next request opens another")
    func connectionClose() async throws {
        let replies: [ServerReply] = [
            .untilClose(200, body: Array("one".utf8)),
            .response(200, headers: ["Connection": "close"], body: "two").thenCloseSilently(), .response(200),
        ]
        try await withScriptedServer(replies: replies) { server in
            let transport = try CurlTransport()
            #expect(try await transport.send(.to(server)).body == Array("one".utf8))
            #expect(try await transport.send(.to(server)).body == Array("two".utf8))
            #expect(try await transport.send(.to(server)).status == 200)
            #expect(server.connections == 3)
        }
    }

    @Test("Hundreds of requests are in flight at once, and their connections serve the next ones")
    func hundredsInFlight() async throws {
        let gate = Gate()
        let script = ScriptedServer.Script { request in
            .response(200, body: request.path).after(gate)
        }
        try await withScriptedServer(script) { server in
            let transport = try CurlTransport()
            for round in 0..<2 {
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for number in 0..<300 {
                        group.addTask {
                            let path = "/\(round)/\(number)"
                            let body = try await transport.send(.to(server, path: path)).body
                            #expect(body == Array(path.utf8))
                        }
                    }
                    try await gate.waitForArrivals(300 * (round + 1))
                    gate.admit(300)
                    try await group.waitForAll()
                }
            }
            #expect(server.activity.maximumOpenConnections == 300)
            #expect(server.connections == 300)
        }
    }

    @Test("An answer larger than the limit is an error, and one just as large is not")
    func limit() async throws {
        let script = ScriptedServer.Script { request in
            .response(200, body: [UInt8](repeating: 1, count: Int(request.query) ?? 0))
        }
        try await withScriptedServer(script) { server in
            let transport = try CurlTransport(.init(maximumResponseBytes: 100_000))
            #expect(try await transport.send(.to(server, query: "100000")).body.count == 100_000)
            let error = await #expect(throws: HTTPError.self) {
                try await transport.send(.to(server, query: "100001"))
            }
            #expect(error?.code == .responseTooLarge)
            #expect(error?.isTransient == false)
        }
    }

    @Test("An IPv6 authority keeps its brackets")
    func ipv6() async throws {
        let request = HTTPRequest(method: .get, scheme: .http, authority: "[::1]:1", usesProxy: false)
        let error = await #expect(throws: HTTPError.self) { try await CurlTransport().send(request) }
        // Nothing listens on port 1: the address was understood and tried.
        #expect(error?.code == .couldNotConnect)
        #expect(error?.message.hasPrefix("http://[::1]:1: ") == true)
        #expect(request.isForThisMachine)
    }
}
