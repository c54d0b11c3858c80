internal import CCurl
import Glibc
import Synchronization

/// The thread that owns libcurl's multi handle and every easy handle in it, and runs the tasks that prefer it.
///
/// Other threads only queue commands and jobs. `@unchecked Sendable` is right because of that: `multi` is created before
/// the thread starts and from then on it, `active`, `streaming`, `idleHandles`, `commands` and `jobs` are touched by the
/// loop's thread alone. `multi` lives as long as this object.
///
/// As a task executor it saves what handing requests and answers from thread to thread costs, which is more than a small
/// request itself. A job never runs inside of a callback of libcurl's, so that it may start and end transfers.
final class CurlLoop: TaskExecutor, @unchecked Sendable {
    enum Command {
        case start(CurlTransfer)
        /// Ends a transfer; nothing happens to one that has ended.
        case end(CurlTransfer, any Error)
        /// Goes on with a transfer that paused itself, in either direction.
        case unpause(CurlTransfer)
    }

    /// What other threads have for this one.
    private struct Inbox {
        var commands: [Command] = []
        var jobs: [UnownedJob] = []
        /// Whether the loop waits for something to happen, and must be woken.
        var isAsleep = false
        var isShutDown = false
        /// The thread has ended: nothing is taken any more.
        var isClosed = false

        var isEmpty: Bool { commands.isEmpty && jobs.isEmpty && !isShutDown }
    }

    private let multi: UnsafeMutableRawPointer
    private let events: CurlEventQueue
    private let caBundle: String?
    private let inbox = Mutex(Inbox())
    /// The loop's thread while it runs, 0 before and after.
    private let thread = Atomic<UInt>(0)
    private var commands: [Command] = []
    private var jobs: [UnownedJob] = []
    private var active: [CurlTransfer] = []
    /// Those among them whose answer is handed over while it arrives.
    private var streaming: Set<CurlTransfer> = []
    private var idleHandles: [CurlEasyHandle] = []
    private let maximumIdleHandles: Int

    /// How many jobs run before the connections get their turn: tasks that always have something to do must not keep
    /// answers from being read.
    private static let maximumJobsInARow = 512

    /// curl_global_init is not thread-safe in every build of libcurl; a static runs it once.
    private static let isLibraryReady = curl_global_init(Int(CURL_GLOBAL_DEFAULT)) == CURLE_OK

    /// Keeps the memory of bodies for the next ones, up to 64 MiB that nobody uses.
    ///
    /// As glibc comes, a piece of a body, 256 KiB, may go back to the system each time that it was read, and is faulted in
    /// anew for the next one: a third of the processor time of a download (mallopt(3)).
    private static let keepsMemory = cmemory_keep(4 << 20, 64 << 20)

    init(caBundle: String?, maximumIdleConnections: Int) throws {
        _ = Self.keepsMemory
        let events = try CurlEventQueue()
        guard CurlLoop.isLibraryReady, let multi = curl_multi_init() else {
            throw HTTPError(.resourcesExhausted, "libcurl cannot be set up")
        }
        self.multi = multi
        self.events = events
        self.caBundle = caBundle
        self.maximumIdleHandles = maximumIdleConnections
        events.attach(to: multi)
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
        if isCurrentThread { return commands.append(command) }
        let isTaken = queue { $0.commands.append(command) }
        // Only a start has somebody who waits for an answer.
        if !isTaken, case .start(let transfer) = command { transfer.finish(throwing: CancellationError()) }
    }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        if isCurrentThread { return jobs.append(job) }
        // A task may outlive the transport; it then runs where others run.
        if !queue({ $0.jobs.append(job) }) { globalConcurrentExecutor.enqueue(job) }
    }

    /// Ends every transfer with `CancellationError`, closes the connections and stops the thread.
    func shutDown() {
        queue { $0.isShutDown = true }
    }

    private var isCurrentThread: Bool {
        thread.load(ordering: .relaxed) == UInt(pthread_self())
    }

    /// Puts something into the inbox and wakes the loop if it must.
    ///
    /// - Returns: `false` when the loop has ended and nothing was put in.
    @discardableResult
    private func queue(_ change: (inout Inbox) -> Void) -> Bool {
        let (isTaken, mustWake) = inbox.withLock { inbox in
            guard !inbox.isClosed else { return (false, false) }
            change(&inbox)
            defer { inbox.isAsleep = false }
            return (true, inbox.isAsleep)
        }
        if mustWake { events.wake() }
        return isTaken
    }

    private func run() {
        // A peer that is gone must not end the program by SIGPIPE, and signals are for the threads of whoever handles
        // them; the threads that libcurl starts to look up names inherit this.
        var allSignals = sigset_t()
        sigfillset(&allSignals)
        pthread_sigmask(SIG_SETMASK, &allSignals, nil)
        thread.store(UInt(pthread_self()), ordering: .relaxed)

        while emptyInbox() {
            runJobs()
            executeCommands()
            events.runTimer(of: multi)
            completeFinishedTransfers()
            events.wait(for: multi, mayBlock: mayBlock())
            for transfer in streaming { transfer.deliverBody() }
            completeFinishedTransfers()
        }
        end()
    }

    /// Takes what other threads have put in.
    ///
    /// - Returns: whether the loop goes on.
    private func emptyInbox() -> Bool {
        inbox.withLock { inbox in
            inbox.isAsleep = false
            commands.append(contentsOf: inbox.commands)
            jobs.append(contentsOf: inbox.jobs)
            inbox.commands.removeAll(keepingCapacity: true)
            inbox.jobs.removeAll(keepingCapacity: true)
            return !inbox.isShutDown
        }
    }

    /// Whether there is nothing left to do but to wait; whoever comes now wakes the loop.
    private func mayBlock() -> Bool {
        guard commands.isEmpty, jobs.isEmpty else { return false }
        return inbox.withLock { inbox in
            inbox.isAsleep = inbox.isEmpty
            return inbox.isAsleep
        }
    }

    private func runJobs() {
        var done = 0
        while done < jobs.count, done < Self.maximumJobsInARow {
            let job = jobs[done]
            done += 1
            job.runSynchronously(on: asUnownedTaskExecutor())
        }
        jobs.removeFirst(done)
    }

    private func executeCommands() {
        // A command may queue another one, which belongs behind those that are there.
        var next = 0
        while next < commands.count {
            switch commands[next] {
            case .start(let transfer): start(transfer)
            case .end(let transfer, let error):
                if transfer.activeIndex != nil {
                    end(transfer, throwing: error)
                } else if transfer.earlyEnd == nil {
                    transfer.earlyEnd = error
                }
            case .unpause(let transfer):
                if let handle = transfer.handle { curl_easy_pause(handle.pointer, CURLPAUSE_CONT) }
            }
            next += 1
        }
        commands.removeAll(keepingCapacity: true)
    }

    private func start(_ transfer: CurlTransfer) {
        // A task may be cancelled before its transfer was queued: the two commands then came in reverse.
        if let error = transfer.earlyEnd { return transfer.finish(throwing: error) }
        transfer.upload?.onUnpauseNeeded { [weak self, weak transfer] in
            guard let self, let transfer else { return }
            self.submit(.unpause(transfer))
        }
        do {
            let handle = try idleHandles.popLast() ?? makeHandle()
            try handle.prepare(for: transfer)
            transfer.handle = handle
            guard curl_multi_add_handle(multi, handle.pointer) == CURLM_OK else {
                throw HTTPError(.resourcesExhausted, "libcurl takes no further transfer")
            }
            transfer.activeIndex = active.count
            active.append(transfer)
            if transfer.isStreaming { streaming.insert(transfer) }
        } catch {
            transfer.handle = nil
            transfer.finish(throwing: error)
        }
    }

    private func makeHandle() throws -> CurlEasyHandle {
        let handle = try CurlEasyHandle(caBundle: caBundle)
        events.attach(to: handle)
        return handle
    }

    private func completeFinishedTransfers() {
        var left: CInt = 0
        while let message = curl_multi_info_read(multi, &left) {
            guard message.pointee.msg == CURLMSG_DONE, let pointer = message.pointee.easy_handle else { continue }
            let result = ccurl_message_result(message)
            guard let transfer = CurlEasyHandle.owner(of: pointer)?.transfer else { continue }
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
        if let index = transfer.activeIndex {
            let last = active.removeLast()
            if last !== transfer {
                active[index] = last
                last.activeIndex = index
            }
            transfer.activeIndex = nil
        }
        if transfer.isStreaming { streaming.remove(transfer) }
        guard let handle = transfer.handle else { return }
        transfer.handle = nil
        curl_multi_remove_handle(multi, handle.pointer)
        handle.clear()
        if idleHandles.count < maximumIdleHandles { idleHandles.append(handle) }
    }

    /// Ends everything, and takes nothing more once the tasks that were waiting have run as far as they could.
    private func end() {
        var isOpen = true
        while isOpen {
            for command in commands {
                if case .start(let transfer) = command { transfer.finish(throwing: CancellationError()) }
            }
            commands.removeAll()
            for transfer in active { end(transfer, throwing: CancellationError()) }
            while !jobs.isEmpty { runJobs() }
            _ = emptyInbox()
            isOpen = !commands.isEmpty || !jobs.isEmpty || !closeInbox()
        }
        thread.store(0, ordering: .relaxed)
        idleHandles.removeAll()
    }

    /// - Returns: whether nothing was left in it.
    private func closeInbox() -> Bool {
        inbox.withLock { inbox in
            inbox.isClosed = inbox.commands.isEmpty && inbox.jobs.isEmpty
            return inbox.isClosed
        }
    }
}
