import AWSCore
import AWSTesting
import Testing

/// What of `restore` shows against a scripted server; the restores themselves are in IntegrationTests.
@Suite("restore")
struct RestoreTests {
    @Test("An empty bucket is told on standard error; as JSON it is an empty list")
    func emptyList() async throws {
        let run = try CommandRun()
        let text = try await run("restore", "list")
        #expect(text.exitCode == 0 && text.standardOutput == "")
        #expect(text.standardError == "s3://my-backups/daily/ holds no backup\n", "\(text.standardError)")
        #expect(try await run("restore", "list", "Orders").exitCode == 1)
        #expect(try await run("restore", "--output", "json", "list").json == [])
    }

    @Test("No restore without a backup: one line that names table and bucket")
    func noBackup() async throws {
        try await CommandRun()("restore", "restore", "Orders", "eu-west-1").expectError(
            from: "restore",
            containing: "Orders",
            "my-backups"
        )
    }

    @Test(
        "A bucket that cannot be read is told with what to do",
        arguments: [
            ("NoSuchBucket", 404, "make the bucket my-backups"),
            ("AccessDenied", 403, "allow s3:ListBucket on s3://my-backups"),
            ("SlowDown", 503, "AWS asks for fewer requests"), ("ExpiredToken", 400, "aws sso login"),
            ("SignatureDoesNotMatch", 403, "aws sts get-caller-identity"),
        ]
    )
    func bucket(code: String, status: Int, remedy: String) async throws {
        let aws = FakeAWS(["ListObjectsV2": FakeAWS.s3Error(code, "no", status: status)])
        for command in [["restore", "list"], ["restore", "restore", "Orders", "eu-west-1"]] {
            try await CommandRun(aws).start(command).output().expectError(
                from: "restore",
                containing: code,
                "REQUEST-9",
                "What to do: ",
                remedy
            )
        }
    }

    @Test("A listing that is cut each time is an error and no short list")
    func cutListing() async throws {
        let aws = FakeAWS(["ListObjectsV2": { _ in .cutInBody(body: Array("<ListBucketResult/>".utf8), sent: 8) }])
        try await CommandRun(aws)("restore", "list").expectError(
            from: "restore",
            containing: "S3 ListObjectsV2",
            "ConnectionLost",
            "What to do: "
        )
    }

    @Test("Ctrl-C while an import is watched ends with 130 and says how to follow it")
    func interruptWatch() async throws {
        let arn = "arn:aws:dynamodb:eu-west-1:123456789012:table/Orders2/import/01795250000000-abcdef12"
        let description = #"""
            {"ImportTableDescription":{"ImportArn":"\#(arn)","ImportStatus":"IN_PROGRESS","TableArn":"x",
             "ProcessedItemCount":1,"ImportedItemCount":1,"ErrorCount":0}}
            """#
        let run = try CommandRun(FakeAWS(["DescribeImport": FakeAWS.json(description)]))
        let child = try run.start(["restore", "watch", arn])
        try await run.server.wait { $0.requests.contains { FakeAWS.operation(of: $0) == "DescribeImport" } }
        child.interrupt()
        let output = try await child.output()
        #expect(output.exitCode == 130 && output.standardOutput == "")
        #expect(
            output.standardError
                == "restore: interrupted\nThe import goes on in DynamoDB. Follow it with: restore watch \(arn)\n"
        )
    }
}
