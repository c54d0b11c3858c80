import AWSCore
import AWSTesting
import FoundationEssentials
import Synchronization
import Testing

@Suite("The built function as bucket-sync")
struct BucketSyncTests {
    private static let settings = """
        {"sync":{"functionName":"Live","buckets":[{"source":"s3://old-bucket/in","sourceRegion":"us-east-1",
          "target":"s3://new-bucket","targetRegion":"us-east-1"}]}}
        """

    /// An S3 whose source has the object `in/there` and nothing else; what is copied is there then.
    ///
    /// Names of buckets are not part of what a call shows, but only the source's key begins with `in/`.
    private func run() -> FunctionRun {
        let copies = Mutex<Set<String>>([])
        var run = FunctionRun { call in
            switch call.operation {
            case "HeadObject":
                let isThere = call.resource == "in/there" || copies.withLock { $0.contains(call.resource) }
                return .answer(
                    isThere
                        ? SimulatedAWS.Answer(200, headers: ["ETag": "\"e\"", "Content-Length": "1"])
                        : SimulatedAWS.Answer(404)
                )
            // A copy, which nothing but a header makes one.
            case "PutObject":
                copies.withLock { _ = $0.insert(call.resource) }
                let text = "<CopyObjectResult><ETag>&quot;e&quot;</ETag></CopyObjectResult>"
                return .answer(SimulatedAWS.Answer(200, body: Array(text.utf8)))
            default: return nil
            }
        }
        run.handler = "bucket-sync"
        run.configuration = Self.settings
        return run
    }

    private static func record(_ key: String, bucket: String = "old-bucket", version: String = "2.1") -> String {
        """
        {"eventVersion":"\(version)","eventSource":"aws:s3","eventName":"ObjectCreated:Put",\
        "eventTime":"2026-11-21T10:00:00.000Z","s3":{"bucket":{"name":"\(bucket)"},"object":{"key":"\(key)"}}}
        """
    }

    private static func direct(_ records: String...) -> String { #"{"Records":[\#(records.joined(separator: ","))]}"# }

    private static func queue(_ bodies: String...) -> String {
        let messages = bodies.enumerated().map { index, body -> JSONValue in
            [
                "messageId": .string("m\(index)"), "body": .string(body), "eventSource": "aws:sqs",
                "eventSourceARN": "arn:aws:sqs:us-east-1:123456789012:Live-bucket-events",
            ]
        }
        return JSONValue.object(["Records": .array(messages)]).text()
    }

    @Test("Objects that events name are copied, and the figures go out as metrics")
    func copies() async throws {
        let run = run()
        let result = try await run([
            Self.queue(Self.direct(Self.record("in/there")), Self.direct(Self.record("in/gone"))),
            Self.direct(Self.record("in/there")),
        ])
        #expect(
            result.reports.map(\.path) == ["invocation/request-1/response", "invocation/request-2/response"],
            "\(result.reports)"
        )
        #expect(result.reports.allSatisfy { $0.body == #"{"batchItemFailures":[]}"# })
        #expect(run.aws.calls("PutObject").map(\.resource) == ["there"])
        let metrics = try result.metrics
        #expect(metrics.count == 4)
        #expect(metrics.first?["ObjectsCopied"]?.integer == 1 && metrics.first?["ObjectsUnchanged"]?.integer == 1)
        let mapping = try #require(metrics.dropFirst().first)
        #expect(mapping["FunctionName"]?.string == "Live" && mapping["Source"]?.string == "s3://old-bucket/in/")
        #expect(mapping["Target"]?.string == "s3://new-bucket/" && mapping["Events"]?.integer == 2)
        #expect(mapping["Failed"]?.integer == 0 && (mapping["Lag"]?.integer ?? 0) > 0)
        #expect(mapping["_aws"]?["CloudWatchMetrics"]?.array?.first?["Namespace"]?.string == "DynamoDBSync")
        #expect(metrics.dropFirst(2).first?["ObjectsUnchanged"]?.integer == 1)
    }

    @Test("The last second before Lambda's deadline belongs to the answer: nothing is begun in it, and all is reported")
    func margin() async throws {
        var run = run()
        run.timeLimit = 0.95
        let result = try await run([Self.queue(Self.direct(Self.record("in/there")))])
        #expect(result.reports.map(\.body) == [#"{"batchItemFailures":[{"itemIdentifier":"m0"}]}"#])
        #expect(run.aws.calls("HeadObject").isEmpty && run.aws.calls("PutObject").isEmpty)
    }

    @Test("A message that cannot be worked on is named alone, with an error in the log")
    func partialFailure() async throws {
        let result = try await run()([
            Self.queue(
                Self.direct(Self.record("in/there")),
                "{",
                Self.direct(Self.record("in/x", bucket: "third-bucket"))
            )
        ])
        #expect(
            result.reports.map(\.body) == [#"{"batchItemFailures":[{"itemIdentifier":"m1"},{"itemIdentifier":"m2"}]}"#]
        )
        let errors = try result.log.filter { $0["level"] == "ERROR" }.compactMap { $0["message"]?.string }
        #expect(errors.count == 2 && errors.contains { $0.contains("no mapping names the bucket s3://third-bucket") })
    }

    @Test(
        "What can be worked on in no part is an error that says why",
        arguments: [
            ("[]", "Function.InvalidEvent", "not one of S3"),
            (direct(record("in/there", version: "9.0")), "Function.BucketSyncFailed", "version \"9.0\""),
            (direct(record("a", bucket: "third-bucket")), "Function.BucketSyncFailed", "s3://third-bucket"),
            (queue("{}"), "Function.BucketSyncFailed", "neither a notification"),
        ]
    )
    func failure(event: String, type: String, says: String) async throws {
        let report = try #require(try await run()([event]).reports.first)
        #expect(report.errorType == type)
        #expect(try report.json["errorMessage"]?.string?.contains(says) == true, "\(report)")
    }

    @Test("Settings without a bucket are an initialization error")
    func badSettings() async throws {
        var run = run()
        run.configuration = """
            {"sync":{"tables":[{"source":"\(FunctionRun.arn("Orders"))","targets":[{"table":"\(FunctionRun.arn("New"))"}]}]}}
            """
        let result = try await run([])
        #expect(result.reports.first?.errorType == "Runtime.InvalidConfiguration")
        #expect(result.reports.first?.body.contains("sync.buckets: no bucket is mapped") == true)
    }
}
