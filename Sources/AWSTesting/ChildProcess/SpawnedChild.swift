import Glibc

/// A process that was just started, and the ends of its outputs that stay here.
struct SpawnedChild: Sendable {
    var processID: pid_t
    var standardOutput: Int32
    /// `nil` on a terminal.
    var standardError: Int32?

    static func start(
        executable: String,
        arguments: [String],
        environment: [String: String],
        directory: String?,
        outlet: ChildProcess.Outlet
    ) throws -> SpawnedChild {
        var command = [executable] + arguments
        if let directory {
            // env changes the directory and becomes the program, under the same process id.
            command = ["/usr/bin/env", "--chdir=\(directory)"] + command
        }
        let program = command[0]
        return try DescriptorLock.withLock {
            let outputs = try Outputs(outlet)
            do {
                let processID = try spawn(program, command, environment, outputs)
                outputs.closeChildEnds()
                return SpawnedChild(
                    processID: processID,
                    standardOutput: outputs.parentOutput,
                    standardError: outputs.parentError
                )
            } catch {
                outputs.closeChildEnds()
                outputs.closeParentEnds()
                throw error
            }
        }
    }

    private static func spawn(
        _ program: String,
        _ command: [String],
        _ environment: [String: String],
        _ outputs: Outputs
    ) throws -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, outputs.childOutput, 1)
        posix_spawn_file_actions_adddup2(&actions, outputs.childError, 2)

        // A process group of its own: a Ctrl-C in the terminal that runs the tests must not reach it first. The
        // signals that a test runner may have blocked or ignored are set back.
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        sigemptyset(&none)
        var all = sigset_t()
        sigfillset(&all)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setsigdefault(&attributes, &all)
        posix_spawnattr_setpgroup(&attributes, 0)
        posix_spawnattr_setflags(
            &attributes,
            Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP)
        )

        var argv = command.map { strdup($0) } + [nil]
        var envp = environment.sorted { $0.key < $1.key }.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { (argv + envp).forEach { free($0) } }
        var processID = pid_t()
        let status = posix_spawn(&processID, program, &actions, &attributes, &argv, &envp)
        guard status == 0 else { throw SpawnError(call: "posix_spawn \(program)", code: status) }
        return processID
    }

    /// The two ends of what the child writes to.
    private struct Outputs {
        var parentOutput: Int32
        var parentError: Int32?
        var childOutput: Int32
        var childError: Int32

        init(_ outlet: ChildProcess.Outlet) throws {
            switch outlet {
            case .pipes:
                let output = try Self.makePipe()
                let error = try Self.makePipe()
                (parentOutput, childOutput) = output
                (parentError, childError) = error
            case .terminal(let columns):
                var size = winsize(ws_row: 24, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0)
                var (parent, child): (Int32, Int32) = (-1, -1)
                guard openpty(&parent, &child, nil, nil, &size) == 0 else {
                    throw SpawnError(call: "openpty", code: errno)
                }
                for descriptor in [parent, child] { _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC) }
                (parentOutput, parentError, childOutput, childError) = (parent, nil, child, child)
            }
        }

        private static func makePipe() throws -> (Int32, Int32) {
            var ends: [Int32] = [-1, -1]
            guard pipe(&ends) == 0 else { throw SpawnError(call: "pipe", code: errno) }
            for descriptor in ends { _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC) }
            return (ends[0], ends[1])
        }

        func closeChildEnds() {
            close(childOutput)
            if childError != childOutput { close(childError) }
        }

        func closeParentEnds() {
            close(parentOutput)
            if let parentError { close(parentError) }
        }
    }
}
