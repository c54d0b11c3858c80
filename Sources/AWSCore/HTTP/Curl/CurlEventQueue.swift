internal import CCurl
import Glibc

/// What libcurl waits for, by epoll: its sockets, its next time limit, and calls from other threads.
///
/// libcurl says what it waits for (`curl_multi_socket_action`), and is told only what happened. `curl_multi_perform`
/// would ask the kernel about every transfer in flight each time that anything happens to one of them.
///
/// Belongs to the thread of ``CurlLoop``, but for ``wake()``. `@unchecked Sendable`: the two descriptors never change,
/// and everything else is that thread's alone.
final class CurlEventQueue: @unchecked Sendable {
    private struct Socket {
        /// What the kernel watches for.
        var watched: UInt32 = 0
        /// What libcurl waits for.
        var wanted: UInt32 = 0
        /// Whether the socket is a connection's, of which this hears when it is closed.
        var isConnection = false
    }

    private let queue: CInt
    private let wakeup: CInt
    /// By descriptor.
    private var sockets: [Socket] = []
    private var ready: [cepoll_ready]
    /// When libcurl wants to be called although nothing happened, on the monotonic clock, in milliseconds.
    private var timer: Int?

    init() throws {
        queue = cepoll_create()
        wakeup = cepoll_create_wakeup()
        ready = Array(repeating: cepoll_ready(), count: Int(cepoll_capacity))
        guard queue >= 0, wakeup >= 0, cepoll_add(queue, wakeup, cepoll_in | cepoll_once) == 0 else {
            throw HTTPError(.resourcesExhausted, "no descriptors for the network: \(String(cString: strerror(errno)))")
        }
    }

    deinit {
        if queue >= 0 { close(queue) }
        if wakeup >= 0 { close(wakeup) }
    }

    func attach(to multi: UnsafeMutableRawPointer) {
        _ = ccurl_multi_set_callbacks(multi, Unmanaged.passUnretained(self).toOpaque(), Self.onInterest, Self.onTimer)
    }

    func attach(to handle: CurlEasyHandle) {
        let context = Unmanaged.passUnretained(self).toOpaque()
        _ = ccurl_set_socket_callbacks(handle.pointer, context, Self.onOpen, Self.onClose)
    }

    /// Ends a ``wait(for:mayBlock:)`` that is going on, or the next one; from any thread.
    func wake() {
        cepoll_wake(wakeup)
    }

    /// Lets libcurl do what it wanted to do by now.
    func runTimer(of multi: UnsafeMutableRawPointer) {
        guard let due = timer, due <= Self.now else { return }
        timer = nil
        var running: CInt = 0
        curl_multi_socket_action(multi, CURL_SOCKET_TIMEOUT, 0, &running)
    }

    /// Waits until something happens, unless it must not block, and lets libcurl deal with it.
    func wait(for multi: UnsafeMutableRawPointer, mayBlock: Bool) {
        let timeout = mayBlock ? timer.map { CInt(clamping: max(0, $0 - Self.now)) } ?? -1 : 0
        let count = ready.withUnsafeMutableBufferPointer { Int(cepoll_wait(queue, $0.baseAddress, timeout)) }
        for index in 0..<count {
            let (descriptor, events) = (ready[index].descriptor, ready[index].events)
            if descriptor == wakeup { continue }
            let socket = sockets[Int(descriptor)]
            guard socket.wanted != 0 else {
                // A kept connection that the server has closed, which libcurl finds when it wants to use it again.
                watch(descriptor, for: 0)
                continue
            }
            // Such as room for more to send, after all was sent.
            if socket.wanted != socket.watched { watch(descriptor, for: socket.wanted) }
            // Reading or writing tells libcurl why a connection failed.
            let possible = (events & cepoll_failed != 0 ? socket.wanted : events) & socket.wanted
            var happened: CInt = 0
            if possible & cepoll_in != 0 { happened |= CURL_CSELECT_IN }
            if possible & cepoll_out != 0 { happened |= CURL_CSELECT_OUT }
            guard happened != 0 else { continue }
            var running: CInt = 0
            curl_multi_socket_action(multi, descriptor, happened, &running)
        }
        runTimer(of: multi)
    }

    /// A connection's socket stays registered between its transfers, which spares two calls of the kernel for each.
    private func setInterest(_ events: UInt32, in descriptor: CInt) {
        makeRoom(for: descriptor)
        sockets[Int(descriptor)].wanted = events
        let socket = sockets[Int(descriptor)]
        let isEnough = events & ~socket.watched == 0
        if isEnough, socket.isConnection { return }
        watch(descriptor, for: events)
    }

    private func watch(_ descriptor: CInt, for events: UInt32) {
        let watched = sockets[Int(descriptor)].watched
        guard events != watched else { return }
        if events == 0 {
            cepoll_remove(queue, descriptor)
        } else if watched == 0 {
            if cepoll_add(queue, descriptor, events) != 0 { _ = cepoll_change(queue, descriptor, events) }
        } else if cepoll_change(queue, descriptor, events) != 0 {
            _ = cepoll_add(queue, descriptor, events)
        }
        sockets[Int(descriptor)].watched = events
    }

    private func makeRoom(for descriptor: CInt) {
        while sockets.count <= Int(descriptor) { sockets.append(Socket()) }
    }

    private func setTimer(_ milliseconds: Int) {
        timer = milliseconds < 0 ? nil : Self.now + milliseconds
    }

    private static var now: Int {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return time.tv_sec * 1000 + time.tv_nsec / 1_000_000
    }

    private static let onInterest:
        @convention(c) (
            UnsafeMutableRawPointer?, curl_socket_t, CInt, UnsafeMutableRawPointer?, UnsafeMutableRawPointer?
        ) -> CInt = { _, descriptor, what, context, _ in
            guard let context else { return -1 }
            var events: UInt32 = 0
            if what == CURL_POLL_IN || what == CURL_POLL_INOUT { events |= cepoll_in }
            if what == CURL_POLL_OUT || what == CURL_POLL_INOUT { events |= cepoll_out }
            Unmanaged<CurlEventQueue>.fromOpaque(context).takeUnretainedValue().setInterest(events, in: descriptor)
            return 0
        }

    private static let onTimer: @convention(c) (UnsafeMutableRawPointer?, CLong, UnsafeMutableRawPointer?) -> CInt = {
        _,
        milliseconds,
        context in
        guard let context else { return -1 }
        Unmanaged<CurlEventQueue>.fromOpaque(context).takeUnretainedValue().setTimer(milliseconds)
        return 0
    }

    private static let onOpen:
        @convention(c) (
            UnsafeMutableRawPointer?, curlsocktype, UnsafeMutablePointer<curl_sockaddr>?
        ) -> curl_socket_t = { context, _, address in
            guard let context, let address = address?.pointee else { return CURL_SOCKET_BAD }
            // Programs that are started meanwhile have no business with it.
            let type = address.socktype | CInt(SOCK_CLOEXEC.rawValue)
            let descriptor = socket(address.family, type, address.protocol)
            guard descriptor >= 0 else { return CURL_SOCKET_BAD }
            let queue = Unmanaged<CurlEventQueue>.fromOpaque(context).takeUnretainedValue()
            queue.makeRoom(for: descriptor)
            queue.sockets[Int(descriptor)] = Socket(isConnection: true)
            return descriptor
        }

    private static let onClose: @convention(c) (UnsafeMutableRawPointer?, curl_socket_t) -> CInt = {
        context,
        descriptor in
        guard let context else { return -1 }
        // The kernel forgets a closed socket by itself.
        let queue = Unmanaged<CurlEventQueue>.fromOpaque(context).takeUnretainedValue()
        queue.makeRoom(for: descriptor)
        queue.sockets[Int(descriptor)] = Socket()
        return close(descriptor)
    }
}
