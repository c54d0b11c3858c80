import AWSCore
import AWSTesting
import Glibc
import Testing

/// A client as plain as can be, so that what the server does is seen byte by byte.
private struct RawClient: ~Copyable {
    let socket: Int32

    init(_ server: ScriptedServer) throws {
        socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = server.port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let status = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        try #require(status == 0)
    }

    deinit { close(socket) }

    func send(_ text: String) {
        let bytes = Array(text.utf8)
        #expect(Glibc.send(socket, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count)
    }

    /// - Returns: `nil` at the end of the connection, errno as text when it was reset.
    func receive(_ maximum: Int = 65536) -> String? {
        var bytes = [UInt8](repeating: 0, count: maximum)
        let count = recv(socket, &bytes, maximum, 0)
        if count < 0 { return "error \(errno)" }
        return count == 0 ? nil : String(decoding: bytes.prefix(count), as: UTF8.self)
    }

    func receiveAll() -> String {
        var text = ""
        while let more = receive() { text += more }
        return text
    }
}

@Suite("Scripted server")
struct ScriptedServerTests {
    @Test("Requests are recorded byte for byte and answered in turn on one connection")
    func answersInTurn() async throws {
        try await withScriptedServer(replies: [.response(200, body: "one"), .response(404, headers: ["X-A": "b"])]) {
            server in
            let client = try RawClient(server)
            let first = "PUT /a%20b?x=1 HTTP/1.1\r\nHost: h\r\nx-AMZ-date:  1 \r\nContent-Length: 5\r\n\r\n"
            client.send(first + "hello")
            #expect(client.receive() == "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\none")
            client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
            #expect(client.receive() == "HTTP/1.1 404 Error\r\nX-A: b\r\nContent-Length: 0\r\n\r\n")
            let request = try #require(server.requests.first)
            #expect(String(decoding: request.head, as: UTF8.self) == first)
            #expect(request.bodyText == "hello")
            #expect(request.method == "PUT" && request.path == "/a%20b" && request.query == "x=1")
            #expect(request.headers.fields.map(\.name) == ["Host", "x-AMZ-date", "Content-Length"])
            #expect(request.headers["X-Amz-Date"] == "1")
            #expect(server.connections == 1 && server.requests.count == 2)
        }
    }

    @Test("A chunked request body is decoded")
    func chunkedRequest() async throws {
        try await withScriptedServer(replies: [.response(200)]) { server in
            let client = try RawClient(server)
            client.send("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nA\r\n0123456789\r\n0\r\n\r\n")
            #expect(client.receive()?.hasPrefix("HTTP/1.1 200") == true)
            #expect(server.requests.first?.bodyText == "abc0123456789")
        }
    }

    @Test("Expect: 100-continue is answered before the body is read")
    func expectContinue() async throws {
        try await withScriptedServer(replies: [.response(200)]) { server in
            let client = try RawClient(server)
            client.send("PUT / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n")
            #expect(client.receive() == "HTTP/1.1 100 Continue\r\n\r\n")
            client.send("ok")
            #expect(client.receive()?.hasPrefix("HTTP/1.1 200") == true)
        }
    }

    @Test("A gate holds an answer back until the test opens it")
    func gate() async throws {
        let gate = Gate()
        try await withScriptedServer(replies: [.drip(200, pieces: [Array("a".utf8), Array("b".utf8)], gate: gate)]) {
            server in
            let client = try RawClient(server)
            client.send("GET / HTTP/1.1\r\n\r\n")
            #expect(client.receive() == "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n")
            try await gate.waitForArrivals(1)
            gate.admit()
            #expect(client.receive() == "a")
            try await gate.waitForArrivals(2)
            gate.admit()
            #expect(client.receive() == "b")
        }
    }

    @Test("Answers can be cut in their headers, their body and their chunks")
    func cuts() async throws {
        let body = Array("0123456789".utf8)
        let replies: [ServerReply] = [
            .cutInHeaders(), .cutInBody(body: body, sent: 4), .cutInChunks(body: body), .closeWithoutAnswer,
            .garbage(Array("SSH-2.0-x\r\n".utf8)), .response(200).thenCloseSilently(),
        ]
        let expected = [
            "HTTP/1.1 200 OK\r\nContent-Le", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n0123",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\na\r\n0123456789\r\n", "", "SSH-2.0-x\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
        ]
        try await withScriptedServer(replies: replies) { server in
            for text in expected {
                let client = try RawClient(server)
                client.send("GET / HTTP/1.1\r\n\r\n")
                #expect(client.receiveAll() == text)
            }
            let activity = try await server.wait { $0.openConnections == 0 }
            #expect(activity.connections == 6)
        }
    }

    @Test("A connection can be reset")
    func reset() async throws {
        try await withScriptedServer(replies: [.resetWithoutAnswer]) { server in
            let client = try RawClient(server)
            client.send("GET / HTTP/1.1\r\n\r\n")
            #expect(client.receive() == "error \(ECONNRESET)")
        }
    }

    @Test("A body can be refused after its first bytes")
    func earlyAnswer() async throws {
        let script = ScriptedServer.Script(bodyPlan: { _ in BodyPlan(.discard, maximumBytes: 3) }) { _ in
            .response(403).thenCloseSilently()
        }
        try await withScriptedServer(script) { server in
            let client = try RawClient(server)
            client.send("PUT / HTTP/1.1\r\nContent-Length: 1000\r\n\r\nabc")
            #expect(client.receive()?.hasPrefix("HTTP/1.1 403") == true)
            #expect(server.requests.first?.bodyLength == 3 && server.requests.first?.body == [])
        }
    }

    @Test("Stopping ends hanging connections and closed gates")
    func stopLeavesNothing() async throws {
        let gate = Gate()
        let script = ScriptedServer.Script { $0.path == "/hang" ? .never : .response(200).after(gate) }
        let server = try ScriptedServer(script)
        let hanging = try RawClient(server)
        hanging.send("GET /hang HTTP/1.1\r\n\r\n")
        let gated = try RawClient(server)
        gated.send("GET /gate HTTP/1.1\r\n\r\n")
        try await gate.waitForArrivals(1)
        try await server.wait { $0.requests.count == 2 }
        server.stop()
        #expect(server.activity.openConnections == 0)
        #expect(hanging.receive() == nil)
        #expect(gated.receive() == nil)
        server.stop()
    }

    @Test("A client that goes away ends its connection at a gate and in a hang")
    func clientGoesAway() async throws {
        try await withScriptedServer(
            ScriptedServer.Script { $0.path == "/hang" ? .never : .response(200).after(Gate()) }
        ) {
            server in
            for path in ["/hang", "/gate"] {
                let client = try RawClient(server)
                client.send("GET \(path) HTTP/1.1\r\n\r\n")
                try await server.wait { $0.requests.last?.path == path }
                _ = consume client
                try await server.wait { $0.openConnections == 0 }
            }
        }
    }

    @Test("A stopped server leaves no thread and no descriptor")
    func leavesNothing() async {
        // In a process of its own: other tests open and close descriptors at the same time.
        await #expect(processExitsWith: .success) {
            func count(_ directory: String) throws -> Int {
                let listing = try #require(opendir(directory))
                defer { closedir(listing) }
                var entries = 0
                while readdir(listing) != nil { entries += 1 }
                return entries
            }
            func useServer() async throws {
                let gate = Gate()
                let script = ScriptedServer.Script { $0.path == "/hang" ? .never : .response(200).after(gate) }
                let server = try ScriptedServer(script)
                let clients = try (0..<20).map { _ in try ServerClient(server) }
                for (index, client) in clients.enumerated() {
                    client.raw.send("GET \(index.isMultiple(of: 2) ? "/hang" : "/gate") HTTP/1.1\r\n\r\n")
                }
                try await server.wait { $0.requests.count == 20 }
                try await gate.waitForArrivals(10)
                server.stop()
            }
            // The first use may start threads of the Swift runtime.
            try await useServer()
            let (descriptors, threads) = (try count("/proc/self/fd"), try count("/proc/self/task"))
            for _ in 0..<5 { try await useServer() }
            #expect(try count("/proc/self/fd") == descriptors)
            // Workers of the Swift runtime may come, and a joined thread may be listed a moment longer; five servers'
            // 105 threads must not stay.
            #expect(try count("/proc/self/task") <= threads + 10)
        }
    }
}

/// A client that can stand in a list.
private final class ServerClient {
    let raw: RawClient

    init(_ server: ScriptedServer) throws {
        raw = try RawClient(server)
    }
}
