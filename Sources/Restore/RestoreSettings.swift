import AWSCore
import ArgumentParser
import BackupCore
import FoundationEssentials
import Terminal

/// What every subcommand reads first.
enum RestoreSettings {
    /// The configuration; only the bucket is needed, since a restore may run where nothing else is left.
    static func configuration(_ common: CommonOptions) throws -> BackupConfiguration {
        try BackupConfiguration.load(
            path: common.config,
            mayBeMissing: common.config == "config.json",
            environment: ProcessEnvironment.variables(),
            requiring: .bucket
        )
    }

    static func date(_ text: String, option: String) throws -> BackupDate {
        guard let date = BackupDate(text) else {
            throw ValidationError("\(option): \"\(text)\" is not a day; expected YYYY/MM/DD")
        }
        return date
    }

    /// A planning error: its first line is the message, further lines (commands to type) follow it.
    static func failure(_ error: RestoreError) -> CommandFailure {
        let lines = error.description.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        return CommandFailure(lines[0], hints: Array(lines.dropFirst()))
    }
}
