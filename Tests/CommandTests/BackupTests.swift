import AWSCore
import AWSTesting
import Testing

@Suite("monitor backup and watch")
struct BackupTests {
    private static let running = FakeAWS.json(FakeAWS.exportDescription(FakeAWS.started, "IN_PROGRESS"))

    @Test("The function is invoked once, with an event of its own, and its answer is shown")
    func invoke() async throws {
        let run = try CommandRun()
        let output = try await run("monitor", "backup", "--table", "Orders")
        #expect(output.exitCode == 0, "\(output)")
        #expect(output.standardOutput.hasPrefix("Backup of 2026/11/21\nTABLE   STATUS   EXPORT\nOrders  STARTED  "))
        #expect(output.standardError == "The exports go on in DynamoDB. Follow them with: monitor watch\n")
        let requests = run.requests("Invoke")
        #expect(requests.count == 1)
        let event = try JSONValue(parsing: try #require(requests.first).body)
        #expect(event["source"] == "manual" && event["tables"] == ["Orders"])
        #expect(event["id"]?.string?.count == 36 && event["time"]?.string?.hasSuffix("Z") == true)
        #expect((try await run("monitor", "--quiet", "backup")).standardError == "")
    }

    @Test("JSON is the function's answer, and with --wait also how the exports ended")
    func json() async throws {
        let run = try CommandRun()
        let answer = try await run("monitor", "backup", "--output", "json").json
        #expect(answer.object?.keys.sorted() == ["date", "failed", "results", "started"])
        #expect(
            answer["results"]?.array?.first?.object?.keys.sorted()
                == ["exportArn", "schemaKey", "status", "table", "tableArn"]
        )
        let waited = try await run("monitor", "--output", "json", "backup", "--wait")
        #expect(waited.exitCode == 0 && waited.standardError == "")
        let export = try #require(try waited.json["exports"]?.array?.first)
        #expect(
            export.object?.keys.sorted()
                == ["billedSizeBytes", "endedAt", "exportArn", "itemCount", "startedAt", "status", "table"]
        )
        #expect(export["status"] == "COMPLETED")
    }

    @Test("A backup that is incomplete is told table by table with what to do, and the exit code is 1")
    func incomplete() async throws {
        let error =
            #","error":{"code":"PointInTimeRecoveryUnavailableException","message":"PITR is off","remedy":"turn it on"}"#
        let body = FakeAWS.answer(status: "FAILED", error)
        let aws = FakeAWS([
            "Invoke": { _ in
                let failure: JSONValue = [
                    "errorType": "Function.BackupIncomplete", "errorMessage": .string(body), "stackTrace": [],
                ]
                return .response(200, headers: ["X-Amz-Function-Error": "Unhandled"], body: failure.serialized())
            }
        ])
        let output = try await CommandRun(aws)("monitor", "backup", "--wait")
        #expect(output.exitCode == 1)
        #expect(output.standardOutput.contains("Orders  FAILED"))
        #expect(
            output.standardOutput.contains(
                "Orders: PointInTimeRecoveryUnavailableException: PITR is off\n  What to do: turn it on\n"
            )
        )
    }

    @Test("A function that is missing or fails is one line, and what to do")
    func functionFails() async throws {
        let missing = FakeAWS(["Invoke": FakeAWS.error("ResourceNotFoundException", "Function not found", status: 404)])
        try await CommandRun(missing)("monitor", "backup").expectError(
            from: "monitor",
            containing: "there is no function DynamoDBBackupFunction in us-east-1",
            "./deploy.sh"
        )
        let crashed = FakeAWS([
            "Invoke": { _ in
                .response(
                    200,
                    headers: ["X-Amz-Function-Error": "Unhandled"],
                    body: #"{"errorType":"Runtime.ExitError","errorMessage":"exit status 1"}"#
                )
            }
        ])
        try await CommandRun(crashed)("monitor", "backup").expectError(
            from: "monitor",
            containing: "DynamoDBBackupFunction failed: Runtime.ExitError: exit status 1",
            "aws logs tail /aws/lambda/DynamoDBBackupFunction"
        )
        let other = FakeAWS(["Invoke": FakeAWS.json(#"{"hello":"world"}"#)])
        try await CommandRun(other)("monitor", "backup").expectError(
            from: "monitor",
            containing: "./deploy.sh updates it"
        )
        let forbidden = FakeAWS(["Invoke": FakeAWS.error("AccessDeniedException", "no", status: 403)])
        try await CommandRun(forbidden)("monitor", "backup").expectError(
            from: "monitor",
            containing: "AccessDeniedException",
            "REQUEST-9",
            "What to do: allow lambda:InvokeFunction on DynamoDBBackupFunction"
        )
    }

    @Test("--local does the function's work here: schema into the bucket, then the export")
    func local() async throws {
        let run = try CommandRun()
        let output = try await run("monitor", "backup", "--local", "--output", "json")
        #expect(output.exitCode == 0, "\(output)")
        #expect(try output.json["started"]?.integer == 1)
        let keys = run.requests("PutObject").map(\.path)
        #expect(keys.count == 2 && keys.last?.hasSuffix("/Orders/table_schema.json") == true)
        let export = try JSONValue(parsing: try #require(run.requests("ExportTableToPointInTime").first).body)
        #expect(export["TableArn"]?.string == FakeAWS.tableARN && export["S3Bucket"] == "my-backups")
        #expect(run.requests("Invoke").isEmpty)
    }

    @Test("A table without point-in-time recovery fails with the very command that turns it on")
    func localWithoutRecovery() async throws {
        let aws = FakeAWS([
            "ExportTableToPointInTime": FakeAWS.error("PointInTimeRecoveryUnavailableException", "PITR is off")
        ])
        let output = try await CommandRun(aws)("monitor", "backup", "--local")
        #expect(output.exitCode == 1)
        #expect(
            output.standardOutput.contains(
                "What to do: aws dynamodb update-continuous-backups --table-name Orders"
                    + " --point-in-time-recovery-specification PointInTimeRecoveryEnabled=true --region us-east-1\n"
            )
        )
        #expect(output.standardError == "")
        // The code stands in AWS's own line and is not told twice.
        #expect(output.standardOutput.ranges(of: "PointInTimeRecoveryUnavailableException").count == 1)
    }

    @Test("--wait follows the export to its end; a failed one is exit code 1 with its reason")
    func wait() async throws {
        let failed = FakeAWS.exportDescription(
            FakeAWS.started,
            "FAILED",
            #","FailureCode":"S3NoSuchBucket","FailureMessage":"The bucket does not exist""#
        )
        let output = try await CommandRun(FakeAWS(["DescribeExport": FakeAWS.json(failed)]))(
            "monitor",
            "backup",
            "--wait"
        )
        #expect(output.exitCode == 1)
        #expect(output.standardOutput.contains("Orders: S3NoSuchBucket: The bucket does not exist"))
    }

    @Test(
        "Ctrl-C while waiting ends with 130 and says that the exports go on and how to follow them",
        arguments: [["monitor", "backup", "--wait"], ["monitor", "watch"]]
    )
    func interruptWait(command: [String]) async throws {
        let aws = FakeAWS([
            "DescribeExport": Self.running,
            "ListExports": FakeAWS.json(FakeAWS.exports([(FakeAWS.started, "IN_PROGRESS")])),
        ])
        let run = try CommandRun(aws)
        let child = try run.start(command)
        // The first look is over; now it sleeps until the next.
        try await run.server.wait { $0.requests.contains { FakeAWS.operation(of: $0) == "DescribeExport" } }
        child.interrupt()
        let output = try await child.output()
        #expect(output.exitCode == 130)
        #expect(
            output.standardError
                == "monitor: interrupted\nThe exports go on in DynamoDB. Follow them with: monitor watch\n"
        )
    }

    @Test("Ctrl-C while the function works says that it may go on")
    func interruptInvoke() async throws {
        let run = try CommandRun(FakeAWS(["Invoke": { _ in .never }]))
        let child = try run.start(["monitor", "backup"])
        try await run.server.wait { $0.requests.contains { FakeAWS.operation(of: $0) == "Invoke" } }
        child.interrupt()
        let output = try await child.output()
        #expect(output.exitCode == 130 && output.standardOutput == "")
        #expect(output.standardError.contains("The function may go on."))
        #expect(output.standardError.contains("monitor watch"))
    }

    @Test("Ctrl-C during --local names the exports that were started")
    func interruptLocal() async throws {
        let two = #"""
            {"tables": ["\#(FakeAWS.tableARN)", "arn:aws:dynamodb:us-east-1:123456789012:table/Users"],
             "bucket": {"name": "my-backups", "region": "us-west-2"}}
            """#
        let healthy = FakeAWS.json(FakeAWS.describedTable())
        let aws = FakeAWS([
            "DescribeTable": { $0.bodyText.contains("Users") ? .never : healthy($0) }
        ])
        let run = try CommandRun(aws, configuration: two)
        let child = try run.start(["monitor", "backup", "--local", "--verbose"])
        // Logged when the answer is there: from then on this program knows of the export.
        try await child.waitForText("DynamoDB ExportTableToPointInTime")
        child.interrupt()
        let output = try await child.output()
        #expect(output.exitCode == 130 && output.standardOutput == "")
        #expect(
            output.standardError.hasSuffix(
                """
                monitor: interrupted
                Exports were started of Orders; they go on in DynamoDB. Follow them with: monitor watch

                """
            ),
            "\(output.standardError)"
        )
    }

    @Test("watch shows how the running exports ended, and says so when none runs")
    func watch() async throws {
        let none = try CommandRun()
        #expect(try await none("monitor", "watch").standardOutput == "No export is running.\n")
        #expect(try await none("monitor", "watch", "--output", "json").json == [])

        let aws = FakeAWS(["ListExports": FakeAWS.json(FakeAWS.exports([(FakeAWS.started, "IN_PROGRESS")]))])
        let output = try await CommandRun(aws)("monitor", "watch")
        #expect(output.exitCode == 0 && output.standardError == "")
        #expect(output.standardOutput.contains("Orders  \(FakeAWS.started)  COMPLETED"))
        #expect(output.standardOutput.contains("1,234  56.8 kB"))
    }
}
