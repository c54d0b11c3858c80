import ArgumentParser
import SyncCore

/// The filters in the order of the command line, which decides, but which the parser does not keep across two options.
struct FilterArguments: ParsableArguments {
    @Option(
        parsing: .unconditionalSingleValue,
        help: ArgumentHelp("Let keys take part again; the last pattern that matches counts.", valueName: "pattern")
    )
    var include: [String] = []

    @Option(
        parsing: .unconditionalSingleValue,
        help: ArgumentHelp("Leave keys out: * ? [ab] match as with the AWS CLI.", valueName: "pattern")
    )
    var exclude: [String] = []

    func rules(arguments: [String] = CommandLine.arguments) throws -> [KeyFilter.Rule] {
        var rules: [KeyFilter.Rule] = []
        var index = 1
        while index < arguments.count {
            let argument = arguments[index]
            index += 1
            for (name, make) in [
                ("--include", KeyFilter.Rule.include), ("--exclude", KeyFilter.Rule.exclude),
            ] {
                if argument.hasPrefix(name + "=") {
                    rules.append(make(String(argument.dropFirst(name.utf8.count + 1))))
                } else if argument == name, index < arguments.count {
                    rules.append(make(arguments[index]))
                    index += 1
                }
            }
        }
        // The value of another option may look like one of these.
        guard rules.filter({ !$0.isExclusion }).count == include.count,
            rules.filter(\.isExclusion).count == exclude.count
        else { throw ValidationError("the order of --include and --exclude cannot be told; write --include=<pattern>") }
        return rules
    }

    /// Which patterns there are, for a record; `nil` for none.
    var text: String? {
        let parts = include.map { "--include \($0)" } + exclude.map { "--exclude \($0)" }
        return parts.isEmpty ? nil : parts.joined(separator: " ")
    }
}

extension KeyFilter.Rule {
    fileprivate var isExclusion: Bool {
        switch self {
        case .include: false
        case .exclude: true
        }
    }
}
