import Glibc
import Synchronization

/// An HTTP/1.1 server on 127.0.0.1 that does exactly what the test says, faults included.
///
/// It has its own threads and blocking sockets, so that a test never waits for the pool it runs on. Use
/// ``withScriptedServer(_:_:)``, which stops it whatever happens; `deinit` stops it as well.
package final class ScriptedServer: Sendable {
    /// What the server does; the functions run on the server's threads.
    package struct Script: Sendable {
        /// Played as soon as a connection stands, before anything is read; gets the connection's number.
        package var onConnect: @Sendable (Int) -> ServerReply?
        /// How the body is taken; gets the request without it.
        package var bodyPlan: @Sendable (ServerRequest) -> BodyPlan
        package var reply: @Sendable (ServerRequest) -> ServerReply

        package init(
            onConnect: @escaping @Sendable (Int) -> ServerReply? = { _ in nil },
            bodyPlan: @escaping @Sendable (ServerRequest) -> BodyPlan = { _ in BodyPlan() },
            reply: @escaping @Sendable (ServerRequest) -> ServerReply
        ) {
            self.onConnect = onConnect
            self.bodyPlan = bodyPlan
            self.reply = reply
        }

        /// One reply for each request, in the order in which they arrive; what comes after the last gets a 500.
        package static func replies(_ replies: [ServerReply]) -> Script {
            let rest = Queue(replies)
            return Script { request in
                rest.next() ?? .response(500, body: "no reply left in the script for \(request.startLine)")
            }
        }

        /// The replies of each path (without query) in turn; an unknown path or a used up list gets a 500.
        package static func paths(_ replies: [String: [ServerReply]]) -> Script {
            let rests = replies.mapValues { Queue($0) }
            return Script { request in
                rests[request.path]?.next() ?? .response(500, body: "no reply left for \(request.startLine)")
            }
        }
    }

    /// What has happened so far.
    package struct Activity: Sendable {
        /// Requests whose body was read, or was read as far as it came, in the order in which that was done.
        package var requests: [ServerRequest] = []
        /// Requests whose head has arrived.
        package var heads = 0
        package var connections = 0
        package var openConnections = 0
        package var maximumOpenConnections = 0
        /// Bytes handed to the system, over all connections.
        package var sentBytes = 0
        /// Body bytes read, over all connections.
        package var bodyBytes = 0
    }

    /// Why the server could not start.
    package struct StartError: Error, CustomStringConvertible {
        package var call: String
        package var code: Int32
        package var description: String {
            "the scripted server could not start: \(call): \(String(cString: strerror(code)))"
        }
    }

    package let port: UInt16
    private let core: ScriptedServerCore

    /// - Parameter socketBufferBytes: Size of the send and receive buffers, small to see back-pressure early; the
    ///   system doubles it and has a floor of some KiB.
    package init(_ script: Script, socketBufferBytes: Int32? = nil) throws {
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard listener >= 0 else { throw StartError(call: "socket", code: errno) }
        if var bytes = socketBufferBytes {
            // Set before listen(): accepted sockets inherit it, and the window is agreed on in the handshake.
            setsockopt(listener, SOL_SOCKET, SO_SNDBUF, &bytes, socklen_t(MemoryLayout<Int32>.size))
            setsockopt(listener, SOL_SOCKET, SO_RCVBUF, &bytes, socklen_t(MemoryLayout<Int32>.size))
        }
        do {
            port = try Self.bindToLoopback(listener)
        } catch {
            close(listener)
            throw error
        }
        core = ScriptedServerCore(script: script, listener: listener)
        try core.start()
    }

    deinit {
        core.stop()
    }

    /// Ends every connection and thread and returns when they are gone.
    package func stop() {
        core.stop()
    }

    /// `127.0.0.1:40123`.
    package var authority: String { "127.0.0.1:\(port)" }
    /// `http://127.0.0.1:40123`.
    package var url: String { "http://\(authority)" }

    package var activity: Activity { core.activity.current }
    package var requests: [ServerRequest] { activity.requests }
    package var connections: Int { activity.connections }

    /// Suspends until what has happened meets the condition.
    ///
    /// - Throws: `CancellationError`.
    @discardableResult
    package func wait(until condition: @escaping @Sendable (Activity) -> Bool) async throws -> Activity {
        try await core.activity.wait(until: condition)
    }

    private static func bindToLoopback(_ listener: Int32) throws -> UInt16 {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        return try withUnsafeMutablePointer(to: &address) { pointer in
            try pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
                guard bind(listener, generic, length) == 0 else { throw StartError(call: "bind", code: errno) }
                guard listen(listener, 1024) == 0 else { throw StartError(call: "listen", code: errno) }
                guard getsockname(listener, generic, &length) == 0 else {
                    throw StartError(call: "getsockname", code: errno)
                }
            }
            return UInt16(bigEndian: pointer.pointee.sin_port)
        }
    }

    private final class Queue: Sendable {
        private let rest: Mutex<ArraySlice<ServerReply>>

        init(_ replies: [ServerReply]) {
            rest = Mutex(replies[...])
        }

        func next() -> ServerReply? {
            rest.withLock { $0.popFirst() }
        }
    }
}

/// Runs `body` with a fault server and stops the server afterwards, whatever happens.
package func withScriptedServer<Result>(
    _ script: ScriptedServer.Script,
    socketBufferBytes: Int32? = nil,
    isolation: isolated (any Actor)? = #isolation,
    _ body: (ScriptedServer) async throws -> Result
) async throws -> Result {
    let server = try ScriptedServer(script, socketBufferBytes: socketBufferBytes)
    defer { server.stop() }
    return try await body(server)
}

/// Runs `body` with a fault server that gives these replies in turn.
package func withScriptedServer<Result>(
    replies: [ServerReply],
    isolation: isolated (any Actor)? = #isolation,
    _ body: (ScriptedServer) async throws -> Result
) async throws -> Result {
    try await withScriptedServer(.replies(replies), isolation: isolation, body)
}
