internal import ArgumentParser

/// Lets common options stand before the subcommand, as the AWS CLI and git do: `monitor --profile prod backup`.
///
/// ArgumentParser would take them for options of the default subcommand, and the subcommand for a value too many.
enum SubcommandOrder {
    /// The common options that are followed by a value.
    private static let optionsWithValue: Set<String> = [
        "--config", "--profile", "--region", "--endpoint-url", "--output",
    ]
    private static let flags: Set<String> = ["--no-color", "--quiet", "--verbose"]

    /// The arguments with the subcommand first, if only common options stand before it.
    static func normalized(_ arguments: [String], for program: any ParsableCommand.Type) -> [String] {
        let names = Set(program.configuration.subcommands.map { $0.configuration.commandName ?? "" })
        var index = 0
        while index < arguments.count {
            let argument = arguments[index]
            if names.contains(argument) {
                var reordered = arguments
                reordered.remove(at: index)
                return [argument] + reordered
            }
            if optionsWithValue.contains(argument) {
                index += 2
            } else if flags.contains(argument) || optionsWithValue.contains(where: { argument.hasPrefix($0 + "=") }) {
                index += 1
            } else {
                break
            }
        }
        return arguments
    }
}
