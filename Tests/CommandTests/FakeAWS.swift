import AWSCore
import AWSTesting
import FoundationEssentials

/// What AWS answers to the programs under test: everything is in order but for what a test says.
///
/// One table, Orders, with one backup that was complete an hour ago.
struct FakeAWS: Sendable {
    typealias Answer = @Sendable (ServerRequest) -> ServerReply

    /// By operation, such as `DescribeTable`, in place of the answer that everything is in order.
    var answers: [String: Answer] = [:]

    static let account = "123456789012"
    static let bucket = "my-backups"
    static let tableARN = "arn:aws:dynamodb:us-east-1:\(account):table/Orders"
    static let function = "DynamoDBBackupFunction"

    init(_ answers: [String: Answer] = [:]) {
        self.answers = answers
    }

    var script: ScriptedServer.Script {
        ScriptedServer.Script { request in
            let operation = Self.operation(of: request)
            if let answer = answers[operation] { return answer(request) }
            return Self.healthy[operation]?(request)
                ?? .response(500, body: "the test has no answer for \(operation): \(request.startLine)")
        }
    }

    /// The operation that a request calls.
    static func operation(of request: ServerRequest) -> String {
        if let target = request.headers["X-Amz-Target"] { return String(target.split(separator: ".").last ?? "") }
        if request.path.hasPrefix("/2015-03-31/event-source-mappings") { return "ListEventSourceMappings" }
        if request.path.hasPrefix("/2015-03-31/functions/") {
            return request.method == "POST" ? "Invoke" : "GetFunctionConfiguration"
        }
        let isBucket = request.path.split(separator: "/").count == 1
        switch (request.method, isBucket) {
        case ("GET", true): return request.query.contains("list-type=2") ? "ListObjectsV2" : "GetBucket"
        case ("GET", false): return "GetObject"
        case ("PUT", false): return "PutObject"
        case ("HEAD", true): return "HeadBucket"
        case ("HEAD", false): return "HeadObject"
        default: return "\(request.method) \(request.path)"
        }
    }

    // MARK: Answers

    static func json(_ text: String) -> Answer {
        { _ in .response(200, headers: ["x-amzn-RequestId": "REQUEST-1"], body: text) }
    }

    /// An error as the JSON protocols have it.
    static func error(_ code: String, _ message: String, status: Int = 400) -> Answer {
        { _ in
            .response(
                status,
                headers: ["x-amzn-RequestId": "REQUEST-9", "x-amzn-ErrorType": code],
                body: #"{"__type":"com.amazonaws#\#(code)","message":"\#(message)","Message":"\#(message)"}"#
            )
        }
    }

    /// An error as S3 has it.
    static func s3Error(_ code: String, _ message: String, status: Int) -> Answer {
        { _ in
            .response(
                status,
                headers: ["x-amz-request-id": "REQUEST-9", "Content-Type": "application/xml"],
                body: "<Error><Code>\(code)</Code><Message>\(message)</Message></Error>"
            )
        }
    }

    /// One answer after the other; the last one again and again.
    static func inTurn(_ answers: [Answer]) -> Answer {
        let rest = WatchedValue(answers)
        return { request in
            let answer = rest.update { answers in answers.count > 1 ? answers.removeFirst() : answers.first }
            return answer?(request) ?? .response(500)
        }
    }

    private static let healthy: [String: Answer] = [
        "DescribeTable": json(describedTable()),
        "DescribeContinuousBackups": json(pointInTimeRecovery("ENABLED")),
        "ListExports": json(exports([(completed, "COMPLETED")])),
        "DescribeRule": json(#"{"Name":"r","State":"ENABLED","ScheduleExpression":"cron(0 2 * * ? *)"}"#),
        "GetFunctionConfiguration": json(
            #"""
            {"FunctionName":"\#(function)","FunctionArn":"arn:aws:lambda:us-east-1:\#(account):function:\#(function)",
             "Runtime":"provided.al2023","State":"Active","LastUpdateStatus":"Successful","CodeSha256":"abc="}
            """#
        ),
        "GetObject": json(manifest(of: completed)),
        "ListObjectsV2": json("<ListBucketResult><KeyCount>0</KeyCount></ListBucketResult>"),
        "PutObject": { _ in .response(200, headers: ["ETag": "\"e\""]) },
        "ExportTableToPointInTime": json(exportDescription(started, "IN_PROGRESS")),
        "DescribeExport": json(exportDescription(started, "COMPLETED")),
        "Invoke": json(answer(status: "STARTED")),
        "ListTagsOfResource": json(#"{"Tags":[]}"#),
        "DescribeTimeToLive": json(#"{"TimeToLiveDescription":{"TimeToLiveStatus":"DISABLED"}}"#),
        "DescribeContributorInsights": json(#"{"ContributorInsightsStatus":"DISABLED"}"#),
        "DescribeKinesisStreamingDestination": json(#"{"KinesisDataStreamDestinations":[]}"#),
        "GetResourcePolicy": error("PolicyNotFoundException", "none"),
        "DescribeScalableTargets": json(#"{"ScalableTargets":[]}"#),
        "DescribeScalingPolicies": json(#"{"ScalingPolicies":[]}"#),
    ]

    // MARK: Documents

    /// The export that was complete an hour ago.
    static let completed = exportID(hoursAgo: 1)
    /// The export that a backup starts.
    static let started = exportID(hoursAgo: 0)

    static func exportID(hoursAgo hours: Int) -> String {
        let milliseconds = Int((Date().timeIntervalSince1970 - Double(hours) * 3_600) * 1_000)
        return "0\(milliseconds)-efd1a093"
    }

    static func exportARN(_ id: String) -> String { "\(tableARN)/export/\(id)" }

    static func exports(_ exports: [(id: String, status: String)]) -> String {
        let summaries = exports.map {
            #"{"ExportArn":"\#(exportARN($0.id))","ExportStatus":"\#($0.status)","ExportType":"FULL_EXPORT"}"#
        }
        return #"{"ExportSummaries":[\#(summaries.joined(separator: ","))]}"#
    }

    static func exportDescription(_ id: String, _ status: String, _ more: String = "") -> String {
        let start = Int(Date().timeIntervalSince1970) - 60
        let ended =
            status == "IN_PROGRESS" ? "" : #","EndTime":\#(start + 50),"ItemCount":1234,"BilledSizeBytes":56789"#
        return #"""
            {"ExportDescription":{"ExportArn":"\#(exportARN(id))","ExportStatus":"\#(status)","StartTime":\#(start),
             "TableArn":"\#(tableARN)","S3Bucket":"\#(bucket)","S3Prefix":"daily/2026/11/21/Orders"\#(ended)\#(more)}}
            """#
    }

    static func manifest(of id: String) -> String {
        let end = Date(timeIntervalSince1970: Double(Int(Date().timeIntervalSince1970) - 3_000))
        let start = end.addingTimeInterval(-600)
        return #"""
            {"version":"2020-06-30","exportArn":"\#(exportARN(id))","startTime":"\#(start.ISO8601Format())",
             "endTime":"\#(end.ISO8601Format())","tableArn":"\#(tableARN)","tableId":"t","s3Bucket":"\#(bucket)",
             "s3Prefix":"daily/2026/11/21/Orders","s3SseAlgorithm":"AES256","s3SseKmsKeyId":null,
             "manifestFilesS3Key":"daily/2026/11/21/Orders/AWSDynamoDB/\#(id)/manifest-files.json",
             "billedSizeBytes":56789,"itemCount":1234,"outputFormat":"DYNAMODB_JSON"}
            """#
    }

    static func pointInTimeRecovery(_ status: String) -> String {
        #"""
        {"ContinuousBackupsDescription":{"ContinuousBackupsStatus":"ENABLED",
         "PointInTimeRecoveryDescription":{"PointInTimeRecoveryStatus":"\#(status)"}}}
        """#
    }

    static func describedTable(_ more: String = "") -> String {
        #"""
        {"Table":{"TableName":"Orders","TableArn":"\#(tableARN)","TableId":"t","TableStatus":"ACTIVE",
         "KeySchema":[{"AttributeName":"id","KeyType":"HASH"}],
         "AttributeDefinitions":[{"AttributeName":"id","AttributeType":"S"}],
         "BillingModeSummary":{"BillingMode":"PAY_PER_REQUEST"},
         "ProvisionedThroughput":{"ReadCapacityUnits":0,"WriteCapacityUnits":0}\#(more)}}
        """#
    }

    /// The function's answer for the one table.
    static func answer(status: String, _ more: String = "") -> String {
        let isStarted = status.hasSuffix("STARTED")
        let export = isStarted ? #","exportArn":"\#(exportARN(started))","schemaKey":"k""# : ""
        return #"""
            {"date":"2026/11/21","results":[{"table":"Orders","tableArn":"\#(tableARN)","status":"\#(status)"\#(export)\#(more)}],
             "started":\#(isStarted ? 1 : 0),"failed":\#(isStarted ? 0 : 1)}
            """#
    }
}
