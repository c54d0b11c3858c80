import AWSCore
import ArgumentParser
import FoundationEssentials
import SyncCore
import Terminal

/// `sync status`: how live sync, history and comparisons stand, and whether the application may cut over.
struct StatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Show how live sync does, and whether cutting over is safe.",
        usage: """
            sync status [--watch] [--interval <seconds>]
                        \(SideOptions.usage) \(CommonOptions.usage)
            """,
        discussion: CommandHelp.discussion(
            """
            For every mapping of config.json: the lag and the state of live sync as AWS tells them (CloudWatch is a \
            minute or two late), changes that failed, how far the copy of what was there before is, and what the last \
            sync verify found. The latter two come from this machine's state folder, where sync table, sync bucket and \
            sync verify leave them. What is not known is called unknown, with the reason, and is never taken for good.
            """,
            examples: [
                ("sync status", "every mapping, and every reason against cutting over"),
                ("sync status --watch", "again and again in one place, until cutting over is safe"),
                ("sync status --output json | jq '.mappings[] | {source, lagSeconds}'", "for scripts"),
            ],
            exitCodes: [.success, .failure, .unhealthy, .usage, .interrupted],
            meanings: [
                .success: "healthy: cutting over is safe for every mapping",
                .unhealthy: "unhealthy: cutting over is not safe; the reasons are shown",
            ]
        )
    )

    @Flag(help: "Show it again and again, until cutting over is safe.")
    var watch = false

    @Option(help: ArgumentHelp("With --watch: seconds between two looks.", valueName: "seconds"))
    var interval = 10

    @OptionGroup var sides: SideOptions
    @OptionGroup var common: CommonOptions

    func validate() throws {
        guard (1...3_600).contains(interval) else {
            throw ValidationError("--interval: expected a number of seconds from 1 to 3600")
        }
    }

    func run() async throws {
        let console = common.makeConsole()
        let configuration = try LiveOptions.configuration(common)
        let clients = try LiveOptions.clients(configuration, sides, common, console: console)
        var screen = StatusScreen(console)
        while true {
            console.progress.update("Reading how it stands")
            let status = await SyncStatus.read(clients, records: SyncRecords.store)
            console.progress.clear()
            // What was cut off by Ctrl-C is not shown as if AWS had not answered.
            try Task.checkCancellation()
            switch console.format {
            case .json: try console.printJSON(StatusJSON.value(of: status, configuration), watch ? .line : .pretty)
            case .text: try screen.show(StatusText(status: status).text(console.styler))
            }
            if status.isSafe { return }
            guard watch else { throw ExitStatus.unhealthy }
            try await Task.sleep(for: .seconds(interval))
        }
    }
}
