import ArgumentParser
import Terminal

/// `monitor`: how it stands with the backups.
@main
struct Monitor: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "monitor",
        abstract: "Show how it stands with the backups, start one, follow one.",
        discussion: CommandHelp.discussion(
            "Without a subcommand, shows the status of every configured table.",
            examples: [
                ("monitor", "last backups, schedule, function, and a verdict for each table"),
                ("monitor --table Orders --last 10", "ten backups of one table"),
                ("monitor --output json | jq '.tables[] | select(.verdict != \"HEALTHY\")'", "for scripts"),
                ("monitor backup --wait", "back up every table now and wait until the exports have ended"),
                ("monitor watch", "follow the exports that are running"),
            ],
            exitCodes: [.success, .failure, .unhealthy, .usage, .interrupted]
        ),
        subcommands: [StatusCommand.self, BackupCommand.self, WatchCommand.self],
        defaultSubcommand: StatusCommand.self
    )

    static func main() async {
        await CommandRunner.main(self)
    }
}
