import ArgumentParser
import Terminal

/// `sync verify`: both sides compared, nothing copied.
struct VerifyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Compare both sides item by item or object by object; repair if wanted.",
        usage: "sync verify table | bucket [<options>]",
        discussion: CommandHelp.discussion(
            """
            What looks different is read again on both sides before it is called a difference. Nothing is written \
            without --repair, nothing deleted without --repair --delete.
            """,
            examples: [
                ("sync verify table Orders Orders-new", "compare two tables"),
                ("sync verify bucket s3://old s3://new", "compare two buckets"),
            ],
            exitCodes: [.success, .failure, .different, .usage, .interrupted]
        ),
        subcommands: [VerifyTableCommand.self, VerifyBucketCommand.self]
    )
}
