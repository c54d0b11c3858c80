import ArgumentParser
import BackupCore
import Terminal

/// `monitor`: how it stands with the backups.
@main
struct Monitor: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "monitor",
        abstract: "Show the state of the backups, start one, follow one.",
        usage: "monitor [status | backup | watch] [<options>]",
        discussion: CommandHelp.discussion(
            """
            Without a subcommand, shows the state of every table in config.json; TABLE_ARNS, S3_BUCKET, S3_REGION, \
            S3_PREFIX and SCHEDULE in the environment take the place of what the file says. Credentials are found as \
            the AWS CLI finds them.
            """,
            examples: [
                ("monitor", "last backups, schedule, function, and a verdict for each table"),
                ("monitor --table Orders --last 10", "ten backups of one table"),
                ("monitor --output json | jq -r '.tables[] | [.table, .verdict] | @tsv'", "for scripts"),
                ("monitor backup --wait", "back up every table now and wait until the exports have ended"),
                ("monitor watch", "follow the exports that are running"),
            ],
            exitCodes: [.success, .failure, .unhealthy, .usage, .interrupted]
        ),
        version: CommandHelp.version,
        subcommands: [StatusCommand.self, BackupCommand.self, WatchCommand.self],
        defaultSubcommand: StatusCommand.self
    )

    static func main() async {
        await CommandRunner.main(self, hints: Remedy.hints(for:))
    }
}
