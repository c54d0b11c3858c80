import AWSCore
import ArgumentParser
import SyncCore
import Terminal

/// `sync bucket SOURCE TARGET`.
struct BucketCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bucket",
        abstract: "Copy a bucket, or a folder, into another one."
    )

    @Argument(help: "s3://bucket[/prefix] or a folder.")
    var source: String

    @Argument(help: "s3://bucket[/prefix] or a folder.")
    var target: String

    @OptionGroup var sides: SideOptions
    @OptionGroup var common: CommonOptions

    func run() async throws {
        let console = common.makeConsole()
        let from = try SyncLocation(parsing: source)
        let to = try SyncLocation(parsing: target)
        let sourceClient = try sides.makeSourceClient(common, console: console)
        let targetClient = try sides.makeTargetClient(common, console: console)
        let sync = BucketSync(
            source: try await side(from, sourceClient),
            target: try await side(to, targetClient),
            options: BucketSyncOptions()
        )
        let report = try await sync.run()
        console.progress.clear()
        try console.print("\(report)")
        if !report.isComplete { throw ExitStatus.failure }
    }

    private func side(_ location: SyncLocation, _ client: AWSClient) async throws -> SyncSide {
        switch location {
        case .folder(let path): return .folder(path)
        case .bucket(let bucket, let prefix):
            let configured = client.configuration.region ?? Region("us-east-1")
            guard let configured else { throw ConfigurationError("no Region") }
            let region = try await S3Client(client: client, region: configured).bucketRegion(bucket)
            return .bucket(BucketSide(s3: S3Client(client: client, region: region), bucket: bucket, prefix: prefix))
        }
    }
}
