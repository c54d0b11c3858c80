import AWSTesting
import Synchronization
import Testing

@testable import AWSCore

@Suite("Streamed bodies")
struct CurlTransportStreamingTests {
    /// More than the transport's window and what the system's buffers grow to by themselves, which has been seen to be
    /// 5 MB; less than the bodies have.
    private static let bound = 16 << 20
    private static let small: Int32 = 64 << 10

    @Test("A reader that pauses pauses the server, and then gets every byte")
    func downloadBackPressure() async throws {
        var random = SeededGenerator(seed: freshSeed())
        let piece = random.bytes(64 << 10)
        let count = 512
        let script = ScriptedServer.Script { request in
            request.path == "/large" ? .large(200, piece: piece, count: count) : .response(200, body: "quick")
        }
        try await withScriptedServer(script, socketBufferBytes: Self.small) { server in
            let transport = try CurlTransport()
            let response = try await transport.stream(.to(server, path: "/large"))
            // While that one stands still the loop goes on serving others, each of which gives it time to read more.
            for _ in 0..<50 {
                #expect(try await transport.send(.to(server)).body == Array("quick".utf8))
            }
            #expect(server.activity.sentBytes < Self.bound)
            var received = 0
            for try await chunk in response.body {
                for byte in chunk {
                    guard byte == piece[received % piece.count] else {
                        Issue.record("byte \(received) is wrong")
                        return
                    }
                    received += 1
                }
            }
            #expect(received == count * piece.count)
        }
    }

    @Test("A server that does not read pauses whoever makes the body, and then gets every byte")
    func uploadBackPressure() async throws {
        var random = SeededGenerator(seed: freshSeed())
        let piece = random.bytes(50_000)
        let count = 400
        let gate = Gate()
        let made = WatchedValue(0)
        let script = ScriptedServer.Script(
            bodyPlan: { $0.method == "PUT" ? BodyPlan(gate: gate) : BodyPlan() },
            reply: { _ in .response(200) }
        )
        let stream = HTTPRequestStream(length: count * piece.count) {
            let number = Mutex(0)
            return {
                let current = number.withLock { number in
                    defer { number += 1 }
                    return number
                }
                made.update { $0 = max($0, current * piece.count) }
                return current < count ? piece : nil
            }
        }
        try await withScriptedServer(script, socketBufferBytes: Self.small) { server in
            let transport = try CurlTransport()
            async let response = transport.send(.to(server, .put, body: .stream(stream)))
            try await gate.waitForArrivals(1)
            for _ in 0..<50 { _ = try await transport.send(.to(server)) }
            #expect(made.current < Self.bound)
            gate.open()
            #expect(try await response.status == 200)
            let body = try #require(server.requests.first { $0.method == "PUT" }).body
            #expect(body.count == stream.length)
            #expect(body.elementsEqual((0..<count).lazy.flatMap { _ in piece }))
        }
    }

    @Test("The window of an upload holds little, however much passes through it")
    func uploadWindow() async throws {
        let length = 64 << 20
        let upload = CurlUploadBuffer(length: length)
        let feeding = Task {
            let left = Mutex(length)
            try await upload.feed(
                from: HTTPRequestStream(length: length) {
                    {
                        left.withLock { left in
                            guard left > 0 else { return nil }
                            left -= 8192
                            return [UInt8](repeating: 3, count: 8192)
                        }
                    }
                }
            )
        }
        let target = UnsafeMutableRawBufferPointer.allocate(byteCount: 10_000, alignment: 1)
        defer { target.deallocate() }
        var received = 0
        var largest = 0
        while received < length {
            guard case .bytes(let count) = upload.read(into: target) else {
                await Task.yield()
                continue
            }
            try #require(count > 0)
            received += count
            largest = max(largest, upload.heldBytes)
        }
        try await feeding.value
        #expect(received == length)
        #expect(largest < 1 << 20)
    }

    @Test("A body stream that is shorter or longer than it says ends the request with an error", arguments: [-1, 1])
    func wrongLength(difference: Int) async throws {
        try await withScriptedServer(.init { _ in .response(200) }) { server in
            let bytes = [UInt8](repeating: 1, count: 100_000)
            let stream = HTTPRequestStream(length: bytes.count + difference) {
                let rest = Mutex<[UInt8]?>(bytes)
                return { rest.withLock { $0.take() } }
            }
            let transport = try CurlTransport()
            let error = await #expect(throws: HTTPError.self) {
                try await transport.send(.to(server, .put, body: .stream(stream)))
            }
            #expect(error?.code == .malformed)
            // Half a body must never pass for a whole one: the connection is gone.
            try await server.wait { $0.openConnections == 0 }
        }
    }

    @Test("What a body stream throws is what the request throws, and the connection is closed")
    func failingStream() async throws {
        struct Unreadable: Error {}
        try await withScriptedServer(.init { _ in .response(200) }) { server in
            let stream = HTTPRequestStream(length: 1_000_000) {
                let isFirst = Mutex(true)
                return {
                    guard
                        isFirst.withLock({ first in
                            defer { first = false }
                            return first
                        })
                    else { throw Unreadable() }
                    return [UInt8](repeating: 1, count: 1000)
                }
            }
            let transport = try CurlTransport()
            await #expect(throws: Unreadable.self) {
                try await transport.send(.to(server, .put, body: .stream(stream)))
            }
            await #expect(throws: Unreadable.self) {
                _ = try await transport.stream(.to(server, .put, body: .stream(stream)))
            }
            try await server.wait { $0.openConnections == 0 }
        }
    }

    @Test("An error that comes before the body was sent is the answer, and the body's maker is stopped")
    func earlyRefusal() async throws {
        let script = ScriptedServer.Script(
            bodyPlan: { _ in BodyPlan(.discard, maximumBytes: 1000) },
            // Taking the rest and throwing it away, since a reset could overtake the answer.
            reply: { _ in ServerReply(ServerReply.response(403, body: "no").steps + [.hang]) }
        )
        try await withScriptedServer(script, socketBufferBytes: Self.small) { server in
            let transport = try CurlTransport()
            let ended = WatchedValue(0)
            let stream = HTTPRequestStream(length: 1 << 30) {
                let guardian = Guardian { ended.update { $0 += 1 } }
                return {
                    _ = guardian
                    return [UInt8](repeating: 1, count: 100_000)
                }
            }
            let response = try await transport.send(.to(server, .put, body: .stream(stream)))
            #expect(response.status == 403 && response.body == Array("no".utf8))
            #expect(ended.current == 1)
            let streamed = try await transport.stream(.to(server, .put, body: .stream(stream)))
            #expect(streamed.status == 403)
            #expect(try await streamed.body.collect(maximumBytes: 10) == Array("no".utf8))
            try await ended.wait { $0 == 2 }
            try await server.wait { $0.openConnections == 0 }
        }
    }

    @Test("A server may answer while it still reads the body")
    func bothWaysAtOnce() async throws {
        let first = Array("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nfir".utf8)
        let script = ScriptedServer.Script(
            onConnect: { _ in ServerReply([.send(first)]) },
            reply: { _ in ServerReply([.send(Array("st!".utf8))]) }
        )
        try await withScriptedServer(script, socketBufferBytes: Self.small) { server in
            let gate = Gate()
            let bytes = [UInt8](repeating: 5, count: 3_000_000)
            let stream = HTTPRequestStream(length: bytes.count) {
                let rest = Mutex(bytes[...])
                return {
                    try await gate.pass()
                    return rest.withLock { rest in
                        defer { rest = rest.dropFirst(100_000) }
                        return rest.isEmpty ? nil : Array(rest.prefix(100_000))
                    }
                }
            }
            gate.admit()
            let response = try await CurlTransport().stream(.to(server, .put, body: .stream(stream)))
            #expect(response.status == 200)
            // The head was there before the body was made; the rest of the body is made nevertheless.
            gate.open()
            #expect(try await response.body.collect(maximumBytes: 10) == Array("first!".utf8))
            #expect(server.requests.first?.body == bytes)
        }
    }

    @Test("A body stream begins anew when a kept connection turns out dead", arguments: [true, false])
    func deadConnection(isStream: Bool) async throws {
        var random = SeededGenerator(seed: freshSeed())
        let body = random.bytes(700_000)
        // The first connection answers once, takes some of the next request and then breaks off without a byte.
        let script = ScriptedServer.Script(
            bodyPlan: { $0.connection == 0 ? BodyPlan(.discard, maximumBytes: 200_000) : BodyPlan() },
            reply: { request in
                request.connection == 0 && request.method == "PUT" ? .closeWithoutAnswer : .response(200)
            }
        )
        try await withScriptedServer(script) { server in
            let transport = try CurlTransport()
            _ = try await transport.send(.to(server))
            let requestBody: HTTPRequestBody = isStream ? .stream(body, size: 10_000) : .bytes(body)
            #expect(try await transport.send(.to(server, .put, body: requestBody)).status == 200)
            // Where reading shows the dead connection first, libcurl opens another before it finds that it cannot go back
            // in a stream.
            #expect((2...(isStream ? 3 : 2)).contains(server.connections))
            #expect(server.requests.last?.body == body)
            let streamed = try await transport.stream(.to(server, .put, body: requestBody))
            #expect(streamed.status == 200)
        }
    }

    @Test("Letting go of a body closes its connection, before the first piece and after it")
    func droppedBody() async throws {
        let script = ScriptedServer.Script { _ in
            .large(200, piece: [UInt8](repeating: 1, count: 65_536), count: 10_000)
        }
        try await withScriptedServer(script, socketBufferBytes: Self.small) { server in
            let transport = try CurlTransport()
            _ = try await transport.stream(.to(server))
            try await server.wait { $0.connections == 1 && $0.openConnections == 0 }
            do {
                let response = try await transport.stream(.to(server))
                for try await chunk in response.body {
                    #expect(!chunk.isEmpty)
                    break
                }
            }
            try await server.wait { $0.connections == 2 && $0.openConnections == 0 }
        }
    }

    @Test("A body outlives the last reference to its transport")
    func transportLetGo() async throws {
        let gate = Gate()
        let pieces = [Array("a".utf8), Array("b".utf8)]
        try await withScriptedServer(replies: [.drip(200, pieces: pieces, gate: gate)]) { server in
            var transport: CurlTransport? = try CurlTransport()
            let response = try await transport?.stream(.to(server))
            transport = nil
            gate.open()
            #expect(try await response?.body.collect(maximumBytes: 10) == Array("ab".utf8))
        }
        // And then the connection is closed with the transport, which withScriptedServer would otherwise wait for.
    }

    @Test("Connections are closed when the last reference to the transport is gone")
    func connectionsEnd() async throws {
        try await withScriptedServer(.init { _ in .response(200) }) { server in
            _ = try await CurlTransport().send(.to(server))
            try await server.wait { $0.connections == 1 && $0.openConnections == 0 }
        }
    }

    @Test("Transports come and go by the hundred while requests run")
    func manyTransports() async throws {
        try await withScriptedServer(.init { _ in .response(200, body: "x") }) { server in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<200 {
                    group.addTask {
                        let response = try await CurlTransport().stream(.to(server))
                        if number.isMultiple(of: 2) {
                            let body = try await response.body.collect(maximumBytes: 1)
                            #expect(body == Array("x".utf8))
                        }
                    }
                }
                try await group.waitForAll()
            }
            try await server.wait { $0.openConnections == 0 }
        }
    }

    /// Tells when it goes away.
    private final class Guardian: Sendable {
        private let end: @Sendable () -> Void
        init(_ end: @escaping @Sendable () -> Void) { self.end = end }
        deinit { end() }
    }
}
