import AWSTesting
import FoundationEssentials
import Testing

/// `--help` of every command is pinned as a text file, so that each change of it is read by a person.
///
/// `RECORD_TRANSCRIPTS=1 swift test --filter HelpTests` writes the files anew.
@Suite("Help")
struct HelpTests {
    static let commands = [
        "monitor", "monitor status", "monitor backup", "monitor watch", "restore", "restore list", "restore restore",
        "restore watch", "export-table-schema", "sync", "sync table", "sync bucket",
        "sync verify", "sync verify table", "sync verify bucket", "sync status", "sync replay", "sync cutover",
    ]

    private static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Transcripts")

    @Test("The help of every command is the one that was read and found good", arguments: commands)
    func transcript(command: String) async throws {
        let run = try CommandRun(configuration: nil)
        let words = command.split(separator: " ").map(String.init)
        let output = try await run.start(words + ["--help"]).output()
        #expect(output.exitCode == 0)
        #expect(output.standardError == "")
        let file = Self.folder.appending(path: "\(command.split(separator: " ").joined(separator: "-"))-help.txt")
        if ProcessInfo.processInfo.environment["RECORD_TRANSCRIPTS"] == "1" {
            try Data(output.standardOutput.utf8).write(to: file)
        }
        #expect(output.standardOutput == String(decoding: try Data(contentsOf: file), as: UTF8.self))
        #expect(run.server.requests.isEmpty)
    }

    @Test("Help fits a terminal of 80 columns, has an example and the exit codes", arguments: commands)
    func form(command: String) async throws {
        let run = try CommandRun(configuration: nil)
        let words = command.split(separator: " ").map(String.init)
        let help = try await run.start(words + ["--help"]).output().standardOutput
        for line in help.split(separator: "\n") { #expect(line.count <= 80, "\(line)") }
        #expect(help.contains("\nEXAMPLES:\n  \(words[0])"))
        for code in ["0  ", "1  ", "64 ", "130"] { #expect(help.contains("\n  \(code)  ")) }
        #expect(help.contains("\nUSAGE: \(words[0]) "))
    }

    private static let commonOptions: Set<String> = [
        "--config", "--profile", "--region", "--endpoint-url", "--output", "--no-color", "--quiet", "--verbose",
        "--version",
        // Those of both sides of a sync.
        "--source-profile", "--source-region", "--source-role-arn", "--source-endpoint-url",
        "--target-profile", "--target-region", "--target-role-arn", "--target-endpoint-url",
    ]

    @Test("The options that a command has for itself are in its usage and come first", arguments: commands)
    func usage(command: String) async throws {
        let run = try CommandRun(configuration: nil)
        let words = command.split(separator: " ").map(String.init)
        let help = try await run.start(words + ["--help"]).output().standardOutput
        let lines = help.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        let usageStart = try #require(lines.firstIndex { $0.hasPrefix("USAGE:") })
        let usage = lines[usageStart...].prefix { !$0.isEmpty }.joined(separator: " ")
        let start = try #require(lines.firstIndex(of: "OPTIONS:"))
        let own = lines[start...].dropFirst().prefix { !$0.isEmpty }
        let options = own.filter { $0.hasPrefix("  --") }.map { line in
            String(line.dropFirst(2).prefix { $0 != " " })
        }
        let isCommon = options.map { Self.commonOptions.contains($0) }
        #expect(isCommon == isCommon.sorted { !$0 && $1 }, "\(options)")
        for option in options where !Self.commonOptions.contains(option) {
            #expect(usage.contains("[\(option)") || usage.contains("| \(option)"), "\(option) is missing in \(usage)")
        }
    }

    @Test("The version is one line", arguments: Set(commands.map { String($0.prefix { $0 != " " }) }).sorted())
    func version(program: String) async throws {
        let output = try await CommandRun(configuration: nil)(program, "--version")
        #expect(output.exitCode == 0)
        #expect(output.standardOutput.wholeMatch(of: /[0-9]+\.[0-9]+\.[0-9]+\n/) != nil, "\(output.standardOutput)")
    }

    @Test(
        "A restore without its subcommand says what to type",
        arguments: [
            (["Orders", "eu-west-1"], "restore restore Orders eu-west-1"),
            (
                ["Orders", "eu-west-1", "2026/11/20", "--dry-run"],
                "restore restore Orders eu-west-1 2026/11/20 --dry-run"
            ),
            (["Orders"], "restore restore Orders REGION"),
        ]
    )
    func restoreWithoutSubcommand(arguments: [String], command: String) async throws {
        let run = try CommandRun()
        let output = try await run.start(["restore"] + arguments).output()
        #expect(output.exitCode == 64)
        let lines = output.standardError.split(separator: "\n")
        #expect(lines.first?.hasPrefix("restore: error: ") == true, "\(output.standardError)")
        #expect(lines.dropFirst().first == "to restore a table: \(command)")
        #expect(run.server.requests.isEmpty)
        // A subcommand's own mistakes are another matter.
        let other = try await run.start(["restore", "watch", "Orders"]).output()
        #expect(!other.standardError.contains("to restore a table"))
    }

    @Test(
        "A wrong command line is told in one line, with the usage, and ends with 64",
        arguments: [
            (["monitor", "--nonsense"], "Unknown option '--nonsense'"),
            (["monitor", "nonsense"], "Unexpected argument 'nonsense'"),
            (["monitor", "--last", "0"], "--last: expected a number from 1 to 60"),
            (["monitor", "--output", "xml"], "The value 'xml' is invalid for '--output <format>'"),
            (["monitor", "--region", "mars"], "--region: \"mars\" is not a Region; expected something like us-east-1"),
            (["monitor", "backup", "--quiet", "--verbose"], "--quiet and --verbose cannot be given together"),
            (["export-table-schema"], "Missing expected argument '<table>'"),
            (["sync", "table", "Orders"], "Missing expected argument '<target>'"),
            (["sync", "table", "No table!", "Orders"], "\"No table!\" is neither a table's name nor its ARN"),
            (
                ["sync", "table", "Orders", "Copy", "--segments", "0"],
                "--segments: expected a number from 1 to 1000000"
            ),
            (["sync", "table", "Orders", "Copy", "--where", "day ="], "--where: column 6: "),
            (["sync", "table", "Orders", "Copy", "--enable-ttl"], "--enable-ttl is about a table that is made"),
            (
                ["sync", "table", "Orders", "Copy", "--mode", "merge", "--overwrite"],
                "--mode merge overwrites nothing: leave --overwrite out"
            ),
            (["sync", "status", "--interval", "0"], "--interval: expected a number of seconds from 1 to 3600"),
            (["sync", "replay", "--max", "0"], "--max: expected a number from 1"),
            (["sync", "cutover", "--settle", "0"], "--settle: expected a number of seconds from 1 to 86400"),
            (["sync", "bucket", "s3://a-b"], "Missing expected argument '<target>'"),
            (
                ["sync", "bucket", "s3://a", "x"],
                "\"a\" is not the name of an S3 bucket: it must have 3 to 63 characters"
            ),
            (["sync", "bucket", "s3://abc", "gs://abc"], "\"gs://abc\" is neither s3://bucket[/prefix] nor a folder"),
            (["sync", "bucket", "s3://abc", "x", "--max-delete", "5"], "--max-delete needs --delete"),
            (
                ["sync", "bucket", "s3://abc", "x", "--delete", "--max-delete", "many"],
                "--max-delete: expected a number, or a share from 0% to 100%"
            ),
            (["sync", "bucket", "s3://abc", "x", "--sse", "rot13"], "--sse: expected AES256, aws:kms or aws:kms:dsse"),
            (["restore", "list", "--from", "yesterday"], "--from: \"yesterday\" is not a day; expected YYYY/MM/DD"),
            (["restore", "restore", "Orders"], "Missing expected argument '<region>'"),
            (["restore", "restore", "Orders", "mars"], "\"mars\" is not a Region; expected something like eu-west-1"),
            (
                ["restore", "restore", "Orders", "eu-west-1", "2026/02/30"],
                "the third argument: \"2026/02/30\" is not a day"
            ),
            (
                ["restore", "restore", "Orders", "eu-west-1", "--kms-key", "k", "--default-encryption"],
                "--kms-key and --default-encryption exclude each other"
            ),
            (["restore", "watch", "Orders"], "\"Orders\" is not an import's ARN"),
            (["export-table-schema", "Orders"], "Missing expected argument '<region>'"),
            (["export-table-schema", "Orders", "mars"], "\"mars\" is not a Region; expected something like us-east-1"),
            (["export-table-schema", "No table!", "us-east-1"], "\"No table!\" is not a table's name"),
            (["export-table-schema", FakeAWS.tableARN, "eu-west-1"], "the table's ARN says us-east-1, not eu-west-1"),
        ]
    )
    func wrongCommandLine(command: [String], message: String) async throws {
        let run = try CommandRun()
        let output = try await run.start(command).output()
        #expect(output.exitCode == 64)
        #expect(output.standardOutput == "")
        #expect(output.standardError.hasPrefix("\(command[0]): error: \(message)"), "\(output.standardError)")
        #expect(output.standardError.lowercased().contains("usage: \(command[0])"))
        #expect(run.server.requests.isEmpty)
    }
}
