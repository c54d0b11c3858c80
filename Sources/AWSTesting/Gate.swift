import Glibc

/// Holds back tasks and server threads until the test lets them through.
///
/// Closed at first. ``open()`` lets everyone through for good, ``admit(_:)`` only so many.
package final class Gate: Sendable {
    private struct State: Sendable {
        var isOpen = false
        var permits = 0
        var arrivals = 0

        mutating func pass() -> Bool {
            if isOpen { return true }
            guard permits > 0 else { return false }
            permits -= 1
            return true
        }
    }

    private let state = WatchedValue(State())

    package init() {}

    package func open() {
        state.update { $0.isOpen = true }
    }

    /// Lets `count` more through, now or when they come.
    package func admit(_ count: Int = 1) {
        state.update { $0.permits += count }
    }

    /// Suspends until the gate lets the caller through.
    ///
    /// - Throws: `CancellationError`.
    package func pass() async throws {
        state.update { $0.arrivals += 1 }
        try await state.take { $0.pass() ? () : nil }
    }

    /// Suspends until `count` callers in all have come to the gate, whether they were let through or not.
    ///
    /// - Throws: `CancellationError`.
    package func waitForArrivals(_ count: Int) async throws {
        try await state.wait { $0.arrivals >= count }
    }

    /// Blocks the calling thread until the gate lets it through.
    ///
    /// - Returns: False when the other end of `socket` went away meanwhile, or the socket was shut down here.
    func passBlocking(orHangUpOf socket: Int32) -> Bool {
        var ends: [Int32] = [-1, -1]
        guard socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0, &ends) == 0 else {
            return false
        }
        let (readEnd, writeEnd) = (ends[0], ends[1])
        defer {
            close(readEnd)
            close(writeEnd)
        }
        let id = state.newID()
        state.update { $0.arrivals += 1 }
        state.wait(id: id) {
            $0.pass() ? true : nil
        } finish: { passed in
            guard passed == true else { return }
            var byte: UInt8 = 1
            write(writeEnd, &byte, 1)
        }
        // POLLRDHUP, which the C library shows only to GNU sources: the client has closed its side.
        let hangUp: Int16 = 0x2000
        var polled = [
            pollfd(fd: readEnd, events: Int16(POLLIN), revents: 0),
            pollfd(fd: socket, events: hangUp, revents: 0),
        ]
        while poll(&polled, 2, -1) < 0 && errno == EINTR {}
        // Ends the wait before its pipe is closed.
        state.cancelWait(id)
        return polled[0].revents & Int16(POLLIN) != 0
    }
}
