import AWSCore
import ArgumentParser
import BackupCore
import SyncCore
import Terminal

/// `sync table SOURCE TARGET`: a table's items into another table.
struct TableCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "table",
        abstract: "Copy a table's items into another table, in any Region and account.",
        usage: """
            sync table <source> <target> [--consistent-read] [--segments <n>]
                       [--concurrency <n>] [--max-read-units <n>] [--max-write-units <n>]
                       \(SideOptions.usage) \(CommonOptions.usage)
            """,
        discussion: CommandHelp.discussion(
            """
            Every item is read once and written as it is. At the end the ledger must balance: read = written + \
            kept + failed, or the copy is not called done.
            """,
            examples: [
                ("sync table Orders Orders-new", "copy into an empty table"),
                ("sync table Orders Orders --target-region eu-west-1", "into another Region"),
            ]
        )
    )

    @Argument(help: "The table to copy, by name or ARN.")
    var source: String

    @Argument(help: "The table to copy into, by name or ARN.")
    var target: String

    @Flag(help: "Read consistently, for twice the read units.")
    var consistentRead = false

    @Option(help: ArgumentHelp("Segments to read the source in (default: by its size).", valueName: "n"))
    var segments: Int?

    @Option(help: ArgumentHelp("Writes in flight at most.", valueName: "n"))
    var concurrency = 64

    @Option(help: ArgumentHelp("Read capacity units a second to use at most.", valueName: "n"))
    var maxReadUnits: Int?

    @Option(help: ArgumentHelp("Write capacity units a second to use at most.", valueName: "n"))
    var maxWriteUnits: Int?

    @OptionGroup var sides: SideOptions
    @OptionGroup var common: CommonOptions

    func run() async throws {
        let console = common.makeConsole()
        let source = try side(source, sides.makeSourceClient(common, console: console))
        let target = try side(target, sides.makeTargetClient(common, console: console))
        let tables = try await CopyTables(source: source, target: target)
        guard try await target.isEmpty() else { throw CopyError.targetNotEmpty(table: target.name) }
        var options = TableCopy.Options()
        options.consistentRead = consistentRead
        options.maximumInFlight = concurrency
        options.maximumReadUnits = maxReadUnits.map(Double.init)
        options.maximumWriteUnits = maxWriteUnits.map(Double.init)
        let result = try await TableCopy(source: source, target: target, options: options)
            .run(segments: segments ?? 16)
        try console.print("Copied \(HumanFormat.count(result.counts.written)) items into \(tables.target.name).")
    }

    /// An ARN says itself in which Region the table is.
    private func side(_ table: String, _ client: AWSClient) throws -> TableSide {
        let region = try ARN(table).flatMap { Region($0.region) } ?? client.configuration.requiredRegion()
        return TableSide(table: table, dynamoDB: DynamoDBClient(client: client, region: region))
    }
}
