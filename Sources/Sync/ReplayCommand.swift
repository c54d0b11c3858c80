import AWSCore
import ArgumentParser
import FoundationEssentials
import SyncCore
import Synchronization
import Terminal

/// `sync replay`: what has failed in live sync, settled from what the sources are now.
struct ReplayCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "replay",
        abstract: "Settle the changes that failed in live sync.",
        usage: """
            sync replay [<mapping> ...] [--dry-run] [--max <n>]
                        \(SideOptions.usage) \(CommonOptions.usage)
            """,
        discussion: CommandHelp.discussion(
            """
            Takes the messages of the failure queues that deploy.sh sync made. Each names items or objects; these are \
            read at the source now and brought to the target as they are, so that no replay brings old data back. For \
            a batch that Lambda gave up the stream is read again; if its records are gone, which they are after 24 \
            hours, the gap is named and stays in the queue until sync verify has found both sides equal. A message is \
            deleted once all that it is about is settled. Live sync may run meanwhile.
            """,
            examples: [
                ("sync replay --dry-run", "what is in the queues"),
                ("sync replay", "settle all of it"),
                ("sync replay Orders --max 100", "a hundred messages, those about one table"),
            ],
            meanings: [.failure: "failed, or messages were left that need something done"]
        )
    )

    @Argument(
        help: ArgumentHelp(
            "Only mappings with this source or target: a table's name or ARN, or s3://bucket/prefix.",
            valueName: "mapping"
        )
    )
    var mappings: [String] = []

    @Flag(help: "Read queues and streams, settle nothing and delete no message.")
    var dryRun = false

    @Option(name: .customLong("max"), help: ArgumentHelp("Messages to take at most.", valueName: "n"))
    var maximum: Int?

    @OptionGroup var sides: SideOptions
    @OptionGroup var common: CommonOptions

    func validate() throws {
        if let maximum, maximum < 1 { throw ValidationError("--max: expected a number from 1") }
    }

    func run() async throws {
        let console = common.makeConsole()
        let configuration = try LiveOptions.configuration(common)
        let clients = try LiveOptions.clients(configuration, sides, common, console: console)
        var options = Replay.Options()
        options.pairs = try LiveOptions.pairs(named: mappings, in: configuration)
        options.isDryRun = dryRun
        options.maximum = maximum ?? .max
        let replay = Replay(clients, records: SyncRecords.store, options: options)
        var report = ReplayReport()
        let text = { @Sendable [dryRun] (report: ReplayReport) in ReplayText(report: report, isDryRun: dryRun) }
        do {
            defer { console.progress.clear() }
            console.progress.update("Reading the failure queues")
            try await replay.run(into: &report) { console.progress.update(text($0).progress) }
        } catch is CancellationError {
            throw CommandFailure.interrupted(hints: [
                "\(text(report).summary) Messages that were not done are back in their queues; the same command goes on."
            ])
        } catch {
            if report.messages > 0 { console.note(text(report).summary) }
            throw error
        }
        switch console.format {
        case .json: try console.printJSON(text(report).json)
        case .text: try text(report).print(to: console)
        }
        if !report.isComplete { throw ExitStatus.failure }
    }
}
