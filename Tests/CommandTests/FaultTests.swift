import AWSCore
import AWSTesting
import Testing

/// Bad input and faults: one clear line on standard error that says what to do, and a non-zero exit code.
@Suite("Faults")
struct FaultTests {
    @Test(
        "A configuration that is wrong names the file, the field and what belongs there",
        arguments: [
            ("{", "config.json: not JSON"),
            (#"{"tables": []}"#, "config.json: tables: the list is empty; expected at least one table ARN"),
            (
                #"{"bucket": {"name": "b-1", "region": "us-west-2"}}"#,
                "config.json: tables: missing; add it or set TABLE_ARNS"
            ),
            (
                #"{"tables": ["Orders"], "bucket": {"name": "my-backups", "region": "us-west-2"}}"#,
                "config.json: tables[0]: \"Orders\" is not a table ARN (expected arn:aws:dynamodb:REGION:ACCOUNT:table/NAME)"
            ),
            (
                #"{"tables": ["\#(FakeAWS.tableARN)"], "bucket": {"name": "my-backups", "region": "Oregon"}}"#,
                "config.json: bucket.region: \"Oregon\" is not a Region (expected a name such as us-west-2)"
            ),
            (
                #"{"tables": ["\#(FakeAWS.tableARN)"], "bucket": {"name": "my-backups", "region": "us-west-2"}, "cron": 1}"#,
                "config.json: cron: unknown key; expected functionName, tables, bucket"
            ),
            (
                #"{"tables": ["\#(FakeAWS.tableARN)"], "bucket": {"name": "my-backups", "region": "us-west-2"}, "maximumAgeHours": "26"}"#,
                "config.json: maximumAgeHours: "
            ),
            (
                #"{"tables": ["\#(FakeAWS.tableARN)"], "bucket": {"name": "replace-me", "region": "us-west-2"}}"#,
                "config.json: bucket.name: \"replace-me\" is a placeholder"
            ),
        ]
    )
    func configuration(contents: String, message: String) async throws {
        let run = try CommandRun(configuration: contents)
        for command in [["monitor"], ["monitor", "backup"], ["monitor", "watch"]] {
            try await run.start(command).output().expectError(from: "monitor", containing: message)
        }
        #expect(run.server.requests.isEmpty)
    }

    @Test("A configuration that is not there says how to make one")
    func noConfiguration() async throws {
        let run = try CommandRun(configuration: nil)
        try await run("monitor").expectError(
            from: "monitor",
            containing: "config.json: there is no such file",
            "config.schema.json",
            "TABLE_ARNS"
        )
        try await run("monitor", "--config", "other.json").expectError(
            from: "monitor",
            containing: "other.json: there is no such file"
        )
    }

    @Test("A table that is not configured is named, with those that are", arguments: ["status", "backup", "watch"])
    func unknownTable(subcommand: String) async throws {
        let run = try CommandRun()
        try await run("monitor", subcommand, "--table", "Oders").expectError(
            from: "monitor",
            containing: "--table: \"Oders\" is not a configured table; configured are Orders"
        )
        #expect(run.server.requests.isEmpty)
    }

    static let commands = [
        ["monitor"], ["monitor", "backup"], ["monitor", "backup", "--local"], ["monitor", "watch"],
        ["export-table-schema", "Orders", "us-east-1", "--file", "-"], ["restore", "list"],
        ["restore", "restore", "Orders", "eu-west-1"],
    ]

    @Test(
        "Without credentials every program says in one line where they were looked for and how to get them",
        arguments: commands
    )
    func noCredentials(command: [String]) async throws {
        let run = try CommandRun(
            environment: ["AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", "AWS_SESSION_TOKEN": ""]
        )
        try await run.start(command).output().expectError(
            from: command[0],
            containing: "no AWS credentials found",
            "AWS_ACCESS_KEY_ID",
            "aws configure",
            "aws sso login",
            "--profile"
        )
        #expect(run.server.requests.isEmpty)
    }

    @Test("A profile that does not exist is named", arguments: commands)
    func unknownProfile(command: [String]) async throws {
        try await CommandRun().start(command + ["--profile", "nobody"]).output().expectError(
            from: command[0],
            containing: "nobody"
        )
    }

    /// Every operation is refused, each in its own protocol.
    private static func everythingRefused(_ code: String, _ message: String, status: Int = 400) -> FakeAWS {
        var aws = FakeAWS()
        for operation in [
            "DescribeTable", "DescribeContinuousBackups", "ListExports", "DescribeRule", "GetFunctionConfiguration",
            "Invoke", "ExportTableToPointInTime", "DescribeExport",
        ] {
            aws.answers[operation] = FakeAWS.error(code, message, status: status)
        }
        for operation in ["GetObject", "PutObject", "ListObjectsV2"] {
            aws.answers[operation] = FakeAWS.s3Error(code, message, status: status)
        }
        return aws
    }

    @Test(
        "Credentials that have expired, or that AWS does not know, are told once, with what to do",
        arguments: [
            (["monitor"], "ExpiredTokenException", "get new ones, as with aws sso login"),
            (["monitor", "watch"], "ExpiredTokenException", "get new ones, as with aws sso login"),
            (["monitor", "backup"], "ExpiredTokenException", "get new ones, as with aws sso login"),
            (
                ["export-table-schema", "Orders", "us-east-1"], "ExpiredTokenException",
                "get new ones, as with aws sso login"
            ),
            (["monitor"], "UnrecognizedClientException", "aws sts get-caller-identity"),
        ]
    )
    func refusedCredentials(command: [String], code: String, remedy: String) async throws {
        let aws = Self.everythingRefused(code, "The security token \(CommandRun.token) in the request is not good")
        let output = try await CommandRun(aws).start(command).output()
        output.expectError(from: command[0], containing: code, "What to do: ", remedy)
    }

    @Test("Throttling that does not end is told with AWS's code and what to do")
    func throttling() async throws {
        let aws = FakeAWS(["DescribeTable": FakeAWS.error("ThrottlingException", "Rate exceeded")])
        try await CommandRun(aws)("export-table-schema", "Orders", "us-east-1").expectError(
            from: "export-table-schema",
            containing: "ThrottlingException: Rate exceeded [HTTP 400, request REQUEST-9]",
            "What to do: AWS asks for fewer requests: wait a minute and run the same again"
        )
    }

    @Test("Throttling and cut connections that end are not even noticed")
    func passingFaults() async throws {
        let faults: [FakeAWS.Answer] = [
            { _ in .closeWithoutAnswer }, { _ in .cutInBody(body: Array(FakeAWS.describedTable().utf8), sent: 20) },
            { _ in .cutInHeaders() }, { _ in .resetWithoutAnswer },
        ]
        for fault in faults {
            let answer = FakeAWS.inTurn([fault, FakeAWS.json(FakeAWS.describedTable())])
            let run = try CommandRun(FakeAWS(["DescribeTable": answer]), environment: ["AWS_MAX_ATTEMPTS": "2"])
            let output = try await run("export-table-schema", "Orders", "us-east-1", "--file", "-")
            #expect(output.exitCode == 0 && output.standardError == "", "\(output)")
            #expect(try output.json["TableName"] == "Orders")
            #expect(run.requests("DescribeTable").count == 2)
        }
    }

    @Test(
        "A connection that is cut each time is told with what to do",
        arguments: [
            (.closeWithoutAnswer, "ConnectionLost"), (.cutInHeaders(), "ConnectionLost"),
            (.cutInBody(body: Array("{\"Table\":{}}".utf8), sent: 5), "ConnectionLost"),
            (.resetWithoutAnswer, "ConnectionLost"),
        ] as [(ServerReply, String)]
    )
    func cutConnection(reply: ServerReply, code: String) async throws {
        let aws = FakeAWS(["DescribeTable": { _ in reply }])
        try await CommandRun(aws)("export-table-schema", "Orders", "us-east-1").expectError(
            from: "export-table-schema",
            containing: "DynamoDB DescribeTable Orders (us-east-1): \(code): ",
            "What to do: ",
            "run the same again"
        )
    }

    @Test("An endpoint where nobody listens, and a host that does not exist, are told with what to check")
    func noServer() async throws {
        // Nobody gets port 1, as somebody may get that of a server that was stopped.
        let run = try CommandRun(environment: ["AWS_ENDPOINT_URL": "http://127.0.0.1:1"])
        try await run("export-table-schema", "Orders", "us-east-1").expectError(
            from: "export-table-schema",
            containing: "CouldNotConnect",
            "What to do: check this machine's network",
            "AWS_ENDPOINT_URL"
        )
        try await run("monitor").expectError(from: "monitor", containing: "CouldNotConnect", "What to do: ")
        try await run("export-table-schema", "Orders", "us-east-9", "--endpoint-url", "http://aws.invalid")
            .expectError(
                from: "export-table-schema",
                containing: "CouldNotResolveHost",
                "What to do: check the Region's name"
            )
    }

    @Test("An answer that is not AWS's is told, and not taken for an empty table")
    func strangeAnswers() async throws {
        for body in ["<html>Welcome to the hotel</html>", "{}", "[]", "", #"{"Table":{"TableName":"Orders"}}"#] {
            let run = try CommandRun(FakeAWS(["DescribeTable": FakeAWS.json(body)]))
            let output = try await run("export-table-schema", "Orders", "us-east-1", "--file", "-")
            output.expectError(from: "export-table-schema", containing: "DynamoDB DescribeTable")
        }
    }

    @Test(
        "A bucket that is missing, forbidden or another's is told with the bucket's name and what to do",
        arguments: [
            ("NoSuchBucket", 404, "make the bucket my-backups in us-west-2 with ./deploy.sh, or correct bucket.name"),
            ("AccessDenied", 403, "allow s3:GetObject on s3://my-backups/daily/"),
            ("AllAccessDisabled", 403, "AllAccessDisabled"),
        ]
    )
    func bucket(code: String, status: Int, remedy: String) async throws {
        let refusal = FakeAWS.s3Error(code, "no", status: status)
        let aws = FakeAWS(["GetObject": refusal, "ListObjectsV2": refusal])
        let output = try await CommandRun(aws)("monitor", "--output", "json")
        #expect(output.exitCode == 1)
        let table = try #require(try output.json["tables"]?.array?.first)
        #expect(table["verdict"] == "UNKNOWN")
        let problem = try #require(table["problems"]?.array?.first?.string)
        for part in [code, "s3://my-backups/", "REQUEST-9", remedy] {
            #expect(problem.contains(part), "\(part) is missing in \(problem)")
        }
    }

    @Test("A table that AWS does not let read is UNKNOWN, with the permission that is missing; others are judged")
    func forbiddenTable() async throws {
        let aws = FakeAWS(["DescribeContinuousBackups": FakeAWS.error("AccessDeniedException", "no", status: 400)])
        let output = try await CommandRun(aws)("monitor")
        #expect(output.exitCode == 1)
        #expect(output.standardOutput.contains("Orders  UNKNOWN  ?     COMPLETED"))
        #expect(output.standardOutput.contains("allow dynamodb:DescribeContinuousBackups on Orders"))
    }

    @Test(
        "A manifest that is broken, cut off or something else is no backup, and is told with its key",
        arguments: [
            ("", "the manifest is damaged or was cut off"),
            (#"{"exportArn":"#, "the manifest is damaged or was cut off"),
            ("[]", "an object is expected"), ("{}", "exportArn: missing"),
            (FakeAWS.manifest(of: FakeAWS.completed).replacing("1234,", with: "\"many\","), "itemCount: "),
        ]
    )
    func brokenManifest(contents: String, message: String) async throws {
        let output = try await CommandRun(FakeAWS(["GetObject": FakeAWS.json(contents)]))("monitor", "--output", "json")
        #expect(output.exitCode == 1 || output.exitCode == 2)
        let table = try #require(try output.json["tables"]?.array?.first)
        #expect(table["verdict"] != "HEALTHY")
        let problem = try #require(table["problems"]?.array?.first?.string)
        #expect(problem.contains("/AWSDynamoDB/\(FakeAWS.completed)/manifest-summary.json: "), "\(problem)")
        #expect(problem.contains(message), "\(problem)")
    }

    @Test("An export whose manifest is missing is no backup")
    func missingManifest() async throws {
        let aws = FakeAWS(["GetObject": FakeAWS.s3Error("NoSuchKey", "The specified key does not exist.", status: 404)])
        let output = try await CommandRun(aws)("monitor")
        #expect(output.exitCode == 2)
        #expect(output.standardOutput.contains("there is no backup"))
    }

    @Test("AWS repeating what was signed does not bring a secret to the screen", arguments: [false, true])
    func secrets(verbose: Bool) async throws {
        let canonical = "POST / host:x x-amz-security-token:\(CommandRun.token) \(CommandRun.secret)"
        let aws = Self.everythingRefused(
            "InvalidSignatureException",
            "The signature does not match. The Canonical String for this request should have been '\(canonical)'",
            status: 403
        )
        for command in Self.commands {
            let output = try await CommandRun(aws).start(command + (verbose ? ["--verbose"] : [])).output()
            #expect(output.exitCode == 1)
            #expect((output.standardOutput + output.standardError).contains("InvalidSignatureException"))
        }
    }
}
