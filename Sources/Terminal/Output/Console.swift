package import AWSCore
package import FoundationEssentials

/// Where a command writes: results to standard output, everything else to standard error.
package struct Console: Sendable {
    package let output: TextOutput
    package let errors: TextOutput
    package let format: OutputFormat
    /// Leaves out notes and progress.
    package let isQuiet: Bool
    /// Colours for results.
    package let styler: Styler
    /// Colours for standard error.
    package let errorStyler: Styler
    package let progress: ProgressLine

    package init(
        output: TextOutput = .standardOutput,
        errors: TextOutput = .standardError,
        format: OutputFormat = .text,
        noColor: Bool = false,
        isQuiet: Bool = false,
        environment: [String: String],
        now: @escaping @Sendable () -> Date = { Date() }
    ) {
        self.output = output
        self.errors = errors
        self.format = format
        self.isQuiet = isQuiet
        styler = Styler(isTerminal: output.isTerminal, environment: environment, noColor: noColor)
        errorStyler = Styler(isTerminal: errors.isTerminal, environment: environment, noColor: noColor)
        progress = ProgressLine(output: errors, isEnabled: !isQuiet && environment["TERM"] != "dumb", now: now)
    }

    /// Writes a line of the result; escape foreign text with `escapedForTerminal` first.
    ///
    /// - Throws: ``TextOutput/Failure``.
    package func print(_ line: String) throws {
        try write(line + "\n")
    }

    /// Writes a piece of the result as it is.
    ///
    /// - Throws: ``TextOutput/Failure``.
    package func write(_ text: String) throws {
        try progress.interrupted { try output.write(text) }
    }

    /// Writes a table.
    ///
    /// - Throws: ``TextOutput/Failure``.
    package func print(_ table: TextTable) throws {
        try write(table.rendered(styler))
    }

    /// Writes the result as JSON.
    ///
    /// - Throws: ``TextOutput/Failure``; what the value's `encode(to:)` throws.
    package func printJSON<Value: Encodable>(_ value: Value, _ layout: JSONOutput.Layout = .pretty) throws {
        try write(try JSONOutput.text(value, layout))
    }

    /// Writes the result as JSON.
    ///
    /// - Throws: ``TextOutput/Failure``.
    package func printJSON(_ value: JSONValue, _ layout: JSONOutput.Layout = .pretty) throws {
        try write(JSONOutput.text(value, layout))
    }

    /// Tells the person something beside the result, on standard error; nothing with `--quiet`.
    package func note(_ text: String) {
        if !isQuiet { writeError(text.escapedForTerminal) }
    }

    /// Tells the person something that may need doing, on standard error, also with `--quiet`.
    package func warn(_ text: String) {
        writeError(errorStyler.apply(.warning, to: "warning:") + " " + text.escapedForTerminal)
    }

    /// Writes a line to standard error; whoever closed that does not want to know.
    func writeError(_ line: String) {
        progress.interrupted { try? errors.write(line + "\n") }
    }
}
