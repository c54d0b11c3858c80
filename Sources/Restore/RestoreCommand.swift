import AWSCore
import ArgumentParser
import BackupCore
import FoundationEssentials
import Terminal

/// `restore restore TABLE REGION [DATE]`.
struct RestoreCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "restore",
        abstract: "Restore a backup into a new table, in any Region.",
        usage: """
            restore restore <table> <region> [<yyyy/mm/dd>] [--target-table <name>]
                            [--schema <path>] [--without-local-indexes]
                            [--kms-key <key> | --default-encryption] [--dry-run]
                            [--no-wait] \(CommonOptions.usage)
            """,
        discussion: CommandHelp.discussion(
            """
            Takes the newest complete backup, or that of a day. Nothing that exists is written over: an import always \
            makes a new table. It costs about $0.15 for each GB of the table. Ctrl-C ends the watching, not the import.
            """,
            examples: [
                ("restore restore Orders eu-west-1 --dry-run", "the plan, and nothing else"),
                ("restore restore Orders eu-west-1", "the newest backup as Orders-restored-YYYYMMDD"),
                ("restore restore Orders us-east-1 2026/11/20", "that day's backup"),
                ("restore restore Orders us-east-1 --target-table Orders2", "under a name of your own"),
                ("restore restore Orders eu-west-1 --default-encryption", "without the KMS key of another Region"),
                ("restore restore Orders eu-west-1 --no-wait", "start the import and return"),
            ]
        )
    )

    @Argument(help: "The table whose backup to restore.")
    var table: String

    @Argument(help: "The Region of the new table.")
    var region: String

    @Argument(
        help: ArgumentHelp("The day of the backup, UTC; the newest complete one otherwise.", valueName: "yyyy/mm/dd")
    )
    var date: String?

    @Option(help: ArgumentHelp("The new table's name (default: TABLE-restored-YYYYMMDD).", valueName: "name"))
    var targetTable: String?

    @Option(help: ArgumentHelp("Used when the backup has no schema (default: table_schema.json).", valueName: "path"))
    var schema: String?

    @Option(help: ArgumentHelp("Encrypt the new table with this KMS key of its Region.", valueName: "key"))
    var kmsKey: String?

    @Flag(help: "Encrypt the new table with DynamoDB's own key.")
    var defaultEncryption = false

    @Flag(help: "Restore without the local secondary indexes, which an import cannot make.")
    var withoutLocalIndexes = false

    @Flag(help: "Show the plan and change nothing.")
    var dryRun = false

    @Flag(help: "Return when the import has started.")
    var noWait = false

    @OptionGroup var common: CommonOptions

    func validate() throws {
        guard Region(region) != nil else {
            throw ValidationError("\"\(region)\" is not a Region; expected something like eu-west-1")
        }
        guard TableARN.isTableName(table) else {
            throw ValidationError("\"\(table)\" is not a table's name (3 to 255 of a-z A-Z 0-9 _ . -)")
        }
        if let date { _ = try RestoreSettings.date(date, option: "the third argument") }
        if let targetTable, !TableARN.isTableName(targetTable) {
            throw ValidationError("--target-table: \"\(targetTable)\" is not a table's name")
        }
        if kmsKey != nil, defaultEncryption {
            throw ValidationError("--kms-key and --default-encryption exclude each other")
        }
        if common.region != nil { throw ValidationError("the Region is the second argument; leave --region out") }
    }

    func run() async throws {
        let console = common.makeConsole()
        guard let region = Region(region) else { throw ExitStatus.usage }
        let configuration = try RestoreSettings.configuration(common)
        let client = try common.makeClient(console: console)
        let restore = RestoreRun(configuration: configuration, client: client)
        let plan: RestorePlan
        do {
            console.progress.update("Looking for the backup")
            defer { console.progress.clear() }
            plan = try await restore.plan(
                table: table,
                on: try date.map { try RestoreSettings.date($0, option: "the third argument") },
                request: try request(region)
            )
        } catch let error as RestoreError {
            throw RestoreSettings.failure(error)
        }
        let report = PlanReport(plan: plan, bucket: configuration.bucket)
        if dryRun {
            return console.format == .json
                ? try console.printJSON(report.json) : try report.print(to: console, withCommands: true)
        }
        if console.format == .text { try report.print(to: console, withCommands: noWait) }
        let started: ImportDescription
        do {
            started = try await restore.start(plan)
        } catch let error as RestoreError {
            throw RestoreSettings.failure(error)
        }
        let imports = ImportWatch(client: client)
        let options = common.repeatedArguments
        if noWait {
            switch console.format {
            case .json: try console.printJSON(ImportReport.json(started, plan: plan))
            case .text:
                try console.print("The import has started. Follow it with: restore watch \(started.arn)\(options)")
            }
            return
        }
        let ended = try await ImportFollower(console: console, imports: imports, region: region, options: options)
            .follow(started.arn, expectedItems: plan.itemCount)
        try await ImportReport(console: console, imports: imports, region: region)
            .finish(ended, target: plan.target, plan: plan)
    }

    private func request(_ region: Region) throws -> RestoreRequest {
        let encryption: RestoreRequest.Encryption =
            if let kmsKey { .kmsKey(kmsKey) } else if defaultEncryption { .dynamoDBDefault } else { .asBackedUp }
        return RestoreRequest(
            region: region,
            target: targetTable,
            allowsLosingLocalIndexes: withoutLocalIndexes,
            encryption: encryption,
            localSchema: try localSchema()
        )
    }

    /// The file that was named, which must be there, or table_schema.json, which may be.
    private func localSchema() throws -> RestoreRequest.LocalSchema? {
        let path = schema ?? "table_schema.json"
        guard let contents = FileManager.default.contents(atPath: path) else {
            guard schema == nil else { throw CommandFailure("--schema: \(path) cannot be read") }
            return nil
        }
        return RestoreRequest.LocalSchema(path: path, contents: Array(contents), isNamed: schema != nil)
    }
}
