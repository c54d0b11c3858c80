import AWSCore
import AWSTesting
import FoundationEssentials
import Testing

@Suite("The built function")
struct BootstrapTests {
    // MARK: Setting up

    @Test(
        "Settings that are wrong or missing are an initialization error that names the field",
        arguments: [
            (nil, "TABLE_ARNS"), ("{", "config.json"), (#"{"tables":5}"#, "tables"),
            (#"{"tables":["x"],"bucket":{"name":"b-b","region":"us-west-2"}}"#, "tables[0]"),
            (#"{"colour":1}"#, "colour"),
        ] as [(String?, String)]
    )
    func badSettings(configuration: String?, field: String) async throws {
        var run = FunctionRun()
        run.configuration = configuration
        let result = try await run([FunctionRun.scheduled()])
        #expect(result.output.exitCode == 1)
        let report = try #require(result.reports.first)
        #expect(result.reports.count == 1)
        #expect(report.path == "init/error")
        #expect(report.errorType == "Runtime.InvalidConfiguration")
        #expect(try report.json["errorType"]?.string == "Runtime.InvalidConfiguration")
        #expect(try report.json["errorMessage"]?.string?.contains(field) == true, "\(report.body)")
        #expect(run.aws.current.calls.isEmpty)
        #expect(try result.log.contains { $0["level"] == "FATAL" })
    }

    @Test("A handler that does not exist is an initialization error", arguments: ["", "nothing"])
    func unknownHandler(name: String) async throws {
        var run = FunctionRun()
        run.handler = name
        let result = try await run([FunctionRun.scheduled()])
        #expect(result.output.exitCode == 1)
        #expect(result.reports.map(\.path) == ["init/error"])
        #expect(result.reports.first?.errorType == "Runtime.UnknownHandler")
    }

    @Test("Outside of Lambda it says so and ends")
    func notInLambda() async throws {
        let output = try await ChildProcess.run(ChildProcess.builtProduct("bootstrap"))
        #expect(output.exitCode == 1)
        #expect(output.standardOutput.contains("AWS_LAMBDA_RUNTIME_API is not set"))
    }

    // MARK: Backing up

    @Test("Two deliveries of an event in one process: both answered, each export started once")
    func twoInvocations() async throws {
        let run = FunctionRun()
        let result = try await run([FunctionRun.scheduled(), FunctionRun.scheduled()])
        #expect(result.reports.map(\.path) == ["invocation/request-1/response", "invocation/request-2/response"])
        for report in result.reports {
            let answer = try report.json
            #expect(answer["date"] == "2026/11/21")
            #expect(answer["results"]?.array?.compactMap { $0["table"]?.string } == FunctionRun.tables)
            #expect(answer["started"]?.integer == 2 && answer["failed"]?.integer == 0)
        }
        #expect(run.aws.current.exports.count == 2)
        let tokens = run.aws.calls("ExportTableToPointInTime").compactMap { $0.input?["ClientToken"]?.string }
        #expect(tokens.count == 4 && Set(tokens).count == 2)
        // The server's 500 is Lambda's word for "exit promptly".
        #expect(result.output.exitCode == 1)
        #expect(result.output.standardError == "")
        let log = try result.log
        #expect(log.contains { $0["message"] == "Export started" && $0["requestId"] == "request-1" })
        #expect(log.contains { $0["message"] == "DynamoDB DescribeTable" && $0["requestId"] == "request-2" })
        #expect(log.allSatisfy { $0["timestamp"] != nil && $0["level"] != nil })
    }

    @Test("A failed table makes the invocation an error whose message is the answer, and the others start")
    func incomplete() async throws {
        let run = FunctionRun()
        run.aws.change { $0.tables["Orders"]?.isRecoverable = false }
        let result = try await run([FunctionRun.scheduled()])
        let report = try #require(result.reports.first)
        #expect(report.path == "invocation/request-1/error")
        #expect(report.errorType == "Function.BackupIncomplete")
        let message = try #require(try report.json["errorMessage"]?.string)
        let answer = try JSONValue(parsing: Array(message.utf8))
        // Exactly the answer, as it would have gone out.
        #expect(answer.text() == message)
        #expect(answer["results"]?.array?.compactMap { $0["status"]?.string } == ["FAILED", "STARTED"])
        #expect(
            answer["results"]?.array?.first?["error"]?["remedy"]?.string?.hasPrefix("aws dynamodb update-continuous")
                == true
        )
        #expect(run.aws.current.exports.map(\.tableARN) == [FunctionRun.arn("Users")])
    }

    @Test("An event that is none is the invocation's error, and the next one is served")
    func invalidEvent() async throws {
        let run = FunctionRun()
        let result = try await run(["{}", "not JSON", #"{"source":"check"}"#])
        #expect(
            result.reports.map(\.path) == [
                "invocation/request-1/error", "invocation/request-2/error", "invocation/request-3/response",
            ]
        )
        #expect(result.reports.prefix(2).allSatisfy { $0.errorType == "Function.InvalidEvent" })
        #expect(run.aws.calls("ExportTableToPointInTime").isEmpty)
    }

    @Test(
        "Calls that hang are reported as not attempted before the deadline; the figures come unless they hang, too",
        arguments: [false, true]
    )
    func deadline(readingHangs: Bool) async throws {
        let never = Gate()
        var run = FunctionRun { call in
            let isStart = call.resource.contains("Users") && call.operation == "DescribeTable"
            return isStart || (readingHangs && call.operation == "ListExports") ? .hang(never) : nil
        }
        // Without any backup the bucket would be searched, which takes longer.
        for table in FunctionRun.tables {
            let start = Date().addingTimeInterval(-86_400)
            let day = Date.ISO8601FormatStyle().format(start).prefix(10).split(separator: "-").joined(separator: "/")
            run.aws.addExport(of: FunctionRun.arn(table), at: start, prefix: "daily/\(day)/\(table)")
        }
        run.timeLimit = 20
        let result = try await run([FunctionRun.scheduled()])
        let report = try #require(result.reports.first)
        #expect(report.errorType == "Function.BackupIncomplete")
        let message = try #require(try report.json["errorMessage"]?.string)
        let results = try JSONValue(parsing: Array(message.utf8))["results"]?.array ?? []
        #expect(results.compactMap { $0["status"]?.string } == ["STARTED", "NOT_ATTEMPTED"])
        #expect(results.last?["error"]?["message"] == "the time ran out while reading the table")
        let warns = try result.log.contains { $0["level"] == "WARN" && $0["requestId"] == "request-1" }
        #expect(warns == readingHangs)
        let totals = try #require(try result.metrics.first)
        #expect(try result.metrics.count == (readingHangs ? 1 : 3))
        #expect(totals["BackupsStarted"]?.integer == 1 && totals["BackupsFailed"]?.integer == 1)
        #expect((totals["HoursSinceLastCompletedBackup"] == nil) == readingHangs)
    }

    // MARK: Checking

    @Test("A check that cannot be done in its time, or not read everything, is an error and no silent success")
    func incompleteCheck() async throws {
        let never = Gate()
        var hanging = FunctionRun { $0.operation == "ListExports" ? .hang(never) : nil }
        hanging.timeLimit = 10
        let late = try await hanging([#"{"source":"check"}"#])
        #expect(late.reports.map(\.errorType) == ["Function.CheckIncomplete"])
        #expect(late.reports.first?.body.contains("the time ran out") == true)

        let denied = FunctionRun { call in
            call.operation == "ListExports" && call.resource == "Users"
                ? .answer(.dynamoDBError("AccessDeniedException")) : nil
        }
        let result = try await denied([#"{"source":"check"}"#])
        #expect(result.reports.map(\.errorType) == ["Function.CheckIncomplete"])
        let message = try #require(try result.reports.first?.json["errorMessage"]?.string)
        #expect(message.hasPrefix("Users: DynamoDB ListExports"))
        #expect(!message.contains("Orders"))
        // The figures of what could be read are there all the same.
        #expect(try result.metrics.compactMap { $0["TableName"]?.string } == ["Orders"])
    }
}
