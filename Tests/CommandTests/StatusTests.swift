import AWSCore
import AWSTesting
import Testing

@Suite("monitor status")
struct StatusTests {
    @Test("A healthy table is said to be so on standard output alone, and the exit code is 0")
    func healthy() async throws {
        let run = try CommandRun()
        let output = try await run("monitor")
        #expect(output.exitCode == 0, "\(output)")
        #expect(output.standardError == "")
        for part in [
            "Backups in s3://my-backups/daily/ (us-west-2)\n",
            "  Schedule  DynamoDBBackupFunction-schedule: ENABLED, cron(0 2 * * ? *), next run ",
            "  Function  DynamoDBBackupFunction: Active, provided.al2023\n",
            "Orders  HEALTHY  on    COMPLETED", FakeAWS.completed, "1,234  56.8 kB",
        ] {
            #expect(output.standardOutput.contains(part), "\(part) is missing in \(output.standardOutput)")
        }
        // No colours where no terminal is, and no line that ends with blanks.
        #expect(!output.standardOutput.contains("\u{1B}"))
        #expect(!output.standardOutput.contains(" \n"))
        #expect(output.standardOutput == (try await run("monitor", "status")).standardOutput)
    }

    @Test("JSON has the documented members")
    func json() async throws {
        let output = try await CommandRun()("monitor", "--output", "json")
        #expect(output.exitCode == 0 && output.standardError == "")
        let json = try output.json
        #expect(
            json.object?.keys.sorted() == ["bucket", "function", "generatedAt", "schedule", "tables"]
        )
        let bucket = try #require(json["bucket"])
        #expect(bucket.object?.keys.sorted() == ["name", "prefix", "region"])
        #expect(bucket["name"] == "my-backups" && bucket["region"] == "us-west-2" && bucket["prefix"] == "daily")
        #expect(json["schedule"]?.object?.keys.sorted() == ["expression", "nextRun", "rule", "state"])
        #expect(json["schedule"]?["state"] == "ENABLED")
        #expect(
            json["function"]?.object?.keys.sorted()
                == ["arn", "codeSha256", "lastUpdateStatus", "name", "runtime", "state"]
        )
        let table = try #require(json["tables"]?.array?.first)
        #expect(
            table.object?.keys.sorted()
                == ["backups", "pointInTimeRecovery", "problems", "table", "tableArn", "verdict"]
        )
        #expect(table["verdict"] == "HEALTHY" && table["pointInTimeRecovery"] == true && table["problems"] == [])
        let backup = try #require(table["backups"]?.array?.first)
        #expect(
            backup.object?.keys.sorted() == [
                "billedSizeBytes", "endedAt", "exportArn", "exportId", "itemCount", "startedAt", "status",
            ]
        )
        #expect(backup["itemCount"]?.integer == 1234 && backup["exportId"]?.string == FakeAWS.completed)
    }

    @Test("Point-in-time recovery that is off is unhealthy, with the command that turns it on")
    func pointInTimeRecoveryOff() async throws {
        let aws = FakeAWS(["DescribeContinuousBackups": FakeAWS.json(FakeAWS.pointInTimeRecovery("DISABLED"))])
        let output = try await CommandRun(aws)("monitor")
        #expect(output.exitCode == 2)
        #expect(output.standardOutput.contains("Orders  UNHEALTHY  OFF"))
        #expect(
            output.standardOutput.contains(
                "point-in-time recovery is off, so the next backup will fail: aws dynamodb update-continuous-backups"
                    + " --table-name Orders --point-in-time-recovery-specification PointInTimeRecoveryEnabled=true"
                    + " --region us-east-1\n"
            )
        )
    }

    @Test("A failed last export is unhealthy, with its reason and what to do")
    func failedExport() async throws {
        let failure = #","FailureCode":"S3AccessDenied","FailureMessage":"access denied""#
        let aws = FakeAWS([
            "ListExports": FakeAWS.json(
                FakeAWS.exports([(FakeAWS.started, "FAILED"), (FakeAWS.completed, "COMPLETED")])
            ),
            "DescribeExport": FakeAWS.json(FakeAWS.exportDescription(FakeAWS.started, "FAILED", failure)),
        ])
        let output = try await CommandRun(aws)("monitor", "--output", "json")
        #expect(output.exitCode == 2)
        let table = try #require(try output.json["tables"]?.array?.first)
        #expect(table["verdict"] == "UNHEALTHY")
        let problem = try #require(table["problems"]?.array?.first?.string)
        #expect(problem.hasPrefix("the last export failed: S3AccessDenied, access denied; allow s3:PutObject"))
        #expect(table["backups"]?.array?.map { $0["status"] } == ["FAILED", "COMPLETED"])
        #expect(table["backups"]?.array?.first?["failureCode"] == "S3AccessDenied")
    }

    @Test("A backup that is too old, and none at all, are unhealthy")
    func tooOld() async throws {
        let old = FakeAWS.exportID(hoursAgo: 1)
        let manifest = FakeAWS.manifest(of: old)
        let run = try CommandRun(
            FakeAWS(["GetObject": FakeAWS.json(manifest)]),
            configuration: #"""
                {"tables": ["\#(FakeAWS.tableARN)"], "maximumAgeHours": 1,
                 "bucket": {"name": "my-backups", "region": "us-west-2"}}
                """#
        )
        // It ended 50 minutes ago, which is allowed.
        #expect(try await run("monitor").exitCode == 0)

        let none = try await CommandRun(FakeAWS(["ListExports": FakeAWS.json(#"{"ExportSummaries":[]}"#)]))("monitor")
        #expect(none.exitCode == 2)
        #expect(none.standardOutput.contains("there is no backup; `monitor backup --table Orders` makes one"))
    }

    @Test("What is not deployed is said with the command that deploys it; the backups are judged all the same")
    func notDeployed() async throws {
        let missing = FakeAWS.error("ResourceNotFoundException", "Function not found", status: 404)
        let aws = FakeAWS(["DescribeRule": missing, "GetFunctionConfiguration": missing])
        let output = try await CommandRun(aws)("monitor")
        #expect(output.exitCode == 0)
        #expect(output.standardOutput.contains("DynamoDBBackupFunction: not deployed; ./deploy.sh does it"))
    }

    @Test("Common options may stand before the subcommand, settings may come from the environment")
    func optionOrder() async throws {
        let run = try CommandRun(configuration: nil)
        try run.write(CommandRun.configuration, to: "other.json")
        for command in [
            ["monitor", "--config", "other.json", "--output", "json", "status"],
            ["monitor", "--output=json", "--config", "other.json"],
            ["monitor", "status", "--output", "json", "--config", "other.json", "--table", "Orders"],
        ] {
            let output = try await run.start(command).output()
            #expect(output.exitCode == 0, "\(output.standardError)")
            #expect(try output.json["tables"]?.array?.count == 1)
        }
        let fromEnvironment = try CommandRun(
            configuration: nil,
            environment: ["TABLE_ARNS": FakeAWS.tableARN, "S3_BUCKET": "my-backups", "S3_REGION": "us-west-2"]
        )
        #expect(try await fromEnvironment("monitor").exitCode == 0)
    }

    @Test("--verbose shows each request with its id on standard error, and no secret")
    func verbose() async throws {
        let output = try await CommandRun()("monitor", "--verbose")
        #expect(output.exitCode == 0)
        for part in [
            "debug DynamoDB ListExports", "debug S3 GetObject", "awsRequestId=REQUEST-1", "outcome=200",
            "region=us-west-2",
        ] {
            #expect(output.standardError.contains(part), "\(part) is missing in \(output.standardError)")
        }
        #expect(!output.standardOutput.contains("debug"))
    }

    @Test("A reader that goes away ends the program without a word")
    func brokenPipe() async throws {
        let run = try CommandRun()
        let program = ChildProcess.builtProduct("monitor")
        let output = try await ChildProcess.run(
            "/bin/bash",
            ["-c", "\"$0\" --verbose 2>errors | true; echo \"${PIPESTATUS[0]}\"", program],
            environment: run.environment,
            directory: run.folder
        )
        // 128 + SIGPIPE, as of every other program in a pipeline.
        #expect(output.standardOutput == "141\n")
        #expect(try !run.read("errors").contains("error:"))
    }
}
