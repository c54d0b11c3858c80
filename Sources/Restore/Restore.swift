import ArgumentParser
import BackupCore
import Terminal

/// `restore`: which backups there are, and a table out of one.
@main
struct Restore: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "restore",
        abstract: "List backups and restore a table from one.",
        usage: "restore list | restore | watch [<options>]",
        discussion: CommandHelp.discussion(
            """
            Works from the backup bucket alone: the source table, its Region and the function may be gone. The bucket \
            stands in config.json, or in S3_BUCKET, S3_REGION and S3_PREFIX. Credentials are found as the AWS CLI \
            finds them.
            """,
            examples: [
                ("restore list", "every backup in the bucket, newest first"),
                ("restore list Orders --from 2026/11/01", "the backups of one table since a day"),
                ("restore restore Orders eu-west-1 --dry-run", "what a restore would do, and cost"),
                ("restore restore Orders eu-west-1", "the newest complete backup into a new table"),
                ("restore restore Orders us-east-1 2026/11/20", "that day's backup"),
                ("restore watch arn:aws:dynamodb:...:table/Orders2/import/...", "follow an import"),
            ]
        ),
        version: CommandHelp.version,
        subcommands: [ListCommand.self, RestoreCommand.self, WatchCommand.self]
    )

    static func main() async {
        await CommandRunner.main(self, hints: Remedy.hints(for:), usageHints: usageHints)
    }

    /// `restore Orders eu-west-1` says what it wants, but lacks the subcommand.
    private static func usageHints(_ arguments: [String]) -> [String] {
        let names = ["list", "restore", "watch", "help"]
        guard let table = arguments.first, !table.hasPrefix("-"), !names.contains(table) else { return [] }
        let meant = arguments.count > 1 ? arguments : [table, "REGION"]
        return ["to restore a table: \(ShellCommand(["restore", "restore"] + meant))"]
    }
}
