import AWSCore
import AWSTesting
import FoundationEssentials
import Testing

@Suite("The built function as table-sync")
struct TableSyncTests {
    private static let queue = "https://sqs.us-east-1.amazonaws.com/123456789012/Failures"
    private static let settings = """
        {"sync":{"functionName":"Live","tables":[{"source":"\(FunctionRun.arn("Orders"))",
          "targets":[{"table":"\(FunctionRun.arn("Orders-new"))"}]}]}}
        """

    private func run(_ fault: @escaping @Sendable (SimulatedAWS.Call) -> SimulatedAWS.Fault?) -> FunctionRun {
        var run = FunctionRun(fault: fault)
        run.handler = "table-sync"
        run.configuration = Self.settings
        run.environment = ["FAILURE_QUEUE_URL": Self.queue]
        return run
    }

    private static func json(_ text: String) -> SimulatedAWS.Fault {
        .answer(SimulatedAWS.Answer(200, body: Array(text.utf8)))
    }

    private static func record(_ number: Int, table: String = "Orders", version: String = "1.1") -> String {
        """
        {"eventVersion":"\(version)","eventName":"INSERT","eventSource":"aws:dynamodb",\
        "eventSourceARN":"\(FunctionRun.arn(table))/stream/2026-11-21T00:00:00.000",\
        "dynamodb":{"Keys":{"pk":{"S":"k\(number)"}},"NewImage":{"pk":{"S":"k\(number)"},"v":{"N":"\(number)"}},\
        "SequenceNumber":"\(number)","ApproximateCreationDateTime":\(Int(Date().timeIntervalSince1970) - 5)}}
        """
    }

    private static func event(_ records: [String]) -> String { #"{"Records":[\#(records.joined(separator: ","))]}"# }

    @Test("Records are written in batches, and the figures go out as metrics")
    func batches() async throws {
        let run = run { call in
            call.operation == "BatchWriteItem" ? Self.json(#"{"UnprocessedItems":{}}"#) : nil
        }
        let result = try await run([Self.event((1...60).map { Self.record($0) }), #"{"Records":[]}"#])
        #expect(
            result.reports.map(\.path) == ["invocation/request-1/response", "invocation/request-2/response"],
            "\(result.reports)"
        )
        #expect(result.reports.allSatisfy { $0.body == #"{"batchItemFailures":[]}"# })
        let calls = run.aws.calls("BatchWriteItem").compactMap { $0.input?["RequestItems"]?["Orders-new"]?.array }
        #expect(calls.map(\.count).sorted() == [10, 25, 25])
        let metrics = try result.metrics
        #expect(metrics.count == 2)
        #expect(metrics.first?["Puts"]?.integer == 60 && metrics.first?["Deletes"]?.integer == 0)
        let mapping = try #require(metrics.last)
        #expect(mapping["FunctionName"]?.string == "Live" && mapping["Source"]?.string == FunctionRun.arn("Orders"))
        #expect(mapping["Target"]?.string == FunctionRun.arn("Orders-new"))
        #expect(
            mapping["Records"]?.integer == 60 && mapping["Refused"]?.integer == 0 && mapping["Failed"]?.integer == 0
        )
        let lag = try #require(mapping["Lag"]?.integer)
        #expect(lag >= 4_000 && lag < 60_000)
        let directive = mapping["_aws"]?["CloudWatchMetrics"]?.array?.first
        #expect(directive?["Namespace"]?.string == "DynamoDBSync")
        #expect(directive?["Dimensions"] == [["FunctionName"], ["FunctionName", "Source", "Target"]])
    }

    @Test("What is not written in time is reported by its sequence number")
    func partialFailure() async throws {
        var run = run { call in
            guard call.operation == "BatchWriteItem", let input = call.input else { return nil }
            let isStuck = input.text().contains(#""k30""#)
            return isStuck
                ? .answer(.dynamoDBError("ProvisionedThroughputExceededException"))
                : Self.json(#"{"UnprocessedItems":{}}"#)
        }
        run.timeLimit = 10
        let result = try await run([Self.event((1...60).map { Self.record($0) })])
        let report = try #require(result.reports.first)
        #expect(report.path == "invocation/request-1/response")
        // The batch that 30 is in begins with 26.
        #expect(report.body == #"{"batchItemFailures":[{"itemIdentifier":"26"}]}"#)
        #expect(try result.log.contains { $0["level"] == "WARN" && $0["sequenceNumber"] == "26" })
        #expect(try result.metrics.last?["Failed"]?.integer == 25)
    }

    @Test("The last second before Lambda's deadline belongs to the answer: nothing is begun in it, and all is reported")
    func margin() async throws {
        var run = run { call in
            call.operation == "BatchWriteItem" ? Self.json(#"{"UnprocessedItems":{}}"#) : nil
        }
        run.timeLimit = 0.95
        let result = try await run([Self.event((1...3).map { Self.record($0) })])
        #expect(result.reports.map(\.body) == [#"{"batchItemFailures":[{"itemIdentifier":"1"}]}"#])
        #expect(run.aws.calls("BatchWriteItem").isEmpty)
        #expect(try result.metrics.last?["Failed"]?.integer == 3)
    }

    @Test("What a target refuses is sent to the queue that the environment names, and is an error in the log")
    func refusal() async throws {
        let run = run { call in
            guard let input = call.input else { return nil }
            switch call.operation {
            case "BatchWriteItem" where input.text().contains(#""k2""#):
                return .answer(.dynamoDBError("ValidationException"))
            case "BatchWriteItem": return Self.json(#"{"UnprocessedItems":{}}"#)
            case "SendMessageBatch": return Self.json(#"{"Successful":[{"Id":"0","MessageId":"m"}]}"#)
            default: return nil
            }
        }
        let result = try await run([Self.event((1...4).map { Self.record($0) })])
        #expect(result.reports.map(\.body) == [#"{"batchItemFailures":[]}"#])
        let sent = try #require(run.aws.calls("SendMessageBatch").first?.input)
        #expect(sent["QueueUrl"]?.string == Self.queue)
        #expect(sent["Entries"]?.array?.first?["MessageBody"]?.string?.contains(#""sequenceNumber":"2""#) == true)
        #expect(
            try result.log.contains { $0["level"] == "ERROR" && $0["message"]?.string?.contains("sync replay") == true }
        )
        #expect(try result.metrics.last?["Refused"]?.integer == 1)
    }

    @Test("When nothing at all can be written the invocation is an error that says why")
    func denied() async throws {
        let run = run { call in
            call.operation == "BatchWriteItem" ? .answer(.dynamoDBError("AccessDeniedException")) : nil
        }
        let result = try await run([Self.event([Self.record(1)])])
        let report = try #require(result.reports.first)
        #expect(report.errorType == "Function.TableSyncFailed")
        let message = try #require(try report.json["errorMessage"]?.string)
        #expect(message.contains("1 of 1 changes of \(FunctionRun.arn("Orders")) were not written"))
        #expect(message.contains("AccessDeniedException"))
    }

    @Test(
        "Events that are not to be worked on are errors of their own kind",
        arguments: [
            ("{}", "Function.InvalidEvent"), (event([record(1, table: "Users")]), "Function.UnmappedTable"),
            (event([record(1, version: "2.0")]), "Function.UnknownEventVersion"),
        ]
    )
    func invalid(event: String, type: String) async throws {
        let result = try await run { _ in nil }([event])
        #expect(result.reports.first?.errorType == type)
    }

    @Test(
        "Settings that are wrong or missing are an initialization error that names the field",
        arguments: [
            (nil, "there is no such file"), (#"{"tables":[]}"#, "sync: missing"),
            (#"{"sync":{"tables":[{"source":"x","targets":[]}]}}"#, "sync.tables[0].source"),
            (
                #"{"sync":{"buckets":[{"source":"s3://one-bucket","sourceRegion":"us-east-1","target":"s3://two-bucket","targetRegion":"us-east-1"}]}}"#,
                "sync.tables: no table is mapped"
            ),
        ] as [(String?, String)]
    )
    func badSettings(configuration: String?, says: String) async throws {
        var run = run { _ in nil }
        run.configuration = configuration
        let result = try await run([])
        #expect(result.output.exitCode == 1)
        #expect(result.reports.map(\.path) == ["init/error"])
        #expect(result.reports.first?.errorType == "Runtime.InvalidConfiguration")
        #expect(result.reports.first?.body.contains(says) == true, "\(result.reports)")
    }
}
