import AWSCore
import ArgumentParser
import BackupCore
import Terminal

/// `restore watch IMPORT-ARN`: follows an import that goes on by itself.
struct WatchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "watch",
        abstract: "Follow an import until it ends.",
        usage: "restore watch <import-arn> \(CommonOptions.usage)",
        discussion: CommandHelp.discussion(
            "Ctrl-C ends the watching, not the import.",
            examples: [
                (
                    """
                    restore watch \\
                        arn:aws:dynamodb:eu-west-1:123456789012:table/Orders2/import/01795...
                    """,
                    "one import"
                )
            ]
        )
    )

    @Argument(help: "The import's ARN, as `restore restore` shows it.")
    var importARN: String

    @OptionGroup var common: CommonOptions

    func validate() throws {
        guard region != nil else {
            throw ValidationError(
                "\"\(importARN)\" is not an import's ARN (arn:aws:dynamodb:REGION:ACCOUNT:table/NAME/import/ID)"
            )
        }
    }

    private var region: Region? {
        guard let arn = ARN(importARN), arn.importID != nil else { return nil }
        return Region(arn.region)
    }

    func run() async throws {
        let console = common.makeConsole()
        guard let region, let target = ARN(importARN)?.tableName else { throw ExitStatus.usage }
        let client = try common.makeClient(console: console)
        let imports = ImportWatch(client: client)
        let options = common.repeatedArguments
        let ended = try await ImportFollower(console: console, imports: imports, region: region, options: options)
            .follow(importARN, expectedItems: nil)
        try await ImportReport(console: console, imports: imports, region: region)
            .finish(ended, target: target, plan: nil)
    }
}
