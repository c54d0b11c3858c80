import AWSCore
import AWSTesting
import Testing

@Suite("Faults of servers and connections")
struct CurlTransportFaultTests {
    private static let body = Array("0123456789".utf8)

    @Test(
        "An answer that breaks off is lost, whether read whole or streamed",
        arguments: [
            ServerReply.closeWithoutAnswer, .resetWithoutAnswer, .cutInHeaders(), .cutInBody(body: body, sent: 4),
            .cutInChunks(body: body), .garbage(Array("SSH-2.0-OpenSSH\r\n".utf8)), .garbage([0, 1, 2, 255]),
            .garbage(Array("HTTP/1.1 200 OK\r\nContent-Length: 10\r\nX".utf8)),
        ]
    )
    func brokenAnswers(reply: ServerReply) async throws {
        try await withScriptedServer(.init { _ in reply }) { server in
            let transport = try CurlTransport()
            let whole = await #expect(throws: HTTPError.self) { try await transport.send(.to(server)) }
            #expect(whole?.code == .connectionLost)
            #expect(whole?.isTransient == true)
            #expect(whole?.message.hasPrefix(server.url + ": ") == true)
            let streamed = await #expect(throws: HTTPError.self) {
                let response = try await transport.stream(.to(server))
                #expect(response.status == 200)
                _ = try await response.body.collect(maximumBytes: 100)
            }
            #expect(streamed?.code == .connectionLost)
            try await server.wait { $0.openConnections == 0 }
        }
    }

    @Test("What arrived before a streamed body broke off can be read")
    func beginningOfBrokenBody() async throws {
        try await withScriptedServer(replies: [.cutInBody(body: Self.body, sent: 4)]) { server in
            let response = try await CurlTransport().stream(.to(server))
            var received: [UInt8] = []
            let error = await #expect(throws: HTTPError.self) {
                for try await chunk in response.body { received += chunk }
            }
            #expect(error?.code == .connectionLost)
            #expect(received == Array("0123".utf8))
        }
    }

    @Test("A length that is a lie costs no memory and no crash", arguments: ["-5", "99999999999999999999", "abc"])
    func impossibleLength(length: String) async throws {
        let reply = ServerReply.garbage(Array("HTTP/1.1 200 OK\r\nContent-Length: \(length)\r\n\r\nabc".utf8))
        try await withScriptedServer(replies: [reply]) { server in
            // libcurl reads some of these to the end of the connection and refuses others; either will do.
            let outcome = await Task { try await CurlTransport().send(.to(server)) }.result
            switch outcome {
            case .success(let response): #expect(response.body == Array("abc".utf8))
            case .failure(let error): #expect((error as? HTTPError)?.code == .connectionLost)
            }
        }
    }

    @Test("A server that never answers, or stops in the middle, ends the request after its time")
    func timeLimits() async throws {
        let stuck = Gate()
        let replies: [ServerReply] = [
            .never, .drip(200, pieces: [Self.body], gate: stuck), .drip(200, pieces: [Self.body], gate: stuck),
        ]
        try await withScriptedServer(replies: replies) { server in
            let transport = try CurlTransport()
            let limits = HTTPTimeouts(total: .milliseconds(50))
            let never = await #expect(throws: HTTPError.self) {
                try await transport.send(.to(server, timeouts: limits))
            }
            #expect(never?.code == .timedOut)
            let middle = await #expect(throws: HTTPError.self) {
                let response = try await transport.stream(.to(server, timeouts: limits))
                _ = try await response.body.collect(maximumBytes: 100)
            }
            #expect(middle?.code == .timedOut)
            let stall = await #expect(throws: HTTPError.self) {
                let limits = HTTPTimeouts(stall: .milliseconds(1))
                return try await transport.send(.to(server, timeouts: limits))
            }
            #expect(stall?.code == .timedOut)
            #expect(stall?.isTransient == true)
            try await server.wait { $0.openConnections == 0 }
        }
    }

    @Test("A limit of one request is none of the next one on the same handle")
    func limitsDoNotStay() async throws {
        let gate = Gate()
        // By path: a request that is over before the server has read it must not leave its answer to the next one.
        let script = ScriptedServer.Script.paths([
            "/short": [.never], "/late": [.response(200, body: "late").after(gate)], "/wait": [.never],
        ])
        try await withScriptedServer(script) { server in
            let transport = try CurlTransport()
            await #expect(throws: HTTPError.self) {
                let limits = HTTPTimeouts(total: .milliseconds(1), stall: .seconds(1))
                return try await transport.send(.to(server, path: "/short", timeouts: limits))
            }
            async let late = transport.send(.to(server, path: "/late", timeouts: HTTPTimeouts(stall: nil)))
            try await gate.waitForArrivals(1)
            // Longer than the first request's limit in any case.
            _ = await Task {
                let limits = HTTPTimeouts(total: .milliseconds(20))
                return try await CurlTransport().send(.to(server, path: "/wait", timeouts: limits))
            }
            .result
            gate.open()
            #expect(try await late.body == Array("late".utf8))
        }
    }

    @Test("A kept connection that the server closed is replaced without anyone noticing")
    func keptConnectionClosed() async throws {
        let replies = Array(repeating: ServerReply.response(200, body: "x").thenCloseSilently(), count: 20)
        try await withScriptedServer(replies: replies) { server in
            let transport = try CurlTransport()
            for number in 1...20 {
                // Now and then the close has not arrived yet when the next request goes out.
                if number.isMultiple(of: 2) { try await server.wait { $0.openConnections == 0 } }
                let method: HTTPMethod = number.isMultiple(of: 3) ? .put : .get
                let body: HTTPRequestBody =
                    method == .put ? .stream([UInt8](repeating: 1, count: 1000), size: 10) : .empty
                #expect(try await transport.send(.to(server, method, body: body)).body == Array("x".utf8))
            }
            #expect(server.connections == 20)
        }
    }

    @Test("Nobody listening, and names that cannot exist, are told apart")
    func noServer() async throws {
        let transport = try CurlTransport()
        // Nobody gets port 1, as somebody may get that of a server that was stopped.
        let request = HTTPRequest(method: .get, scheme: .http, authority: "127.0.0.1:1", usesProxy: false)
        let refused = await #expect(throws: HTTPError.self) { try await transport.send(request) }
        #expect(refused?.code == .couldNotConnect)
        let unknown = await #expect(throws: HTTPError.self) {
            try await transport.send(
                HTTPRequest(method: .get, scheme: .http, authority: "no-such-host.invalid", usesProxy: false)
            )
        }
        #expect(unknown?.code == .couldNotResolveHost)
        #expect(unknown?.message.contains("no-such-host.invalid") == true)
    }

    // MARK: Cancellation

    @Test("A task that was cancelled before sends nothing")
    func cancelledBefore() async throws {
        try await withScriptedServer(.init { _ in .response(200) }) { server in
            let transport = try CurlTransport()
            let gate = Gate()
            let task = Task {
                try? await gate.pass()
                return try await transport.send(.to(server))
            }
            task.cancel()
            gate.open()
            await #expect(throws: CancellationError.self) { try await task.value }
            #expect(server.activity.heads == 0)
        }
    }

    @Test("A request that is cancelled while it connects ends at once")
    func cancelledWhileConnecting() async throws {
        // A listener whose queue is full leaves the connection attempt without an answer.
        let listener = try FullListener()
        let transport = try CurlTransport()
        let request = HTTPRequest(
            method: .get,
            scheme: .http,
            authority: "127.0.0.1:\(listener.port)",
            timeouts: HTTPTimeouts(connect: .seconds(300)),
            usesProxy: false
        )
        let task = Task { try await transport.send(request) }
        // Another request through the same loop, so that the first has certainly begun.
        try await withScriptedServer(replies: [.response(200)]) { _ = try await transport.send(.to($0)) }
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
    }

    @Test("A request that is cancelled while it waits ends at once and closes its connection")
    func cancelledWhileWaiting() async throws {
        try await withScriptedServer(.init { _ in .never }) { server in
            let transport = try CurlTransport()
            for count in 1...20 {
                let isUpload = count.isMultiple(of: 2)
                let body: HTTPRequestBody =
                    isUpload ? .stream([UInt8](repeating: 1, count: 500_000), size: 1000) : .empty
                let request = HTTPRequest.to(server, .put, body: body)
                let task = Task {
                    if count.isMultiple(of: 3) { return try await transport.stream(request).status }
                    return try await transport.send(request).status
                }
                try await server.wait { $0.requests.count == count }
                task.cancel()
                await #expect(throws: CancellationError.self) { try await task.value }
                try await server.wait { $0.openConnections == 0 }
            }
        }
    }

    @Test("A body that is cancelled while it is read ends at once and closes its connection")
    func cancelledWhileStreaming() async throws {
        let stuck = Gate()
        try await withScriptedServer(replies: [.drip(200, pieces: [[1], [2]], gate: stuck)]) { server in
            let transport = try CurlTransport()
            let received = WatchedValue(0)
            let task = Task {
                for try await chunk in try await transport.stream(.to(server)).body {
                    received.update { $0 += chunk.count }
                }
            }
            stuck.admit()
            try await received.wait { $0 == 1 }
            task.cancel()
            await #expect(throws: CancellationError.self) { try await task.value }
            try await server.wait { $0.openConnections == 0 }
        }
    }

    @Test("Requests that are cancelled at any moment end, each once, and the transport goes on")
    func cancelledAtAnyMoment() async throws {
        var random = SeededGenerator(seed: freshSeed())
        let script = ScriptedServer.Script { .response(200, body: $0.body) }
        try await withScriptedServer(script) { server in
            let transport = try CurlTransport()
            for _ in 0..<20 {
                let delays = (0..<30).map { _ in Int.random(in: 0...40, using: &random) }
                await withTaskGroup(of: Void.self) { group in
                    for (number, delay) in delays.enumerated() {
                        let bytes = [UInt8](repeating: 1, count: 300_000)
                        let body: HTTPRequestBody =
                            number.isMultiple(of: 2) ? .bytes(bytes) : .stream(bytes, size: 7000)
                        let request = HTTPRequest.to(server, .post, body: body)
                        let task = Task {
                            if number.isMultiple(of: 3) {
                                let response = try await transport.stream(request)
                                return try await response.body.collect(maximumBytes: .max).count
                            }
                            return try await transport.send(request).body.count
                        }
                        group.addTask {
                            for _ in 0..<(delay * delay) { await Task.yield() }
                            task.cancel()
                            switch await task.result {
                            case .success(let count): #expect(count == bytes.count)
                            case .failure(let error): #expect(error is CancellationError)
                            }
                        }
                    }
                }
            }
            #expect(try await transport.send(.to(server)).status == 200)
        }
    }
}
