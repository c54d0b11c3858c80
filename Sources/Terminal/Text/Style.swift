/// How text looks on a terminal that shows colours.
package enum Style: Sendable, Hashable {
    case plain
    case bold
    case dim
    /// Healthy, done.
    case good
    /// Needs attention.
    case warning
    /// Failed.
    case bad

    fileprivate var code: String? {
        switch self {
        case .plain: nil
        case .bold: "1"
        case .dim: "2"
        case .good: "32"
        case .warning: "33"
        case .bad: "31"
        }
    }
}

/// Puts colours into text, or leaves it as it is where they are not wanted.
package struct Styler: Sendable, Equatable {
    package var isEnabled: Bool

    package init(isEnabled: Bool) {
        self.isEnabled = isEnabled
    }

    /// Colours are for terminals that can show them and for people who have not said no: with `--no-color`, with a
    /// `NO_COLOR` that is not empty (no-color.org), or with `TERM=dumb`.
    package init(isTerminal: Bool, environment: [String: String], noColor: Bool) {
        isEnabled =
            isTerminal && !noColor && environment["NO_COLOR", default: ""].isEmpty && environment["TERM"] != "dumb"
    }

    package func apply(_ style: Style, to text: String) -> String {
        guard isEnabled, let code = style.code, !text.isEmpty else { return text }
        return "\u{1B}[\(code)m\(text)\u{1B}[0m"
    }
}
