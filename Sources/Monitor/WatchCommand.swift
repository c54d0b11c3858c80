import AWSCore
import ArgumentParser
import BackupCore
import Terminal

/// `monitor watch`: follows what runs.
struct WatchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "watch",
        abstract: "Follow the running exports until they end.",
        usage: "monitor watch [--table <name> ...] \(CommonOptions.usage)",
        discussion: CommandHelp.discussion(
            """
            DynamoDB does not say how far an export is, only when it has ended. Ctrl-C ends the watching, not the \
            exports. Exit 1 when one fails.
            """,
            examples: [
                ("monitor watch", "the exports of every configured table"),
                ("monitor watch --table Orders", "those of one table"),
            ]
        )
    )

    @Option(help: ArgumentHelp("Only this table, by name or ARN (repeatable).", valueName: "name"))
    var table: [String] = []

    @OptionGroup var common: CommonOptions

    func run() async throws {
        let console = common.makeConsole()
        let configuration = try MonitorSettings.configuration(common)
        try MonitorSettings.requireConfigured(table, in: configuration)
        let client = try common.makeClient(console: console)
        let tables = configuration.tables.filter { arn in
            table.isEmpty || table.contains { $0 == arn.tableName || $0 == arn.description }
        }
        let running = try await ExportWatch(client: client).running(of: tables)
        guard !running.isEmpty else {
            switch console.format {
            case .json: try console.printJSON(.array([]))
            case .text: try console.print("No export is running.")
            }
            return
        }
        let items = try await ExportProgress(console: console, options: common.repeatedArguments).follow(
            running,
            client: client
        )
        switch console.format {
        case .json: try console.printJSON(.array(items.map(BackupText.json)))
        case .text: try BackupText.print(items, to: console)
        }
        if items.contains(where: { $0.export.status != .completed }) { throw ExitStatus.failure }
    }
}
