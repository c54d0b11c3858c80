import AWSCore
import ArgumentParser
import BackupCore
import FoundationEssentials
import Terminal

/// `monitor status`, which is what `monitor` alone means.
struct StatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Show the last backups of every table and a verdict for each.",
        usage: "monitor [status] [--table <name> ...] [--last <count>] \(CommonOptions.usage)",
        discussion: CommandHelp.discussion(
            """
            A table is healthy when its newest completed backup ended no longer ago than maximumAgeHours of \
            config.json, its last export did not fail, and point-in-time recovery is on.
            """,
            examples: [
                ("monitor", "every table; the word status may be left out"),
                ("monitor status --table Orders --last 10", "the last ten backups of one table"),
                ("monitor --output json --table Orders", "for scripts; the exit code is 2 when it is unhealthy"),
            ],
            exitCodes: [.success, .failure, .unhealthy, .usage, .interrupted]
        )
    )

    @Option(help: ArgumentHelp("Only this table, by name or ARN (repeatable).", valueName: "name"))
    var table: [String] = []

    @Option(help: ArgumentHelp("How many backups of each table to show.", valueName: "count"))
    var last = 2

    @OptionGroup var common: CommonOptions

    func validate() throws {
        guard (1...60).contains(last) else { throw ValidationError("--last: expected a number from 1 to 60") }
    }

    func run() async throws {
        let console = common.makeConsole()
        let configuration = try MonitorSettings.configuration(common)
        try MonitorSettings.requireConfigured(table, in: configuration)
        let client = try common.makeClient(console: console)
        let count = table.isEmpty ? configuration.tables.count : Set(table).count
        console.progress.update("Reading the state of \(count) table\(count == 1 ? "" : "s")")
        let report = try await BackupMonitor(configuration: configuration, client: client)
            .report(tables: table.isEmpty ? nil : table, last: last, now: Date())
        console.progress.clear()
        switch console.format {
        case .json: try console.printJSON(StatusJSON.value(of: report, configuration: configuration))
        case .text: try StatusText(report: report, configuration: configuration).print(to: console)
        }
        if report.tables.contains(where: { $0.verdict == .unhealthy }) { throw ExitStatus.unhealthy }
        if report.tables.contains(where: { $0.verdict == .unknown }) { throw ExitStatus.failure }
    }
}
