import ArgumentParser
import Terminal

/// `sync`: tables and buckets from one place to another, completely, and the proof of it.
@main
struct Sync: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sync",
        abstract: "Copy tables and buckets completely, follow them, and prove both sides equal.",
        usage: "sync table | bucket | verify | status | replay | cutover [<options>]",
        discussion: CommandHelp.discussion(
            """
            Source and target may lie in other Regions and accounts; each side has its own profile, role, Region and \
            endpoint. Credentials are found as the AWS CLI finds them. What was interrupted goes on with the same \
            command.
            """,
            examples: [
                ("sync table Orders Orders-new --create", "copy a table into a new one"),
                ("sync bucket s3://old s3://new --dry-run", "what a copy of a bucket would do"),
                ("sync verify table Orders Orders-new", "compare both sides item by item"),
                ("sync status", "how live sync of config.json does, and whether cutting over is safe"),
                ("sync cutover", "walk through a cut-over, and sign it off"),
            ],
            exitCodes: [.success, .failure, .unhealthy, .different, .usage, .interrupted],
            meanings: [.unhealthy: "cutting over is not safe"]
        ),
        version: CommandHelp.version,
        subcommands: [
            TableCommand.self, BucketCommand.self, VerifyCommand.self, StatusCommand.self, ReplayCommand.self,
            CutoverCommand.self,
        ]
    )

    static func main() async {
        await CommandRunner.main(self, hints: SyncRemedy.hints(for:))
    }
}
