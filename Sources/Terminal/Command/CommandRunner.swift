internal import AWSCore
package import ArgumentParser
import CGlibcCompatibility
import FoundationEssentials
import Glibc

/// Runs a program: parses its command line, runs the command, turns errors into one line and an exit code.
///
/// In place of ArgumentParser's own `main()`:
/// ```swift
/// @main
/// struct Monitor: AsyncParsableCommand {
///     static func main() async { await CommandRunner.main(self, hints: Remedy.hints(for:)) }
/// }
/// ```
package struct CommandRunner: Sendable {
    private let output: TextOutput
    private let errors: TextOutput
    private let environment: [String: String]
    private let hints: @Sendable (any Error) -> [String]
    private let usageHints: @Sendable ([String]) -> [String]

    /// - Parameters:
    ///   - hints: What to do about an error, a line each, below the line that says what failed. A ``CommandFailure``
    ///     brings its own.
    ///   - usageHints: What was probably meant by a wrong command line, given as its arguments; a line each.
    package init(
        output: TextOutput = .standardOutput,
        errors: TextOutput = .standardError,
        environment: [String: String] = ProcessEnvironment.variables(),
        hints: @escaping @Sendable (any Error) -> [String] = { _ in [] },
        usageHints: @escaping @Sendable ([String]) -> [String] = { _ in [] }
    ) {
        self.usageHints = usageHints
        self.output = output
        self.errors = errors
        self.environment = environment
        self.hints = hints
    }

    /// Runs the program to its end.
    ///
    /// Ctrl-C and SIGTERM cancel the command, which may clean up and say how to follow what goes on elsewhere; a second
    /// one ends the process at once.
    package static func main<Program: ParsableCommand>(
        _ program: Program.Type,
        arguments: [String] = Array(CommandLine.arguments.dropFirst()),
        hints: @escaping @Sendable (any Error) -> [String] = { _ in [] },
        usageHints: @escaping @Sendable ([String]) -> [String] = { _ in [] }
    ) async -> Never {
        guard use_built_in_name_services() == 0 else { exit(ExitStatus.failure.rawValue) }
        // A reader that goes away (`| head`) or a lost connection gives an error where it happens, not a dead process.
        signal(SIGPIPE, SIG_IGN)
        let running = Task { await CommandRunner(hints: hints, usageHints: usageHints).run(program, arguments) }
        InterruptSignals.onFirst { running.cancel() }
        let ending = await running.value
        if ending == .readerGone {
            // As every other program in a pipeline ends: silently, by SIGPIPE.
            signal(SIGPIPE, SIG_DFL)
            raise(SIGPIPE)
        }
        exit(ending.exitCode)
    }

    /// How a command ended.
    package enum Ending: Sendable, Equatable {
        case exited(Int32)
        /// Whoever read the results has gone.
        case readerGone

        package var exitCode: Int32 {
            switch self {
            case .exited(let code): code
            case .readerGone: 128 + SIGPIPE
            }
        }
    }

    /// Parses and runs, with cancellation of the task for Ctrl-C.
    package func run<Program: ParsableCommand>(_ program: Program.Type, _ arguments: [String]) async -> Ending {
        do {
            var command = try program.parseAsRoot(SubcommandOrder.normalized(arguments, for: program))
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
            return .exited(ExitStatus.success.rawValue)
        } catch {
            return end(program, arguments, with: error)
        }
    }

    private func end<Program: ParsableCommand>(_ program: Program.Type, _ arguments: [String], with error: any Error)
        -> Ending
    {
        let noColor = arguments.contains("--no-color")
        switch error {
        case let status as ExitStatus:
            return .exited(status.rawValue)
        case let code as ExitCode:
            return .exited(code.rawValue)
        case let failure as TextOutput.Failure where failure.isReaderGone:
            return .readerGone
        case let failure as CommandFailure:
            report(program, failure.message, isError: failure.status != .interrupted, noColor: noColor)
            write(failure.hints)
            return .exited(failure.status.rawValue)
        case is CancellationError:
            report(program, "interrupted", isError: false, noColor: noColor)
            return .exited(ExitStatus.interrupted.rawValue)
        default:
            return endByParser(program, arguments, with: error, noColor: noColor)
        }
    }

    /// Errors of the command line, requests for help, and everything that is no error of ours.
    private func endByParser<Program: ParsableCommand>(
        _ program: Program.Type,
        _ arguments: [String],
        with error: any Error,
        noColor: Bool
    ) -> Ending {
        let code = program.exitCode(for: error)
        let text = program.fullMessage(for: error)
        if code == .success {
            do {
                try output.write(text.isEmpty ? "" : text + "\n")
                return .exited(ExitStatus.success.rawValue)
            } catch let failure as TextOutput.Failure where failure.isReaderGone {
                return .readerGone
            } catch {
                report(program, "\(error)", isError: true, noColor: noColor)
                return .exited(ExitStatus.failure.rawValue)
            }
        }
        guard code == .validationFailure else {
            report(program, "\(error)", isError: true, noColor: noColor)
            write(hints(error))
            return .exited(ExitStatus.failure.rawValue)
        }
        // ArgumentParser's message has the usage below its first line.
        let message = text.hasPrefix("Error: ") ? String(text.dropFirst("Error: ".count)) : text
        let (first, rest) = message.splitAtFirstNewline
        report(program, first, isError: true, noColor: noColor)
        write(usageHints(arguments))
        writeError(rest)
        return .exited(ExitStatus.usage.rawValue)
    }

    private func report<Program: ParsableCommand>(
        _ program: Program.Type,
        _ message: String,
        isError: Bool,
        noColor: Bool
    ) {
        let styler = Styler(isTerminal: errors.isTerminal, environment: environment, noColor: noColor)
        let label = isError ? styler.apply(.bad, to: "error:") + " " : ""
        // A progress line may still stand there.
        let start = errors.isTerminal && environment["TERM"] != "dumb" ? "\r\u{1B}[2K" : ""
        let name = program.configuration.commandName ?? "\(program)".lowercased()
        writeError("\(start)\(name): \(label)\(message.onOneLine.escapedForTerminal)\n")
    }

    private func write(_ hints: [String]) {
        for hint in hints { writeError("\(hint.onOneLine.escapedForTerminal)\n") }
    }

    private func writeError(_ text: String) {
        // Without standard error nobody is left to be told.
        try? errors.write(text)
    }
}

extension String {
    /// The text before the first newline, and the rest with its newline at the end, or nothing.
    fileprivate var splitAtFirstNewline: (first: String, rest: String) {
        guard let newline = firstIndex(of: "\n") else { return (self, "") }
        return (String(self[..<newline]), self[index(after: newline)...] + "\n")
    }

    /// The text with blanks in place of line breaks.
    fileprivate var onOneLine: String {
        split(whereSeparator: \.isNewline).joined(separator: " ")
    }
}
