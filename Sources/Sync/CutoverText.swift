import AWSCore
import FoundationEssentials
import SyncCore
import Terminal

/// The report for people.
struct CutoverText {
    let report: CutoverReport
    let files: CutoverFiles

    static func line(_ step: CutoverReport.Step, _ styler: Styler) -> String {
        let style: Style =
            switch step.result {
            case .passed: .good
            case .failed: .bad
            case .skipped: .warning
            }
        let word = step.result.rawValue
        let padding = String(repeating: " ", count: max(1, 9 - word.count))
        let details = step.details.map { "\n           \($0.escapedForTerminal)" }.joined()
        return "\(styler.apply(style, to: word))\(padding) \(step.name)\(details)"
    }

    /// What comes last on the screen.
    func verdict(_ styler: Styler) -> String {
        let word =
            report.isSafe
            ? styler.apply(.good, to: "Cutting over is safe: point the application at the targets now.")
            : styler.apply(.bad, to: "Cutting over is NOT safe.") + " Mend what failed, and run sync cutover again."
        return "\n\(word)\nReport: \(files.textPath.escapedForTerminal), \(files.jsonPath.escapedForTerminal)\n"
            + "SHA-256: \(report.hash)\n"
    }

    /// The file.
    var text: String {
        let plain = Styler(isEnabled: false)
        var lines = [
            "SYNC CUT-OVER REPORT: \(report.isSafe ? "SAFE" : "NOT SAFE")", "",
            "Begun          \(HumanFormat.date(report.startDate))",
            "Ended          \(HumanFormat.date(report.endDate))",
            "Signed by      \(report.signer.user) at \(report.signer.host), \(report.signer.identity)",
            "Program        sync \(CommandHelp.version)",
            "Configuration  \(report.functionName), SHA-256 \(report.configurationHash)",
        ]
        for (function, hash) in report.functionHashes { lines.append("Function       \(function), code \(hash)") }
        lines += ["", "MAPPINGS"]
        for mapping in report.mappings {
            lines.append("  \(mapping.pair.source)")
            lines.append("    → \(mapping.pair.target)" + (mapping.filter.map { " where \($0)" } ?? ""))
        }
        lines += ["", "STEPS"]
        for step in report.steps {
            lines.append("\(HumanFormat.date(step.startDate))  \(Self.line(step, plain))")
        }
        lines += [
            "", "SHA-256        \(report.hash)", "",
            "The hash is that of the JSON report without its member sha256. To check that nobody changed it:",
            "  jq -cjS 'del(.sha256)' \(files.jsonPath) | sha256sum",
        ]
        // Some entries are several lines.
        return lines.joined(separator: "\n").split(separator: "\n", omittingEmptySubsequences: false)
            .map { String($0).escapedForTerminal }
            .joined(separator: "\n") + "\n"
    }
}
