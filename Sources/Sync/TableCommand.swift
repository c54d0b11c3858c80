import AWSCore
import ArgumentParser
import BackupCore
import FoundationEssentials
import SyncCore
import Terminal

/// `sync table SOURCE TARGET`: a table's items into another table.
struct TableCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "table",
        abstract: "Copy a table's items into another table, in any Region and account.",
        usage: """
            sync table <source> <target> [--create] [--enable-ttl]
                       [--kms-key <key> | --default-encryption] [--overwrite]
                       [--mode <mode>] [--where <condition>] [--skip-expired]
                       [--consistent-read] [--dry-run] [--concurrency <n>]
                       [--segments <n>] [--max-read-units <n>]
                       [--max-write-units <n>] [--checkpoint <path>] [--restart]
                       [--engine <engine>] [--state-machine <name>]
                       [--execution <arn>]
                       \(SideOptions.usage) \(CommonOptions.usage)
            """,
        discussion: CommandHelp.discussion(
            """
            Every item arrives as it is. The target must be empty unless --overwrite is given. At the end the ledger \
            must balance (read = written + kept + failed + left out), or the copy is not called done; items that \
            DynamoDB refuses are named in a file. What was interrupted goes on with the same command.

            --mode merge is for use while live sync runs: it never overwrites what the target has, and never brings \
            back what was removed meanwhile. A table made by --create has all indexes, billing, stream and tags of the \
            source; its time to live is left off until cut-over.
            """,
            examples: [
                ("sync table Orders Orders-new --create", "into a new table like the source"),
                ("sync table Orders Orders-new --dry-run", "items, bytes, time and cost, and nothing else"),
                ("sync table Orders Orders --target-region eu-west-1", "into another Region"),
                ("sync table Orders Copy --max-read-units 500", "slowly, beside other readers"),
                ("sync table Orders Old --where \"day < '2026-01-01'\"", "some items only"),
                ("sync table Orders Copy --mode merge", "while live sync runs"),
                ("sync table Orders Copy --engine step-functions", "many parts at a time, in AWS"),
            ]
        )
    )

    @Argument(help: "The table to copy, by name or ARN.")
    var source: String

    @Argument(help: "The table to copy into, by name or ARN.")
    var target: String

    @Flag(help: "Make the target like the source, with all its indexes.")
    var create = false

    @Option(help: ArgumentHelp("Encrypt the new target with this KMS key of its Region.", valueName: "key"))
    var kmsKey: String?

    @Flag(help: "Encrypt the new target with DynamoDB's own key.")
    var defaultEncryption = false

    @Flag(name: .customLong("enable-ttl"), help: "Enable the source's time to live at the new target at once.")
    var enableTTL = false

    @Flag(help: "Copy into a target that holds items; those of the same key are replaced.")
    var overwrite = false

    @Option(help: ArgumentHelp("replace, or merge for use while live sync runs.", valueName: "mode"))
    var mode = TableCopy.Mode.replace

    @Option(
        name: .customLong("where"),
        help: ArgumentHelp("Copy only items that meet a condition of DynamoDB's kind.", valueName: "condition")
    )
    var filter: String?

    @Flag(help: "Leave out items whose time to live is over.")
    var skipExpired = false

    @Flag(help: "Read consistently, for twice the read units.")
    var consistentRead = false

    @Flag(help: "Show what a copy would take, and write nothing.")
    var dryRun = false

    @Option(help: ArgumentHelp("Writes in flight at most.", valueName: "n"))
    var concurrency = 64

    @Option(help: ArgumentHelp("Segments to read the source in (default: by its size).", valueName: "n"))
    var segments: Int?

    @Option(help: ArgumentHelp("Read capacity units to use a second at most.", valueName: "n"))
    var maxReadUnits: Int?

    @Option(help: ArgumentHelp("Write capacity units to use a second at most.", valueName: "n"))
    var maxWriteUnits: Int?

    @Option(help: ArgumentHelp("Where to keep how far it is (default: below ~/.local/state).", valueName: "path"))
    var checkpoint: String?

    @Flag(help: "Begin anew, whatever was done before.")
    var restart = false

    @Option(help: ArgumentHelp("local, or step-functions for very large tables.", valueName: "engine"))
    var engine = CopyEngine.local

    @Option(help: ArgumentHelp("The state machine of deploy.sh sync, by name or ARN.", valueName: "name"))
    var stateMachine = "DynamoDBSyncFunction-copy"

    @Option(help: ArgumentHelp("Follow a copy by Step Functions that was started before.", valueName: "arn"))
    var execution: String?

    @OptionGroup var sides: SideOptions
    @OptionGroup var common: CommonOptions

    private func validateEngine() throws {
        // Nobody knows how many parts run at a time; divided by the most that may, little of a limit would be used.
        let limits = "the parts that Step Functions has copied do not know of each other"
        try engine.validate(
            execution: execution,
            localOptions: [
                ("--max-read-units", maxReadUnits != nil, limits), ("--max-write-units", maxWriteUnits != nil, limits),
                ("--checkpoint", checkpoint != nil, "Step Functions remembers how far its parts are"),
            ]
        )
        if engine == .stepFunctions, let segments, segments > CopyKind.maximumParts {
            throw ValidationError("--segments: at most \(CopyKind.maximumParts) with --engine step-functions")
        }
    }

    func validate() throws {
        try validateEngine()
        for (option, number, limit) in [
            ("--concurrency", concurrency, 1_000), ("--segments", segments ?? 1, 1_000_000),
            ("--max-read-units", maxReadUnits ?? 1, .max), ("--max-write-units", maxWriteUnits ?? 1, .max),
        ] where !(1...limit).contains(number) {
            throw ValidationError("\(option): expected a number from 1\(limit == .max ? "" : " to \(limit)")")
        }
        if kmsKey != nil, defaultEncryption {
            throw ValidationError("--kms-key and --default-encryption exclude each other")
        }
        if !create {
            for (option, isGiven) in [
                ("--kms-key", kmsKey != nil), ("--default-encryption", defaultEncryption), ("--enable-ttl", enableTTL),
            ] where isGiven {
                throw ValidationError("\(option) is about a table that is made: it needs --create")
            }
        }
        if let filter {
            do {
                _ = try ItemFilter(parsing: filter)
            } catch {
                throw ValidationError("--where: \(error)")
            }
        }
        if mode == .merge, overwrite { throw ValidationError("--mode merge overwrites nothing: leave --overwrite out") }
        for table in [source, target] where !TableARN.isTableName(table) && TableARN(table) == nil {
            throw ValidationError("\"\(table.escapedForTerminal)\" is neither a table's name nor its ARN")
        }
    }

    func run() async throws {
        let console = common.makeConsole()
        let source = try TableSide(source, client: sides.makeSourceClient(common, console: console))
        let target = try TableSide(target, client: sides.makeTargetClient(common, console: console))
        if dryRun {
            console.progress.update("Reading a sample")
            let estimate = try await CopyEstimate(source: source, target: target, options: options)
            console.progress.clear()
            return try EstimateReport(estimate: estimate, source: source, target: target).print(to: console)
        }
        let remote = TableExecution(
            console: console,
            source: source,
            target: target,
            stateMachine: stateMachine,
            command: "sync table \(self.source) \(self.target) --engine step-functions"
        )
        if let execution { return try await remote.follow(execution) }
        let prepared: CopyPreparation.Prepared
        do {
            defer { console.progress.clear() }
            prepared = try await preparation.prepare(source: source, target: target, options: options) { text in
                console.progress.update(text)
            }
        }
        if engine == .stepFunctions {
            return try await remote.start(prepared, roles: (sides.sourceRoleARN, sides.targetRoleARN))
        }
        let started = Date()
        let report = TableReport(console: console, prepared: prepared, target: target)
        report.begin()
        let result: TableCopy.Progress
        do {
            let line = TableProgress(
                itemCount: prepared.tables.source.itemCount,
                before: prepared.checkpoint.counts
            )
            defer { console.progress.clear() }
            let report = { @Sendable (progress: TableCopy.Progress) in console.progress.update(line.text(progress)) }
            result = try await prepared.copy.run(checkpoint: prepared.checkpoint, report: report)
        } catch {
            throw report.interruption(error)
        }
        // Shown first and then forgotten: whoever never saw the result can run the same again and will.
        try report.finish(result)
        SyncRecords.save(
            HistoryRecord(
                SyncPair(tables: prepared.tables.source.arn, prepared.tables.target.arn),
                state: .finished,
                mode: mode.rawValue,
                filter: filter,
                startDate: started,
                date: Date(),
                done: result.counts.read,
                total: result.counts.read,
                failed: result.counts.failed
            ),
            console
        )
        prepared.checkpoint.remove()
        if result.counts.failed > 0 { throw ExitStatus.failure }
    }

    private var options: TableCopy.Options {
        var options = TableCopy.Options()
        options.mode = mode
        options.filter = filter
        options.consistentRead = consistentRead
        options.maximumInFlight = concurrency
        options.maximumReadUnits = maxReadUnits.map(Double.init)
        options.maximumWriteUnits = maxWriteUnits.map(Double.init)
        return options
    }

    private var preparation: CopyPreparation {
        var preparation = CopyPreparation(stateFolder: StateFolder.path())
        preparation.createsTarget = create
        preparation.encryption = kmsKey.map { .kmsKey($0) } ?? (defaultEncryption ? .dynamoDBOwned : .likeSource)
        preparation.enablesTimeToLive = enableTTL
        preparation.overwrites = overwrite
        preparation.skipsExpired = skipExpired
        preparation.restarts = restart
        preparation.segments = segments
        preparation.isDoneInParts = engine == .stepFunctions
        preparation.checkpointPath = checkpoint
        return preparation
    }
}

extension TableCopy.Mode: ExpressibleByArgument {}
