import AWSCore
import ArgumentParser
import BackupCore
import FoundationEssentials
import SyncCore
import Terminal

/// `sync verify table SOURCE TARGET`: whether two tables hold the same items.
struct VerifyTableCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "table",
        abstract: "Compare two tables item by item; repair the target if wanted.",
        usage: """
            sync verify table <source> <target> [--where <expression>]
                        [--sample <n|n%>] [--repair] [--delete] [--report <file>]
                        [--settle <seconds>] [--allow-changing] [--consistent-read]
                        [--segments <n>] [--max-read-units <n>]
                        [--temporary-directory <folder>]
                        \(SideOptions.usage) \(CommonOptions.usage)
            """,
        discussion: CommandHelp.discussion(
            """
            Both tables are read once. An item that looks different is read again, consistently and on both sides: it \
            is different when it looks the same, and unequal, twice in a row. One that is another each time is \
            changing: neither equal nor different. With changing items and no differences the exit code is 1, or 0 \
            with --allow-changing. After a repair it is 0 when both sides were read again and found equal.

            Sets have no order, numbers count by their value, attributes named aws:rep:* do not count. Memory stays \
            below 100 MB; what does not fit goes to files without names in $TMPDIR.
            """,
            examples: [
                ("sync verify table Orders Orders-new", "compare everything"),
                ("sync verify table Orders Orders --target-region eu-west-1 --sample 1%", "a random part"),
                ("sync verify table Orders Orders-new --repair", "write what is missing or different"),
            ],
            exitCodes: [.success, .failure, .different, .usage, .interrupted]
        )
    )

    @Argument(help: "The table that counts, by name or ARN.")
    var source: String

    @Argument(help: "The table that is compared with it, by name or ARN.")
    var target: String

    @Option(
        name: .customLong("where"),
        help: ArgumentHelp("Compare only items that match this condition.", valueName: "expression")
    )
    var condition: String?

    @Option(
        help: ArgumentHelp(
            "Compare a random part only: about so many items of each side, or percent. No proof.",
            valueName: "n|n%"
        )
    )
    var sample: String?

    @Flag(help: "Write to the target what it lacks or has otherwise.")
    var repair = false

    @Flag(help: "With --repair: also delete from the target what only it has.")
    var delete = false

    @Option(
        help: ArgumentHelp("Write every difference to this file, a line of JSON each.", valueName: "file")
    )
    var report: String?

    @Option(
        help: ArgumentHelp(
            "How far the target may lag behind the source: seconds between two readings.",
            valueName: "seconds"
        )
    )
    var settle = 5

    @Flag(help: "End with 0, not 1, when items only kept changing.")
    var allowChanging = false

    @Flag(help: "Read consistently also the first time, for twice the read units.")
    var consistentRead = false

    @Option(help: ArgumentHelp("Segments to read each table in (default: by its size).", valueName: "n"))
    var segments: Int?

    @Option(help: ArgumentHelp("Read capacity units a second of each table to use at most.", valueName: "n"))
    var maxReadUnits: Int?

    @Option(help: ArgumentHelp("Where files go that hold what does not fit in memory.", valueName: "folder"))
    var temporaryDirectory: String?

    @OptionGroup var sides: SideOptions
    @OptionGroup var common: CommonOptions

    func validate() throws {
        if delete, !repair { throw ValidationError("--delete needs --repair") }
        if let sample { _ = try Self.sample(sample) }
        if let condition { _ = try Self.filter(condition) }
        guard (0...3_600).contains(settle) else {
            throw ValidationError("--settle: expected a number of seconds from 0 to 3600")
        }
        if let segments, !(1...1_000_000).contains(segments) {
            throw ValidationError("--segments: expected a number from 1 to 1000000")
        }
        if let maxReadUnits, maxReadUnits < 1 {
            throw ValidationError("--max-read-units: expected a number from 1 on")
        }
    }

    private static func filter(_ text: String) throws -> ItemFilter {
        do {
            return try ItemFilter(parsing: text)
        } catch {
            throw ValidationError("--where: \("\(error)".escapedForTerminal)")
        }
    }

    private static func sample(_ text: String) throws -> TableVerification.Sample {
        if text.hasSuffix("%"), let percent = Double(text.dropLast()), percent > 0, percent < 100 {
            return .percent(percent)
        }
        if let items = Int(text), items > 0 { return .items(items) }
        throw ValidationError(
            "--sample: \"\(text.escapedForTerminal)\" is neither a number of items nor a percentage such as 1%"
        )
    }

    func run() async throws {
        let console = common.makeConsole()
        let source = try TableSide(source, client: sides.makeSourceClient(common, console: console))
        let target = try TableSide(target, client: sides.makeTargetClient(common, console: console))
        let tables = try await Self.look(at: source, target)
        let options = try options()
        warnOfSpace(tables, options, console)
        let file = try report.map { try ReportFile(path: $0) }
        let started = Date()
        var first: [TableDifference] = []
        let result = try await compare(source, target, tables, options, console) { difference in
            try file?.append(TableVerificationReport.json(difference))
            if first.count < TableVerificationReport.shown { first.append(difference) }
        }
        try file?.close()
        SyncRecords.save(
            VerificationRecord(
                SyncPair(tables: tables.source.arn, tables.target.arn),
                result,
                filter: condition,
                startDate: started,
                endDate: Date()
            ),
            console
        )
        let told = TableVerificationReport(
            source: tables.source,
            target: tables.target,
            regions: (source.region, target.region),
            result: result,
            first: first,
            reportPath: report,
            isRepair: repair
        )
        switch console.format {
        case .json: try console.printJSON(told.json)
        case .text: try told.print(to: console)
        }
        switch result.verdict {
        case .equal, .equalInSample: return
        case .different: throw ExitStatus.different
        case .undecided: if !allowChanging { throw ExitStatus.failure }
        }
    }

    /// What is true of a copy's tables must be true of those that are compared.
    private static func look(at source: TableSide, _ target: TableSide) async throws -> CopyTables {
        do {
            return try await CopyTables(source: source, target: target)
        } catch CopyError.targetMissing(let table, let region) {
            throw VerificationError.tableMissing(side: "target", table: table, region: region)
        }
    }

    private func options() throws -> TableVerification.Options {
        var options = TableVerification.Options()
        options.filter = try condition.map { try Self.filter($0) }
        options.consistentRead = consistentRead
        options.segments = segments
        options.maximumReadUnits = maxReadUnits.map(Double.init)
        options.sample = try sample.map { try Self.sample($0) }
        options.repairs = repair
        options.deletes = delete
        options.settle = .seconds(settle)
        options.temporaryDirectory = TemporaryFolder.path(temporaryDirectory)
        return options
    }

    /// Tables whose keys come in the same order need no files, so too little space is no reason to stop.
    private func warnOfSpace(_ tables: CopyTables, _ options: TableVerification.Options, _ console: Console) {
        let items = (tables.source.itemCount ?? 0) + (tables.target.itemCount ?? 0)
        let needed = TableVerification.temporaryBytes(items: items)
        guard options.sample == nil, needed > options.digestMemory else { return }
        let free = TemporarySpace(directory: options.temporaryDirectory).bytesFree ?? 0
        guard free < needed else { return }
        console.warn(
            "the comparison may need up to \(HumanFormat.bytes(needed)) in \(options.temporaryDirectory), which has "
                + "\(HumanFormat.bytes(free)) free; --temporary-directory names another folder"
        )
    }

    private func compare(
        _ source: TableSide,
        _ target: TableSide,
        _ tables: CopyTables,
        _ options: TableVerification.Options,
        _ console: Console,
        report: (TableDifference) throws -> Void
    ) async throws -> TableVerificationResult {
        let progress = VerificationProgress()
        let expected = (tables.source.itemCount ?? 0) + (tables.target.itemCount ?? 0)
        let ticker = Task {
            while !Task.isCancelled {
                console.progress.update(TableVerificationReport.progress(progress.snapshot, of: expected))
                try await Task.sleep(for: .milliseconds(200))
            }
        }
        defer {
            ticker.cancel()
            console.progress.clear()
        }
        return try await TableVerification(source: source, target: target, options: options)
            .run(tables, progress: progress, report: report)
    }
}
