/// A command of the user's own, run by `/bin/sh`: the one way in which other modules start programs.
package enum ShellRun {
    package struct Ending: Sendable, Equatable {
        /// How it ended when not well, as "ended with 3"; `nil` for the status 0.
        package var fault: String?
        /// What it printed on standard output, at most 1 MiB.
        package var standardOutput: String
        /// What it printed on standard error, at most the first 4 KiB.
        package var standardError: String
    }

    /// Why there is no ending; reads as a sentence after the command.
    package struct Failure: Error, Sendable, CustomStringConvertible {
        package var description: String
    }

    /// Runs a command to its end.
    ///
    /// A cancelled task and a command that takes longer than `timeout` end the shell; what it has started itself may
    /// live on.
    /// - Throws: ``Failure`` when it cannot be started, takes too long or prints more than 1 MiB; `CancellationError`.
    package static func run(
        _ command: String,
        environment: [String: String] = ProcessEnvironment.variables(),
        timeout: Duration
    ) async throws -> Ending {
        do {
            let result = try await ChildProcess.run(
                ["/bin/sh", "-c", command],
                environment: environment,
                timeout: timeout
            )
            let fault: String? =
                switch result.end {
                case .status(0): nil
                case .status(let code): "ended with \(code)"
                case .signal(let signal): "was ended by signal \(signal)"
                }
            return Ending(
                fault: fault,
                standardOutput: String(decoding: result.standardOutput, as: UTF8.self),
                standardError: String(decoding: result.standardError, as: UTF8.self)
            )
        } catch let failure as ChildProcess.Failure {
            throw Failure(description: failure.description)
        }
    }
}
