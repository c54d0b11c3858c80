import AWSCore
import ArgumentParser
import BackupCore
import FoundationEssentials
import SyncCore
import Terminal

/// `sync verify bucket SOURCE TARGET`: whether two buckets, or a bucket and a folder, hold the same objects.
struct VerifyBucketCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bucket",
        abstract: "Compare two buckets, or a bucket and a folder; repair the target if wanted.",
        usage: """
            sync verify bucket <source> <target> [--compare <how>] [--metadata]
                        [--tags] [--include <pattern>] [--exclude <pattern>]
                        [--repair] [--delete] [--report <file>] [--settle <seconds>]
                        [--concurrency <n>] [--temporary-directory <folder>]
                        \(SideOptions.usage) \(CommonOptions.usage)
            """,
        discussion: CommandHelp.discussion(
            """
            Both sides are listed. Objects with the same size and ETag are equal. --compare etag looks at checksums \
            where ETags say nothing, and reads both objects where there are no checksums in common; checksum reads \
            nothing; content reads everything. What only the size speaks for is UNVERIFIED, and never called equal. \
            What looks different is looked at again: it is different when it looks the same, and unequal, twice in a \
            row. With objects that are UNVERIFIED or CHANGING, and no differences, the exit code is 1.
            """,
            examples: [
                ("sync verify bucket s3://old s3://new", "compare what S3 knows of the objects"),
                ("sync verify bucket s3://old s3://new --metadata --tags", "and headers, metadata and tags"),
                ("sync verify bucket s3://www ./site --compare content", "compare every byte"),
            ],
            exitCodes: [.success, .failure, .different, .usage, .interrupted]
        )
    )

    @Argument(help: "s3://bucket[/prefix] or a folder: the side that counts.")
    var source: String

    @Argument(help: "s3://bucket[/prefix] or a folder that is compared with it.")
    var target: String

    @Option(help: ArgumentHelp("What objects are compared by: etag, checksum or content.", valueName: "how"))
    var compare = VerifiedBy.etag

    @Flag(help: "Compare content headers and user metadata, too.")
    var metadata = false

    @Flag(help: "Compare tags, too.")
    var tags = false

    @OptionGroup var filters: FilterArguments

    @Flag(help: "Write to the target what it lacks or has otherwise.")
    var repair = false

    @Flag(help: "With --repair: also delete from the target what only it has.")
    var delete = false

    @Option(help: ArgumentHelp("Write every difference to this file, a line of JSON each.", valueName: "file"))
    var report: String?

    @Option(
        help: ArgumentHelp(
            "How far the target may lag behind the source: seconds between two looks.",
            valueName: "seconds"
        )
    )
    var settle = 5

    @Option(help: ArgumentHelp("Objects in flight at once.", valueName: "n"))
    var concurrency = 32

    @Option(help: ArgumentHelp("Where files go that hold what does not fit in memory.", valueName: "folder"))
    var temporaryDirectory: String?

    @OptionGroup var sides: SideOptions
    @OptionGroup var common: CommonOptions

    func validate() throws {
        if delete, !repair { throw ValidationError("--delete needs --repair") }
        guard (0...3_600).contains(settle) else {
            throw ValidationError("--settle: expected a number of seconds from 0 to 3600")
        }
        guard (1...1_024).contains(concurrency) else { throw ValidationError("--concurrency: expected 1 to 1024") }
        let locations: [SyncLocation]
        do { locations = try [SyncLocation(parsing: source), SyncLocation(parsing: target)] } catch {
            throw ValidationError("\(error)")
        }
        if metadata || tags, !locations.allSatisfy(\.isBucket) {
            throw ValidationError("--metadata and --tags need two buckets; files have neither")
        }
    }

    func run() async throws {
        let console = common.makeConsole()
        let (from, to) = try (SyncLocation(parsing: source), SyncLocation(parsing: target))
        let sourceClient = try sides.makeSourceClient(common, console: console)
        let targetClient = try sides.makeTargetClient(common, console: console)
        try SyncSide.checkPair(from, to, sourceClient, targetClient)
        let sourceSide = try await SyncSide.open(from, client: sourceClient, isTarget: false)
        let targetSide = try await SyncSide.open(to, client: targetClient, isTarget: false)
        var options = BucketVerification.Options()
        options.comparison = compare
        options.comparesMetadata = metadata
        options.comparesTags = tags
        options.filter = KeyFilter(try filters.rules())
        options.repairs = repair
        options.deletes = delete
        options.settle = .seconds(settle)
        options.concurrency = concurrency
        options.temporaryDirectory = TemporaryFolder.path(temporaryDirectory)
        if repair {
            options.streams =
                try await SyncSide.reasonToStream(
                    from: sourceSide,
                    to: targetSide,
                    haveOneIdentity: sides.haveOneIdentity
                ) != nil
        }
        let file = try report.map { try ReportFile(path: $0) }
        let started = Date()
        var first: [ObjectDifference] = []
        let result = try await compare(sourceSide, targetSide, options, console) { difference in
            try file?.append(BucketVerificationReport.json(difference))
            if first.count < BucketVerificationReport.shown { first.append(difference) }
        }
        try file?.close()
        SyncRecords.save(
            VerificationRecord(
                SyncPair(places: sourceSide.name, targetSide.name),
                result,
                filter: filters.text,
                startDate: started,
                endDate: Date()
            ),
            console
        )
        let told = BucketVerificationReport(
            source: sourceSide.name,
            target: targetSide.name,
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
        case .equal: return
        case .different: throw ExitStatus.different
        case .undecided: throw ExitStatus.failure
        }
    }

    private func compare(
        _ source: SyncSide,
        _ target: SyncSide,
        _ options: BucketVerification.Options,
        _ console: Console,
        report: (ObjectDifference) throws -> Void
    ) async throws -> BucketVerificationResult {
        let progress = VerificationProgress()
        let ticker = Task {
            while !Task.isCancelled {
                console.progress.update(BucketVerificationReport.progress(progress.snapshot))
                try await Task.sleep(for: .milliseconds(200))
            }
        }
        defer {
            ticker.cancel()
            console.progress.clear()
        }
        return try await BucketVerification(source: source, target: target, options: options)
            .run(progress: progress, report: report)
    }
}

extension VerifiedBy: ExpressibleByArgument {}
