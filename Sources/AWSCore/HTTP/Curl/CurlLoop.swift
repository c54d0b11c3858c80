internal import CCurl
import Glibc
import Synchronization

/// The thread that owns libcurl's multi handle and every easy handle in it.
///
/// Other threads only queue commands. `@unchecked Sendable` is right because of that: `multi` is created before the
/// thread starts and from then on, apart from `curl_multi_wakeup` (which libcurl allows from any thread), it and
/// `active`, `streaming` and `idleHandles` are touched by the loop's thread alone. `multi` lives as long as this object,
/// which everybody holds who could still wake the thread.
final class CurlLoop: @unchecked Sendable {
    enum Command {
        case start(CurlTransfer)
        /// Ends a transfer; nothing happens to one that has ended.
        case end(CurlTransfer, any Error)
        /// Goes on with a transfer that paused itself, in either direction.
        case unpause(CurlTransfer)
    }

    private struct Inbox {
        var commands: [Command] = []
        var isShutDown = false
    }

    private let multi: UnsafeMutableRawPointer
    private let caBundle: String?
    private let inbox = Mutex(Inbox())
    private var active: Set<CurlTransfer> = []
    /// Those among them whose answer is handed over while it arrives.
    private var streaming: Set<CurlTransfer> = []
    private var idleHandles: [CurlEasyHandle] = []
    private let maximumIdleHandles: Int

    /// curl_global_init is not thread-safe in every build of libcurl; a static runs it once.
    private static let isLibraryReady = curl_global_init(Int(CURL_GLOBAL_DEFAULT)) == CURLE_OK

    init(caBundle: String?, maximumIdleConnections: Int) throws {
        guard CurlLoop.isLibraryReady, let multi = curl_multi_init() else {
            throw HTTPError(.resourcesExhausted, "libcurl cannot be set up")
        }
        self.multi = multi
        self.caBundle = caBundle
        self.maximumIdleHandles = maximumIdleConnections
        _ = ccurl_multi_set_long(multi, CURLMOPT_MAXCONNECTS, maximumIdleConnections)
        _ = ccurl_multi_set_long(multi, CURLMOPT_PIPELINING, Int(CURLPIPE_NOTHING))

        let box = Unmanaged.passRetained(self)
        var thread = pthread_t()
        let result = pthread_create(
            &thread,
            nil,
            { argument in
                guard let argument else { return nil }
                Unmanaged<CurlLoop>.fromOpaque(argument).takeRetainedValue().run()
                return nil
            },
            box.toOpaque()
        )
        guard result == 0 else {
            box.release()
            throw HTTPError(.resourcesExhausted, "no thread for the network: \(String(cString: strerror(result)))")
        }
        pthread_detach(thread)
    }

    deinit {
        curl_multi_cleanup(multi)
    }

    func submit(_ command: Command) {
        let mustWake = inbox.withLock { inbox in
            guard !inbox.isShutDown else { return Optional<Bool>.none }
            inbox.commands.append(command)
            return inbox.commands.count == 1
        }
        switch mustWake {
        case true?: curl_multi_wakeup(multi)
        case false?: break
        case nil:
            // Only a start has somebody who waits for an answer.
            if case .start(let transfer) = command { transfer.finish(throwing: CancellationError()) }
        }
    }

    /// Ends every transfer with `CancellationError`, closes the connections and stops the thread.
    func shutDown() {
        inbox.withLock { $0.isShutDown = true }
        curl_multi_wakeup(multi)
    }

    private func run() {
        // A peer that is gone must not end the program by SIGPIPE, and signals are for the threads of whoever handles
        // them; the threads that libcurl starts to look up names inherit this.
        var allSignals = sigset_t()
        sigfillset(&allSignals)
        pthread_sigmask(SIG_SETMASK, &allSignals, nil)

        var isRunning = true
        while isRunning {
            isRunning = executeCommands()
            var running: CInt = 0
            curl_multi_perform(multi, &running)
            for transfer in streaming { transfer.deliverBody() }
            completeFinishedTransfers()
            if isRunning { curl_multi_poll(multi, nil, 0, 60_000, nil) }
        }
        for transfer in active { end(transfer, throwing: CancellationError()) }
        idleHandles.removeAll()
    }

    /// - Returns: whether the loop goes on.
    private func executeCommands() -> Bool {
        let (commands, isShutDown) = inbox.withLock { inbox in
            defer { inbox.commands.removeAll(keepingCapacity: true) }
            return (inbox.commands, inbox.isShutDown)
        }
        for command in commands {
            switch command {
            case .start(let transfer): start(transfer)
            case .end(let transfer, let error):
                if active.contains(transfer) {
                    end(transfer, throwing: error)
                } else if transfer.earlyEnd == nil {
                    transfer.earlyEnd = error
                }
            case .unpause(let transfer):
                if let handle = transfer.handle { curl_easy_pause(handle.pointer, CURLPAUSE_CONT) }
            }
        }
        return !isShutDown
    }

    private func start(_ transfer: CurlTransfer) {
        // A task may be cancelled before its transfer was queued: the two commands then came in reverse.
        if let error = transfer.earlyEnd { return transfer.finish(throwing: error) }
        transfer.upload?.onUnpauseNeeded { [weak self, weak transfer] in
            guard let self, let transfer else { return }
            self.submit(.unpause(transfer))
        }
        do {
            let handle = try idleHandles.popLast() ?? CurlEasyHandle(caBundle: caBundle)
            handle.prepare(for: transfer)
            transfer.handle = handle
            guard curl_multi_add_handle(multi, handle.pointer) == CURLM_OK else {
                throw HTTPError(.resourcesExhausted, "libcurl takes no further transfer")
            }
            active.insert(transfer)
            if transfer.isStreaming { streaming.insert(transfer) }
        } catch {
            transfer.handle = nil
            transfer.finish(throwing: error)
        }
    }

    private func completeFinishedTransfers() {
        var left: CInt = 0
        while let message = curl_multi_info_read(multi, &left) {
            guard message.pointee.msg == CURLMSG_DONE, let pointer = message.pointee.easy_handle else { continue }
            let result = ccurl_message_result(message)
            guard let transfer = CurlTransfer.owner(of: pointer) else { continue }
            if result == CURLE_OK, transfer.head.isWhole {
                release(transfer)
                transfer.succeed()
            } else if result == CURLE_OK {
                let place = "\(transfer.request.scheme.rawValue)://\(transfer.request.authority)"
                end(transfer, throwing: HTTPError(.connectionLost, "\(place): the answer ends within its headers"))
            } else if result == CURLE_SEND_ERROR, transfer.head.status == 0, isReused(pointer) {
                // A kept connection was dead, and writing showed it before reading did: libcurl begins again only in the
                // other case.
                end(transfer, throwing: CurlTransfer.BodyMustRestart())
            } else {
                let detail = transfer.handle?.errorText
                end(
                    transfer,
                    throwing: transfer.failure ?? HTTPError(curl: result, detail: detail, for: transfer.request)
                )
            }
        }
    }

    /// Whether the transfer went over a connection that an earlier one had opened.
    private func isReused(_ handle: UnsafeMutableRawPointer) -> Bool {
        var opened = 0
        return ccurl_get_long(handle, CURLINFO_NUM_CONNECTS, &opened) == CURLE_OK && opened == 0
    }

    private func end(_ transfer: CurlTransfer, throwing error: any Error) {
        release(transfer)
        transfer.finish(throwing: error)
    }

    private func release(_ transfer: CurlTransfer) {
        active.remove(transfer)
        if transfer.isStreaming { streaming.remove(transfer) }
        guard let handle = transfer.handle else { return }
        transfer.handle = nil
        curl_multi_remove_handle(multi, handle.pointer)
        handle.clear()
        if idleHandles.count < maximumIdleHandles { idleHandles.append(handle) }
    }
}
