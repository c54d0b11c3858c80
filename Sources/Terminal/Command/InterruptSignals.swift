import Glibc
import Synchronization

/// Turns SIGINT and SIGTERM into a call on an ordinary thread; the second one ends the process at once.
///
/// Handlers, unlike ignored or blocked signals, are not inherited by programs that this one starts
/// (`credential_process`): these end by Ctrl-C as usual.
enum InterruptSignals {
    /// The write end of the pipe to the thread; an atomic, because a signal handler may touch nothing else.
    private static let pipeEnd = Atomic<Int32>(-1)
    private static let count = Atomic<Int>(0)

    /// Calls `action` once, on a thread of its own, when the first signal comes.
    ///
    /// To be called once in a process.
    static func onFirst(_ action: @escaping @Sendable () -> Void) {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { return }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        let readEnd = ends[0]
        pipeEnd.store(ends[1], ordering: .sequentiallyConsistent)
        // Both lazily made statics exist before a handler can run.
        count.store(0, ordering: .sequentiallyConsistent)

        let body = Unmanaged.passRetained(Body(readEnd: readEnd, action: action))
        var thread = pthread_t()
        let status = pthread_create(
            &thread,
            nil,
            { argument in
                if let argument { Unmanaged<Body>.fromOpaque(argument).takeRetainedValue().run() }
                return nil
            },
            body.toOpaque()
        )
        guard status == 0 else {
            body.release()
            return
        }
        pthread_detach(thread)

        for number in [SIGINT, SIGTERM] {
            var handling = sigaction()
            handling.__sigaction_handler.sa_handler = { _ in InterruptSignals.receive() }
            sigemptyset(&handling.sa_mask)
            handling.sa_flags = SA_RESTART
            sigaction(number, &handling, nil)
        }
    }

    /// The handler: async-signal-safe calls only.
    private static func receive() {
        let saved = errno
        if count.add(1, ordering: .sequentiallyConsistent).oldValue > 0 {
            var newline = UInt8(ascii: "\n")
            _ = write(STDERR_FILENO, &newline, 1)
            _exit(ExitStatus.interrupted.rawValue)
        }
        var byte: UInt8 = 1
        _ = write(pipeEnd.load(ordering: .sequentiallyConsistent), &byte, 1)
        errno = saved
    }

    private final class Body: Sendable {
        let readEnd: Int32
        let action: @Sendable () -> Void

        init(readEnd: Int32, action: @escaping @Sendable () -> Void) {
            self.readEnd = readEnd
            self.action = action
        }

        func run() {
            var byte: UInt8 = 0
            while read(readEnd, &byte, 1) < 0 && errno == EINTR {}
            action()
        }
    }
}
