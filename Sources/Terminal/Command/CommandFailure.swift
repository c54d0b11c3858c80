/// An error for the person at the keyboard, with the exit code to end with.
package struct CommandFailure: Error, Sendable, Equatable, CustomStringConvertible {
    /// One line: what failed, on what, and what to do.
    package var message: String
    package var status: ExitStatus
    /// Further lines, such as the command that continues the work.
    package var hints: [String]

    package init(_ message: String, status: ExitStatus = .failure, hints: [String] = []) {
        self.message = message
        self.status = status
        self.hints = hints
    }

    /// Thrown in place of `CancellationError` by a command that leaves something running.
    ///
    /// - Parameter hints: What goes on and how to follow it.
    package static func interrupted(hints: [String]) -> CommandFailure {
        CommandFailure("interrupted", status: .interrupted, hints: hints)
    }

    package var description: String { message }
}
