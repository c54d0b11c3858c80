import AWSCore
import ArgumentParser
import BackupCore
import FoundationEssentials
import Terminal

/// `export-table-schema`: a table's definition as a file that can be imported with.
@main
struct ExportTableSchema: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export-table-schema",
        abstract: "Write a table's definition as table_schema.json.",
        usage: """
            export-table-schema <table> <region> [--file <path>] [--force]
                                \(CommonOptions.usage)
            """,
        discussion: CommandHelp.discussion(
            """
            The file holds exactly what AWS calls TableCreationParameters, so that AWS's own tools take it as it is. \
            Keep it where you keep your code: `restore` takes it when a backup has no schema of its own. This program \
            needs no config.json. Credentials are found as the AWS CLI finds them.
            """,
            examples: [
                ("export-table-schema Orders us-east-1", "write table_schema.json"),
                ("export-table-schema Orders us-east-1 --file orders.json --force", "another file, written over"),
                ("export-table-schema Orders us-east-1 --file - | jq .KeySchema", "to standard output"),
                (
                    """
                    aws dynamodb import-table --input-format DYNAMODB_JSON \\
                        --input-compression-type GZIP \\
                        --s3-bucket-source S3Bucket=my-backups,S3KeyPrefix=... \\
                        --table-creation-parameters file://table_schema.json
                    """,
                    "import a backup with AWS's own command"
                ),
            ]
        ),
        version: CommandHelp.version
    )

    static func main() async {
        await CommandRunner.main(self, hints: Remedy.hints(for:))
    }

    @Argument(help: "The table's name or ARN.")
    var table: String

    @Argument(help: "The Region it is in.")
    var region: String

    @Option(help: ArgumentHelp("Where to write; - for standard output.", valueName: "path"))
    var file = "table_schema.json"

    @Flag(help: "Write over a file that is there.")
    var force = false

    @OptionGroup var common: CommonOptions

    func validate() throws {
        guard Region(region) != nil else {
            throw ValidationError("\"\(region)\" is not a Region; expected something like us-east-1")
        }
        guard TableARN.isTableName(table) || TableARN(table) != nil else {
            throw ValidationError("\"\(table)\" is not a table's name (3 to 255 of a-z A-Z 0-9 _ . -) or ARN")
        }
        if let arn = TableARN(table), arn.region.name != region {
            throw ValidationError("the table's ARN says \(arn.region), not \(region)")
        }
        if common.region != nil { throw ValidationError("the Region is the second argument; leave --region out") }
    }

    func run() async throws {
        let console = common.makeConsole()
        guard let region = Region(region) else { throw ExitStatus.usage }
        if file != "-", !force, FileManager.default.fileExists(atPath: file) {
            throw CommandFailure("\(file) is there already: name another with --file, or write over it with --force")
        }
        let client = try common.makeClient(console: console)
        let description: TableDescription
        do {
            description = try await DynamoDBClient(client: client, region: region).describeTable(table)
        } catch let error as AWSError where error.code == "ResourceNotFoundException" {
            throw CommandFailure(
                "there is no table \(table) in \(region)",
                hints: ["See which there are: aws dynamodb list-tables --region \(region)"]
            )
        }
        let schema = try await TableSchema.read(description, client: client, region: region)
        if file == "-" {
            try console.write(String(decoding: schema.fileContents, as: UTF8.self))
        } else {
            try write(schema.fileContents)
            switch console.format {
            case .json:
                try console.printJSON(["file": .string(file), "tableArn": .string(description.arn)])
            case .text:
                let indexes = schema.globalSecondaryIndexes.count
                try console.print(
                    "\(file): \(schema.tableName), \(indexes) global secondary index\(indexes == 1 ? "" : "es")"
                )
            }
        }
        warnOfWhatIsMissing(description, console)
    }

    private func write(_ contents: [UInt8]) throws {
        do {
            try Data(contents).write(to: URL(filePath: file), options: .atomic)
        } catch {
            throw CommandFailure("\(file) cannot be written; check that its folder exists and may be written to")
        }
    }

    /// An import cannot make local secondary indexes, so the schema has none.
    private func warnOfWhatIsMissing(_ description: TableDescription, _ console: Console) {
        let names = (description.json["LocalSecondaryIndexes"]?.array ?? []).compactMap { $0["IndexName"]?.string }
        guard !names.isEmpty else { return }
        console.warn(
            "ImportTable cannot make local secondary indexes; left out: \(names.joined(separator: ", "))"
        )
    }
}
