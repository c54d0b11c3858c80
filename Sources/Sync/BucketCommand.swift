import AWSCore
import ArgumentParser
import BackupCore
import SyncCore
import Terminal

/// `sync bucket SOURCE TARGET`: objects or files into a bucket or folder.
struct BucketCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bucket",
        abstract: "Make a bucket or folder hold what another one holds.",
        usage: """
            sync bucket <source> <target> [--compare <how>]
                        [--delete] [--max-delete <limit>]
                        [--include <pattern>] [--exclude <pattern>]
                        [--mode <mode>] [--stream] [--create]
                        [--storage-class <class>]
                        [--sse <kind>] [--sse-kms-key-id <key>]
                        [--no-follow-symlinks] [--concurrency <n>]
                        [--dry-run] [--engine <engine>] [--parts <n>]
                        [--state-machine <name>] [--execution <arn>]
                        \(SideOptions.usage) \(CommonOptions.usage)
            """,
        discussion: CommandHelp.discussion(
            """
            Source and target are s3://bucket[/prefix] or a local folder, one of them a bucket. What the target lacks, \
            or has with another size or an earlier time, is transferred (downloads: with another time), with metadata, \
            tags and storage class. Every object is verified; writes are conditional, so that nothing is written over \
            that somebody else wrote meanwhile. Nothing is deleted without --delete. Run it again to go on.
            """,
            examples: [
                ("sync bucket s3://old s3://new --dry-run", "what would be done"),
                ("sync bucket s3://old s3://new", "copy within S3, nothing comes here"),
                ("sync bucket ./site s3://www --delete", "upload, and delete what is gone"),
                ("sync bucket s3://logs/2026 ./logs --exclude '*' --include '*.gz'", "download some"),
                ("sync bucket s3://old s3://new --engine step-functions", "many parts at a time, in AWS"),
            ]
        )
    )

    @Argument(help: "s3://bucket[/prefix] or a folder.")
    var source: String

    @Argument(help: "s3://bucket[/prefix] or a folder.")
    var target: String

    @Option(help: ArgumentHelp("By what objects differ.", valueName: "how"))
    var compare = ObjectComparison.time

    @Flag(help: "Delete at the target what the source does not have.")
    var delete = false

    @Option(
        help: ArgumentHelp("Delete nothing if it were more: a number, or a share as 10%.", valueName: "limit")
    )
    var maxDelete: String?

    @OptionGroup var filters: FilterArguments

    @Option(help: ArgumentHelp("merge beside live sync, which writes there, too.", valueName: "mode"))
    var mode = Mode.replace

    @Flag(help: "Move bytes through this machine, also where S3 could copy.")
    var stream = false

    @Option(help: ArgumentHelp("Write objects in this class (default: their own).", valueName: "class"))
    var storageClass: String?

    @Option(help: ArgumentHelp("Encrypt with AES256, aws:kms or aws:kms:dsse.", valueName: "kind"))
    var sse: String?

    @Option(
        name: .customLong("sse-kms-key-id"),
        help: ArgumentHelp("The KMS key for --sse.", valueName: "key")
    )
    var sseKMSKeyID: String?

    @Flag(help: "Leave symbolic links of a source folder out.")
    var noFollowSymlinks = false

    @Option(help: ArgumentHelp("Objects in flight at once.", valueName: "n"))
    var concurrency = 64

    @Flag(help: "Make the target bucket like the source, if it is not there.")
    var create = false

    @Flag(help: "Show what would be done, and only read.")
    var dryRun = false

    @Option(help: ArgumentHelp("local, or step-functions for very large buckets.", valueName: "engine"))
    var engine = CopyEngine.local

    @Option(help: ArgumentHelp("Ranges of keys for Step Functions, 1 to 1000 (default: 200).", valueName: "n"))
    var parts: Int?

    @Option(help: ArgumentHelp("The state machine of deploy.sh sync, by name or ARN.", valueName: "name"))
    var stateMachine = "DynamoDBSyncFunction-copy"

    @Option(help: ArgumentHelp("Follow a copy by Step Functions that was started before.", valueName: "arn"))
    var execution: String?

    @OptionGroup var sides: SideOptions
    @OptionGroup var common: CommonOptions

    /// Whether somebody else may write to the target at the same time.
    enum Mode: String, ExpressibleByArgument, CaseIterable {
        case replace
        case merge
    }

    func validate() throws {
        guard (1...1024).contains(concurrency) else { throw ValidationError("--concurrency: expected 1 to 1024") }
        if maxDelete != nil, !delete { throw ValidationError("--max-delete needs --delete") }
        _ = try deletionLimit()
        _ = try encryption()
        if sseKMSKeyID != nil, sse == nil || sse == "AES256" {
            throw ValidationError("--sse-kms-key-id needs --sse aws:kms or aws:kms:dsse")
        }
        let locations: [SyncLocation]
        do { locations = try [SyncLocation(parsing: source), SyncLocation(parsing: target)] } catch {
            throw ValidationError("\(error)")
        }
        try validateEngine(locations)
    }

    private func validateEngine(_ locations: [SyncLocation]) throws {
        if engine == .stepFunctions, delete {
            throw ValidationError(
                "--delete needs --engine local: copy with Step Functions first, then run sync bucket with --delete from one"
                    + " machine, which finds everything else equal"
            )
        }
        let endpoints = "the function reaches AWS in its own way"
        try engine.validate(
            execution: execution,
            localOptions: [
                ("--stream", stream, "with Step Functions S3 copies by itself wherever it may"),
                ("--no-follow-symlinks", noFollowSymlinks, "with Step Functions both sides are buckets"),
                ("--concurrency", concurrency != 64, "with Step Functions each part has 32 copies under way"),
                ("--source-endpoint-url", sides.sourceEndpointURL != nil, endpoints),
                ("--target-endpoint-url", sides.targetEndpointURL != nil, endpoints),
            ]
        )
        guard engine == .stepFunctions else {
            if parts != nil { throw ValidationError("--parts is about --engine step-functions") }
            return
        }
        if let parts, !(1...CopyKind.maximumParts).contains(parts) {
            throw ValidationError("--parts: expected 1 to \(CopyKind.maximumParts)")
        }
        guard locations.allSatisfy(\.isBucket) else {
            throw ValidationError(
                "--engine step-functions copies from bucket to bucket: both sides must be s3://bucket"
            )
        }
    }

    func run() async throws {
        let console = common.makeConsole()
        let (from, to) = try (SyncLocation(parsing: source), SyncLocation(parsing: target))
        let sourceClient = try sides.makeSourceClient(common, console: console)
        let targetClient = try sides.makeTargetClient(common, console: console)
        try SyncSide.checkPair(from, to, sourceClient, targetClient)
        if engine == .stepFunctions, let execution {
            return try await BucketExecution.remote(self, console, sourceClient, try executionRegion(execution))
                .follow(execution, from, to)
        }
        console.progress.update("Looking at \(from) and \(to)")
        defer { console.progress.clear() }
        let sourceSide = try await SyncSide.open(from, client: sourceClient, isTarget: false)
        var options = try options()
        let targetSide = try await target(to, like: sourceSide, client: targetClient, options, console)
        if engine == .stepFunctions, !dryRun {
            guard case .bucket(let source) = sourceSide, case .bucket(let target) = targetSide else { return }
            return try await BucketExecution.remote(self, console, sourceClient, source.s3.region)
                .start(settings(source, target, options), source, parts: parts ?? Self.defaultParts)
        }
        if !stream {
            let reason = try await SyncSide.reasonToStream(
                from: sourceSide,
                to: targetSide,
                haveOneIdentity: sides.haveOneIdentity
            )
            if let reason {
                options.streams = true
                console.note("Bytes go through this machine, since \(reason).")
            }
        }
        let run = BucketRun(
            console: console,
            source: sourceSide,
            target: targetSide,
            options: options,
            filter: filters.text
        )
        try await run.run()
    }

    /// More than run at the same time, so that it does not matter much when some take longer.
    private static let defaultParts = 200

    private func settings(
        _ source: BucketSide,
        _ target: BucketSide,
        _ options: BucketSyncOptions
    ) throws -> BucketCopySettings {
        var settings = BucketCopySettings(
            source: .init(
                bucket: source.bucket,
                prefix: source.prefix,
                region: source.s3.region,
                role: sides.sourceRoleARN
            ),
            target: .init(
                bucket: target.bucket,
                prefix: target.prefix,
                region: target.s3.region,
                role: sides.targetRoleARN
            )
        )
        settings.comparison = options.comparison
        settings.mergesWithLiveSync = options.mergesWithLiveSync
        settings.rules = try filters.rules()
        settings.storageClass = storageClass
        settings.encryption = options.encryption
        return settings
    }

    private func executionRegion(_ arn: String) throws -> Region {
        guard let region = ARN(arn).flatMap({ Region($0.region) }) else {
            throw ValidationError("--execution: \"\(arn.escapedForTerminal)\" names no Region")
        }
        return region
    }

    /// Opens the target, made like the source when that was asked for.
    private func target(
        _ location: SyncLocation,
        like source: SyncSide,
        client: AWSClient,
        _ options: BucketSyncOptions,
        _ console: Console
    ) async throws -> SyncSide {
        guard create else { return try await SyncSide.open(location, client: client, isTarget: true) }
        guard case .bucket(let model) = source, case .bucket(let bucket, let prefix) = location else {
            throw CommandFailure("--create makes a bucket like another one: both sides must be s3://bucket")
        }
        let s3 = S3Client(client: client, region: client.configuration.region ?? model.s3.region)
        let creation = BucketCreation(
            source: model,
            s3: s3,
            bucket: bucket,
            encryption: options.encryption,
            isDryRun: options.isDryRun
        )
        switch try await creation.run() {
        case .alreadyThere: console.note("s3://\(bucket) is there already; its configuration stays as it is.")
        case .created(let kinds):
            let names = kinds.map(\.rawValue).joined(separator: ", ")
            console.note(
                "\(options.isDryRun ? "Would make" : "Made") s3://\(bucket) in \(s3.region) like s3://\(model.bucket)"
                    + (names.isEmpty ? "." : ": \(names).")
                    + " Policies, notifications, replication, logging and website are not copied."
            )
            if options.isDryRun {
                var side = BucketSide(s3: s3, bucket: bucket, prefix: prefix)
                side.isMissing = true
                return .bucket(side)
            }
        }
        return try await SyncSide.open(location, client: client, isTarget: true)
    }

    private func options() throws -> BucketSyncOptions {
        var options = BucketSyncOptions()
        options.comparison = compare
        options.filter = KeyFilter(try filters.rules())
        options.deletion = try deletionLimit()
        options.isDryRun = dryRun
        options.mergesWithLiveSync = mode == .merge
        options.streams = stream
        options.followsLinks = !noFollowSymlinks
        options.storageClass = storageClass.map { S3StorageClass($0) }
        options.encryption = try encryption()
        options.transfersAtOnce = concurrency
        options.uploads = UploadJournal(folder: StateFolder.path())
        options.journalFolder = StateFolder.path()
        return options
    }

    private func deletionLimit() throws -> DeletionLimit? {
        guard delete else { return nil }
        guard let maxDelete else { return .usual }
        if maxDelete.hasSuffix("%"), let percent = Int(maxDelete.dropLast()), (0...100).contains(percent) {
            return .percent(percent)
        }
        if let count = Int(maxDelete), count >= 0 { return .objects(count) }
        throw ValidationError("--max-delete: expected a number, or a share from 0% to 100%")
    }

    private func encryption() throws -> S3Encryption? {
        switch sse {
        case nil: nil
        case "AES256": .aes256
        case "aws:kms": .kms(keyID: sseKMSKeyID)
        case "aws:kms:dsse": .kmsDSSE(keyID: sseKMSKeyID)
        case .some: throw ValidationError("--sse: expected AES256, aws:kms or aws:kms:dsse")
        }
    }
}

extension ObjectComparison: ExpressibleByArgument {}
