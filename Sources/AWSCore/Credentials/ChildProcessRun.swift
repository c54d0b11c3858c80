import Glibc
import Synchronization

/// One run of a program, from start to end; blocks its thread.
struct ChildProcessRun: Sendable {
    let arguments: [String]
    let environment: [String: String]
    let timeout: Duration
    let isCancelled: ChildProcess.CancellationFlag

    private static let maximumOutput = 1 << 20
    private static let maximumErrorText = 4096
    /// How long a look for the program's end or a cancellation may be put off, in milliseconds.
    private static let tick: Int32 = 20

    func run() throws -> ChildProcess.Result {
        let deadline = ContinuousClock.now + timeout
        var output = try Pipe()
        defer { output.close() }
        var errors = try Pipe()
        defer { errors.close() }
        let process = try start(output, errors)
        output.closeWriteEnd()
        errors.closeWriteEnd()
        var printed: [UInt8] = []
        var said: [UInt8] = []
        while true {
            output.waitUntilReadable(or: errors, milliseconds: Self.tick)
            // Looked for before the reading: what is there after the program's end is then all it has written.
            let end = try Self.end(of: process)
            output.read { printed += $0 }
            errors.read { said += $0.prefix(max(0, Self.maximumErrorText - said.count)) }
            guard printed.count <= Self.maximumOutput else {
                if end == nil { Self.kill(process) }
                throw ChildProcess.Failure(description: "printed more than 1 MiB")
            }
            if let end { return ChildProcess.Result(end: end, standardOutput: printed, standardError: said) }
            if isCancelled.value.load(ordering: .relaxed) {
                Self.kill(process)
                throw CancellationError()
            }
            if ContinuousClock.now >= deadline {
                Self.kill(process)
                throw ChildProcess.Failure(description: "did not end within \(timeout)")
            }
        }
    }

    private func start(_ output: Pipe, _ errors: Pipe) throws -> pid_t {
        var actions = posix_spawn_file_actions_t()
        var attributes = posix_spawnattr_t()
        posix_spawn_file_actions_init(&actions)
        posix_spawnattr_init(&attributes)
        defer {
            posix_spawn_file_actions_destroy(&actions)
            posix_spawnattr_destroy(&attributes)
        }
        posix_spawn_file_actions_adddup2(&actions, output.writeEnd, STDOUT_FILENO)
        posix_spawn_file_actions_adddup2(&actions, errors.writeEnd, STDERR_FILENO)
        // The program starts with the signals of a fresh shell, whatever this process blocks or ignores.
        var none = sigset_t()
        var usual = sigset_t()
        sigemptyset(&none)
        sigemptyset(&usual)
        for signal in [SIGINT, SIGTERM, SIGPIPE, SIGHUP, SIGQUIT, SIGCHLD] { sigaddset(&usual, signal) }
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setsigdefault(&attributes, &usual)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK) | Int16(POSIX_SPAWN_SETSIGDEF))

        let words = CStringArray(arguments)
        let variables = CStringArray(environment.map { "\($0.key)=\($0.value)" })
        defer {
            words.free()
            variables.free()
        }
        var process = pid_t()
        let code = posix_spawnp(&process, arguments[0], &actions, &attributes, words.pointers, variables.pointers)
        guard code == 0 else {
            throw ChildProcess.Failure(description: "cannot be started: \(String(cString: strerror(code)))")
        }
        return process
    }

    private static func end(of process: pid_t) throws -> ChildProcess.Result.End? {
        var status: Int32 = 0
        let found = waitpid(process, &status, WNOHANG)
        if found == 0 || (found < 0 && errno == EINTR) { return nil }
        guard found == process else {
            throw ChildProcess.Failure(description: "was lost: \(String(cString: strerror(errno)))")
        }
        // The C macros WIFSIGNALED, WTERMSIG and WEXITSTATUS, which Swift does not see.
        let signal = status & 0x7F
        return signal == 0 ? .status((status >> 8) & 0xFF) : .signal(signal)
    }

    private static func kill(_ process: pid_t) {
        Glibc.kill(process, SIGTERM)
        for _ in 0..<50 {
            if (try? end(of: process)) != .some(nil) { return }
            usleep(20_000)
        }
        Glibc.kill(process, SIGKILL)
        var status: Int32 = 0
        while waitpid(process, &status, 0) < 0 && errno == EINTR {}
    }
}

/// A pipe whose read end does not block.
private struct Pipe {
    /// -1 once it is closed.
    private(set) var readEnd: Int32
    private(set) var writeEnd: Int32

    init() throws {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else {
            throw ChildProcess.Failure(description: "cannot be run: \(String(cString: strerror(errno)))")
        }
        readEnd = ends[0]
        writeEnd = ends[1]
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        _ = fcntl(readEnd, F_SETFL, O_NONBLOCK)
    }

    /// Waits until one of both has something to read or has ended.
    func waitUntilReadable(or other: Pipe, milliseconds: Int32) {
        // poll passes over descriptors below zero.
        var polled = [self, other].map { pollfd(fd: $0.readEnd, events: Int16(POLLIN), revents: 0) }
        poll(&polled, nfds_t(polled.count), milliseconds)
    }

    /// Reads what is there, and closes the read end when nothing can come any more.
    mutating func read(_ body: (ArraySlice<UInt8>) -> Void) {
        guard readEnd >= 0 else { return }
        var buffer = [UInt8](repeating: 0, count: 65536)
        // Bounded, so that a program that prints without end is still looked at in between.
        for _ in 0..<32 {
            let count = Glibc.read(readEnd, &buffer, buffer.count)
            if count > 0 {
                body(buffer[..<count])
            } else if count < 0, errno == EINTR {
                continue
            } else {
                if count == 0 || errno != EAGAIN {
                    Glibc.close(readEnd)
                    readEnd = -1
                }
                return
            }
        }
    }

    mutating func closeWriteEnd() {
        if writeEnd >= 0 { Glibc.close(writeEnd) }
        writeEnd = -1
    }

    mutating func close() {
        closeWriteEnd()
        if readEnd >= 0 { Glibc.close(readEnd) }
        readEnd = -1
    }
}

/// Strings as C programs take them: pointers, `nil` after the last.
private struct CStringArray {
    let pointers: [UnsafeMutablePointer<CChar>?]

    init(_ strings: [String]) {
        pointers = strings.map { strdup($0) } + [nil]
    }

    func free() {
        for pointer in pointers { Glibc.free(pointer) }
    }
}
