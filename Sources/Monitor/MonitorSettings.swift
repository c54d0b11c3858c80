import AWSCore
import BackupCore
import FoundationEssentials
import Terminal

/// What every subcommand reads first.
enum MonitorSettings {
    static func configuration(_ common: CommonOptions) throws -> BackupConfiguration {
        try BackupConfiguration.load(
            path: common.config,
            // Without a file the environment may say all; a file that was asked for by name must be there.
            mayBeMissing: common.config == "config.json",
            environment: ProcessEnvironment.variables()
        )
    }

    /// - Throws: ``CommandFailure`` naming the first table that is not configured, and those that are.
    static func requireConfigured(_ names: [String], in configuration: BackupConfiguration) throws {
        for name in names
        where !configuration.tables.contains(where: { $0.tableName == name || $0.description == name }) {
            let known = configuration.tables.map(\.tableName).joined(separator: ", ")
            throw CommandFailure("--table: \"\(name)\" is not a configured table; configured are \(known)")
        }
    }
}
