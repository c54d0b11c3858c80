import AWSCore
import AWSTesting
import Glibc
import Testing

@Suite("Tasks on the transport's own thread")
struct CurlTransportExecutorTests {
    private static func thisThread() -> UInt { UInt(pthread_self()) }

    @Test("Requests, answers and streamed bodies of many tasks change no thread")
    func staysOnThread() async throws {
        let body = [UInt8](repeating: 7, count: 600_000)
        let script = ScriptedServer.Script { request in
            request.path == "/large" ? .response(200, body: body) : .response(200, body: request.path)
        }
        try await withScriptedServer(script) { server in
            let transport = try CurlTransport()
            let threads = try await withTaskExecutorPreference(transport.executor) {
                try await withThrowingTaskGroup(of: Set<UInt>.self) { group in
                    for number in 0..<40 {
                        group.addTask {
                            var threads: Set<UInt> = [Self.thisThread()]
                            for round in 0..<5 {
                                let path = "/\(number)-\(round)"
                                let answer = try await transport.send(.to(server, path: path))
                                #expect(answer.body == Array(path.utf8))
                                threads.insert(Self.thisThread())
                            }
                            guard number < 4 else { return threads }
                            var received = 0
                            for try await chunk in try await transport.stream(.to(server, path: "/large")).body {
                                received += chunk.count
                                threads.insert(Self.thisThread())
                            }
                            #expect(received == body.count)
                            return threads
                        }
                    }
                    return try await group.reduce(into: Set()) { $0.formUnion($1) }
                }
            }
            #expect(threads.count == 1)
            #expect(server.requests.count == 204)
        }
    }

    @Test("A task that always has something to do keeps no answer from arriving")
    func busyTask() async throws {
        try await withScriptedServer(replies: [.response(200, body: "here")]) { server in
            let transport = try CurlTransport()
            try await withTaskExecutorPreference(transport.executor) {
                let isDone = WatchedValue(false)
                let answer = Task(executorPreference: transport.executor) {
                    defer { isDone.update { $0 = true } }
                    return try await transport.send(.to(server)).body
                }
                while !isDone.current { await Task.yield() }
                let body = try await answer.value
                #expect(body == Array("here".utf8))
            }
        }
    }

    @Test("A task that is cancelled there ends its request at once, and others go on")
    func cancellation() async throws {
        let gate = Gate()
        let script = ScriptedServer.Script { request in
            request.path == "/stuck"
                ? ServerReply([.hang]) : ServerReply([.wait(gate)] + ServerReply.response(204).steps)
        }
        try await withScriptedServer(script) { server in
            let transport = try CurlTransport()
            try await withTaskExecutorPreference(transport.executor) {
                async let other = transport.send(.to(server, path: "/other")).status
                await withTaskGroup(of: Void.self) { group in
                    for _ in 0..<8 {
                        group.addTask {
                            do {
                                _ = try await transport.send(.to(server, path: "/stuck"))
                                Issue.record("a request that is never answered was")
                            } catch {
                                #expect(error is CancellationError)
                            }
                        }
                    }
                    _ = try? await server.wait { $0.requests.count == 9 }
                    group.cancelAll()
                }
                try await server.wait { $0.openConnections == 1 }
                gate.open()
                let status = try await other
                #expect(status == 204)
            }
        }
    }

    @Test("A task goes on when the transport is gone, and its requests are cancelled ones")
    func outlivesTransport() async throws {
        let gate = Gate()
        try await withScriptedServer(.init { _ in ServerReply([.hang]) }) { server in
            var transport: CurlTransport? = try CurlTransport()
            let executor = try #require(transport).executor
            let request = HTTPRequest.to(server)
            let task = Task(executorPreference: executor) { [transport = try #require(transport)] in
                try await transport.send(request)
            }
            try await server.wait { $0.requests.count == 1 }
            let waiting = Task(executorPreference: executor) {
                let before = Self.thisThread()
                try await gate.pass()
                for _ in 0..<100 { await Task.yield() }
                return before
            }
            try await gate.waitForArrivals(1)
            task.cancel()
            await #expect(throws: CancellationError.self) { try await task.value }
            transport = nil
            // The thread ends now or soon; a task must run to its end on either side of that.
            gate.open()
            _ = try await waiting.value
            for _ in 0..<50 {
                let answer = await Task(executorPreference: executor) { 1 }.value
                #expect(answer == 1)
            }
        }
    }

    @Test("Connections that the server closes leave nothing behind that later ones could trip over")
    func descriptorsUsedAgain() async throws {
        let script = ScriptedServer.Script { request in
            request.path.hasSuffix("0")
                ? .untilClose(200, body: Array(request.path.utf8)) : .response(200, body: request.path)
        }
        try await withScriptedServer(script) { server in
            let transport = try CurlTransport()
            let authorities = [server.authority, "localhost:\(server.port)"]
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<8 {
                    group.addTask {
                        for round in 0..<40 {
                            var request = HTTPRequest.to(server, path: "/\(number)/\(round)")
                            // A name is looked up by a thread that tells the loop through a socket of its own.
                            request.authority = authorities[(number + round) % 2]
                            let response = try await transport.send(request)
                            #expect(response.body == Array(request.path.utf8))
                        }
                    }
                }
                try await group.waitForAll()
            }
        }
    }
}
