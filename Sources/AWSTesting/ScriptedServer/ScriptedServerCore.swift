import AWSCore
import Glibc
import Synchronization

/// What the fault server's threads share.
final class ScriptedServerCore: Sendable {
    let script: ScriptedServer.Script
    let activity = WatchedValue(ScriptedServer.Activity())
    private let listener: Int32

    private struct Threads: Sendable {
        var isStopping = false
        var running: [TestThread] = []
        var sockets: Set<Int32> = []
    }

    private let threads = Mutex(Threads())

    init(script: ScriptedServer.Script, listener: Int32) {
        self.script = script
        self.listener = listener
    }

    func start() throws {
        guard let thread = TestThread({ self.acceptConnections() }) else {
            close(listener)
            throw ScriptedServer.StartError(call: "pthread_create", code: errno)
        }
        threads.withLock { $0.running.append(thread) }
    }

    /// Ends every connection and thread and returns when they are gone; the second call does nothing.
    func stop() {
        let wasStopping = threads.withLock { threads in
            defer { threads.isStopping = true }
            if !threads.isStopping {
                for socket in threads.sockets { shutdown(socket, Int32(SHUT_RDWR)) }
            }
            return threads.isStopping
        }
        guard !wasStopping else { return }
        shutdown(listener, Int32(SHUT_RDWR))
        // A thread that was just starting another one adds it before it ends itself, so go on until none is left.
        while let thread = threads.withLock({ $0.running.popLast() }) { thread.join() }
        close(listener)
    }

    private func acceptConnections() {
        var number = 0
        while true {
            var polled = pollfd(fd: listener, events: Int16(POLLIN), revents: 0)
            if poll(&polled, 1, -1) < 0 && errno == EINTR { continue }
            let socket = DescriptorLock.withLock {
                let socket = accept(listener, nil, nil)
                if socket >= 0 { _ = fcntl(socket, F_SETFD, FD_CLOEXEC) }
                return socket
            }
            if socket < 0 {
                if errno == EINTR || errno == ECONNABORTED { continue }
                return
            }
            var noDelay: Int32 = 1
            setsockopt(socket, Int32(IPPROTO_TCP), TCP_NODELAY, &noDelay, socklen_t(MemoryLayout<Int32>.size))
            let connectionNumber = number
            number += 1
            let isServed = threads.withLock { threads in
                guard !threads.isStopping,
                    let thread = TestThread({ self.serve(socket, number: connectionNumber) })
                else { return false }
                threads.sockets.insert(socket)
                threads.running.append(thread)
                return true
            }
            if !isServed { close(socket) }
        }
    }

    private func serve(_ socket: Int32, number: Int) {
        activity.update {
            $0.connections += 1
            $0.openConnections += 1
            $0.maximumOpenConnections = max($0.maximumOpenConnections, $0.openConnections)
        }
        var connection = ServerConnection(number: number, socket: socket, core: self)
        connection.serve()
        // Removed before it is closed: the number may at once belong to another connection.
        threads.withLock { _ = $0.sockets.remove(socket) }
        close(socket)
        activity.update { $0.openConnections -= 1 }
    }

    func nextRequestNumber() -> Int {
        activity.update { activity in
            defer { activity.heads += 1 }
            return activity.heads
        }
    }

    func record(_ request: ServerRequest) {
        activity.update { $0.requests.append(request) }
    }

    func addSentBytes(_ count: Int) {
        activity.update { $0.sentBytes += count }
    }

    func addBodyBytes(_ count: Int) {
        activity.update { $0.bodyBytes += count }
    }
}
