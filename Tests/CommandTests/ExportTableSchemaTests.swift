import AWSCore
import AWSTesting
import FoundationEssentials
import Testing

@Suite("export-table-schema")
struct ExportTableSchemaTests {
    private static let index = #"""
        ,"GlobalSecondaryIndexes":[{"IndexName":"byDay","KeySchema":[{"AttributeName":"id","KeyType":"HASH"}],
         "Projection":{"ProjectionType":"ALL"},"IndexStatus":"ACTIVE"}]
        """#

    @Test("The file holds TableCreationParameters and nothing else; what was written is told on standard output")
    func file() async throws {
        let run = try CommandRun(FakeAWS(["DescribeTable": FakeAWS.json(FakeAWS.describedTable(Self.index))]))
        let output = try await run("export-table-schema", "Orders", "us-east-1")
        #expect(output.exitCode == 0, "\(output)")
        #expect(output.standardOutput == "table_schema.json: Orders, 1 global secondary index\n")
        #expect(output.standardError == "")
        let schema = try JSONValue(parsing: Array(try run.read("table_schema.json").utf8))
        #expect(
            schema.object?.keys.sorted()
                == ["AttributeDefinitions", "BillingMode", "GlobalSecondaryIndexes", "KeySchema", "TableName"]
        )
        #expect(schema["GlobalSecondaryIndexes"]?.array?.first?["IndexStatus"] == nil)
        let request = try #require(run.requests("DescribeTable").first)
        #expect(request.headers["Authorization"]?.contains("/us-east-1/dynamodb/aws4_request") == true)
    }

    @Test("--file - writes the schema alone to standard output; JSON tells the file's name")
    func standardOutput() async throws {
        let run = try CommandRun(configuration: nil)
        let output = try await run("export-table-schema", "Orders", "us-east-1", "--file", "-")
        #expect(try output.json["TableName"] == "Orders")
        #expect(output.standardError == "")
        #expect(!FileManager.default.fileExists(atPath: "\(run.folder)/table_schema.json"))
        let json = try await run("export-table-schema", FakeAWS.tableARN, "us-east-1", "--output", "json").json
        #expect(json == ["file": "table_schema.json", "tableArn": .string(FakeAWS.tableARN)])
    }

    @Test("A file that is there stays as it is, unless --force")
    func noOverwrite() async throws {
        let run = try CommandRun()
        try run.write("mine", to: "table_schema.json")
        try await run("export-table-schema", "Orders", "us-east-1").expectError(
            from: "export-table-schema",
            containing: "table_schema.json is there already",
            "--file",
            "--force"
        )
        #expect(try run.read("table_schema.json") == "mine")
        #expect(run.server.requests.isEmpty)
        #expect(try await run("export-table-schema", "Orders", "us-east-1", "--force").exitCode == 0)
        #expect(try run.read("table_schema.json").contains("KeySchema"))
    }

    @Test("A folder that is not there is one line, and nothing is left behind")
    func noFolder() async throws {
        let run = try CommandRun()
        try await run("export-table-schema", "Orders", "us-east-1", "--file", "no/such/schema.json").expectError(
            from: "export-table-schema",
            containing: "no/such/schema.json cannot be written"
        )
        #expect(try FileManager.default.contentsOfDirectory(atPath: run.folder) == ["config.json"])
    }

    @Test("A failed answer leaves an older file as it was, even with --force")
    func nothingLost() async throws {
        let run = try CommandRun(FakeAWS(["DescribeTable": { _ in .cutInBody(body: Array("{}".utf8), sent: 1) }]))
        try run.write("mine", to: "table_schema.json")
        try await run("export-table-schema", "Orders", "us-east-1", "--force").expectError(
            from: "export-table-schema",
            containing: "DynamoDB DescribeTable Orders (us-east-1): ConnectionLost",
            "What to do: "
        )
        #expect(try run.read("table_schema.json") == "mine")
    }

    @Test("A table that does not exist is one line, with the command that lists those that do")
    func unknownTable() async throws {
        let aws = FakeAWS(["DescribeTable": FakeAWS.error("ResourceNotFoundException", "not found: Orders")])
        try await CommandRun(aws)("export-table-schema", "Orders", "eu-west-1").expectError(
            from: "export-table-schema",
            containing: "there is no table Orders in eu-west-1",
            "aws dynamodb list-tables --region eu-west-1"
        )
    }

    @Test("Local secondary indexes, which an import cannot make, are told on standard error")
    func localIndexes() async throws {
        let index = #"""
            ,"LocalSecondaryIndexes":[{"IndexName":"byTotal","KeySchema":[{"AttributeName":"id","KeyType":"HASH"}],
             "Projection":{"ProjectionType":"ALL"}}]
            """#
        let run = try CommandRun(FakeAWS(["DescribeTable": FakeAWS.json(FakeAWS.describedTable(index))]))
        let output = try await run("export-table-schema", "Orders", "us-east-1")
        #expect(output.exitCode == 0)
        #expect(
            output.standardError
                == "warning: ImportTable cannot make local secondary indexes; left out: byTotal\n"
        )
        #expect(try !run.read("table_schema.json").contains("byTotal"))
    }
}
