internal import AWSCore

/// The parts of `--help` that every command has.
package enum CommandHelp {
    /// What `--version` prints.
    package static let version = "\(UserAgent.version)"

    /// For `CommandConfiguration.discussion`: what the command does, examples, and the exit codes.
    ///
    /// - Parameters:
    ///   - introduction: A paragraph or none.
    ///   - examples: Command lines, each with what it is for; they stay whole up to 76 columns.
    ///   - exitCodes: Those the command can end with.
    ///   - meanings: What some of them mean here, where that is not what they mean elsewhere.
    package static func discussion(
        _ introduction: String = "",
        examples: [(command: String, purpose: String)],
        exitCodes: [ExitStatus] = [.success, .failure, .usage, .interrupted],
        meanings: [ExitStatus: String] = [:]
    ) -> String {
        var sections: [String] = []
        if !introduction.isEmpty { sections.append(introduction) }
        if !examples.isEmpty {
            let lines = examples.map { "  \($0.command)\n      \($0.purpose)" }
            sections.append((["EXAMPLES:"] + lines).joined(separator: "\n"))
        }
        sections.append(exitCodeTable(exitCodes, meanings: meanings))
        return sections.joined(separator: "\n\n")
    }

    /// `EXIT CODES:` and a line for each.
    package static func exitCodeTable(_ codes: [ExitStatus], meanings: [ExitStatus: String] = [:]) -> String {
        let lines = codes.map { code in
            let number = "\(code.rawValue)"
            let meaning = meanings[code] ?? (code == .success ? successMeaning(codes) : code.meaning)
            return "  \(number)\(String(repeating: " ", count: max(1, 5 - number.count)))\(meaning)"
        }
        return (["EXIT CODES:"] + lines).joined(separator: "\n")
    }

    /// Only a command that can find something unhealthy can find it healthy.
    private static func successMeaning(_ codes: [ExitStatus]) -> String {
        (["done"] + (codes.contains(.unhealthy) ? ["healthy"] : []) + (codes.contains(.different) ? ["equal"] : []))
            .joined(separator: ", ")
    }
}
