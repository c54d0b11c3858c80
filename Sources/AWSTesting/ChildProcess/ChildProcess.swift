package import Glibc
import Synchronization

/// A program that a test runs as its users do.
///
/// It is killed, by its process id, when its time is over or when this object goes away before it has ended.
package final class ChildProcess: Sendable {
    /// How a child process ended.
    package enum Ending: Sendable, Equatable {
        case exited(Int32)
        case killed(signal: Int32)
    }

    package struct Output: Sendable {
        package var ending: Ending
        package var standardOutput: String
        /// Empty when the process ran on a terminal, where both go to the same place.
        package var standardError: String

        /// `nil` when a signal ended the process.
        package var exitCode: Int32? {
            if case .exited(let code) = ending { code } else { nil }
        }
    }

    /// The process did not end in its time; it was killed.
    package struct TimedOut: Error, CustomStringConvertible {
        package var command: String
        package var limit: Duration
        package var standardOutput: String
        package var standardError: String

        package var description: String {
            "\(command) did not end within \(limit); stdout: \(standardOutput); stderr: \(standardError)"
        }
    }

    /// Where the program's output goes.
    package enum Outlet: Sendable {
        case pipes
        /// A pseudo terminal of so many columns, for output and errors together; lines end with CR LF.
        case terminal(columns: UInt16)
    }

    struct State: Sendable {
        var standardOutput: [UInt8] = []
        var standardError: [UInt8] = []
        var openOutputs = 0
        var ending: Ending?

        var hasEnded: Bool { ending != nil && openOutputs == 0 }
    }

    package let processID: pid_t
    private let command: String
    private let state: WatchedValue<State>

    /// Starts `executable` with exactly this environment.
    ///
    /// - Parameters:
    ///   - executable: A path; ``builtProduct(_:)`` gives that of this package's programs.
    ///   - environment: Everything the program sees; nothing is inherited.
    ///   - directory: Where it runs; `nil` for the test's own.
    package init(
        _ executable: String,
        _ arguments: [String] = [],
        environment: [String: String] = [:],
        directory: String? = nil,
        outlet: Outlet = .pipes
    ) throws {
        let child = try SpawnedChild.start(
            executable: executable,
            arguments: arguments,
            environment: environment,
            directory: directory,
            outlet: outlet
        )
        command = ([executable] + arguments).joined(separator: " ")
        processID = child.processID
        let state = WatchedValue(State(openOutputs: child.standardError == nil ? 1 : 2))
        self.state = state
        try Self.read(child.standardOutput, into: \.standardOutput, of: state)
        if let standardError = child.standardError { try Self.read(standardError, into: \.standardError, of: state) }
        try Self.awaitEnd(of: child.processID, in: state)
    }

    deinit {
        signal(SIGKILL)
    }

    /// Sends a signal, such as SIGINT for Ctrl-C, unless the process has already ended.
    package func signal(_ number: Int32) {
        // Under the lock, so that the id cannot be given to another process between the question and the signal.
        state.update { state in
            if state.ending == nil { kill(processID, number) }
        }
    }

    /// What the process has written to its standard output so far.
    package var standardOutput: String { String(decoding: state.current.standardOutput, as: UTF8.self) }

    /// Suspends until the process has ended and all its output is there.
    ///
    /// - Throws: ``TimedOut``; `CancellationError`, and the process is killed.
    package func output(timeLimit: Duration = .seconds(120)) async throws -> Output {
        let state = try await wait(timeLimit: timeLimit) { $0.hasEnded }
        guard let ending = state.ending else { throw CancellationError() }
        return Output(
            ending: ending,
            standardOutput: String(decoding: state.standardOutput, as: UTF8.self),
            standardError: String(decoding: state.standardError, as: UTF8.self)
        )
    }

    /// Suspends until the process has written `text` to either output.
    ///
    /// - Throws: ``TimedOut``, also when the process ended without having written it; `CancellationError`.
    package func waitForText(_ text: String, timeLimit: Duration = .seconds(120)) async throws {
        let wanted = text
        let state = try await wait(timeLimit: timeLimit) { state in
            state.hasEnded || Self.contains(wanted, state)
        }
        guard Self.contains(wanted, state) else { throw timedOut(state, after: timeLimit) }
    }

    /// Runs a program to its end.
    package static func run(
        _ executable: String,
        _ arguments: [String] = [],
        environment: [String: String] = [:],
        directory: String? = nil,
        outlet: Outlet = .pipes,
        timeLimit: Duration = .seconds(120)
    ) async throws -> Output {
        try await ChildProcess(
            executable,
            arguments,
            environment: environment,
            directory: directory,
            outlet: outlet
        ).output(timeLimit: timeLimit)
    }

    /// The path of a program of this package, built beside the tests that run now.
    package static func builtProduct(_ name: String) -> String {
        var path = [CChar](repeating: 0, count: 4096)
        let count = readlink("/proc/self/exe", &path, path.count)
        let tests = String(decoding: path.prefix(max(0, count)).map(UInt8.init(bitPattern:)), as: UTF8.self)
        guard let slash = tests.lastIndex(of: "/") else { return name }
        return "\(tests[..<slash])/\(name)"
    }

    // MARK: Waiting

    private func wait(
        timeLimit: Duration,
        until condition: @escaping @Sendable (State) -> Bool
    ) async throws -> State {
        do {
            return try await withThrowingTaskGroup(of: State.self) { [state] group in
                group.addTask { try await state.wait(until: condition) }
                group.addTask {
                    try await Task.sleep(for: timeLimit)
                    throw self.timedOut(state.current, after: timeLimit)
                }
                defer { group.cancelAll() }
                guard let first = try await group.next() else { throw CancellationError() }
                return first
            }
        } catch {
            signal(SIGKILL)
            throw error
        }
    }

    private func timedOut(_ state: State, after limit: Duration) -> TimedOut {
        TimedOut(
            command: command,
            limit: limit,
            standardOutput: String(decoding: state.standardOutput, as: UTF8.self),
            standardError: String(decoding: state.standardError, as: UTF8.self)
        )
    }

    private static func contains(_ text: String, _ state: State) -> Bool {
        [state.standardOutput, state.standardError].contains { String(decoding: $0, as: UTF8.self).contains(text) }
    }

    // MARK: Threads

    private static func read(
        _ descriptor: Int32,
        into output: any WritableKeyPath<State, [UInt8]> & Sendable,
        of state: WatchedValue<State>
    ) throws {
        let thread = TestThread {
            var piece = [UInt8](repeating: 0, count: 16384)
            while true {
                let count = Glibc.read(descriptor, &piece, piece.count)
                if count < 0 && errno == EINTR { continue }
                // A terminal whose other side is closed gives EIO, a pipe 0.
                guard count > 0 else { break }
                let bytes = piece.prefix(count)
                state.update { $0[keyPath: output] += bytes }
            }
            close(descriptor)
            state.update { $0.openOutputs -= 1 }
        }
        guard let thread else { throw SpawnError(call: "pthread_create", code: errno) }
        thread.detach()
    }

    private static func awaitEnd(of processID: pid_t, in state: WatchedValue<State>) throws {
        let thread = TestThread {
            var info = siginfo_t()
            // Leaves the zombie: its id stays taken until `ending` is set, so that no signal hits a stranger.
            while waitid(P_PID, id_t(processID), &info, WEXITED | WNOWAIT) < 0 && errno == EINTR {}
            state.update { state in
                var status: Int32 = 0
                while waitpid(processID, &status, 0) < 0 && errno == EINTR {}
                // WIFEXITED and its relatives are macros that Swift does not see.
                let signal = status & 0x7F
                state.ending = signal == 0 ? .exited((status >> 8) & 0xFF) : .killed(signal: signal)
            }
        }
        guard let thread else { throw SpawnError(call: "pthread_create", code: errno) }
        thread.detach()
    }
}

/// Why a program could not be started.
package struct SpawnError: Error, CustomStringConvertible {
    package var call: String
    package var code: Int32
    package var description: String { "the program could not be started: \(call): \(String(cString: strerror(code)))" }
}
