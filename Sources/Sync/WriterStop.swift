import AWSCore
import Terminal

/// The user's own command that stops everything that writes to the sources: `sync cutover --stop-writers`.
struct WriterStop: Sendable {
    /// For `/bin/sh -c`.
    let command: String
    let timeout: Duration

    /// Why the writers are not known to have stopped.
    struct Failure: Error, Sendable, Equatable, CustomStringConvertible {
        var description: String
    }

    /// Runs the command to its end; what it prints goes to standard error.
    ///
    /// - Returns: what the report says of it.
    /// - Throws: ``Failure`` when it does not end with 0; `CancellationError`.
    func run(_ console: Console) async throws -> String {
        console.progress.update("Stopping the writers: \(command)")
        let ending: ShellRun.Ending
        do {
            ending = try await ShellRun.run(command, timeout: timeout)
        } catch let failure as ShellRun.Failure {
            throw Failure(description: text(failure.description))
        }
        console.progress.clear()
        for line in (ending.standardOutput + ending.standardError).split(whereSeparator: \.isNewline) {
            console.note("  \(line)")
        }
        if let fault = ending.fault { throw Failure(description: text(fault)) }
        return "stopped by: \(command)"
    }

    private func text(_ fault: String) -> String {
        "--stop-writers \(OneLine.text(command)) \(fault), so that writers may be at work; stop them, and run sync cutover"
            + " again"
    }
}
