import AWSTesting
import Foundation
import Testing

@testable import AWSCore

/// The calls that tell how live sync stands, beside what botocore sends for the same.
@Suite(
    "Requests of status and replay as botocore sends them",
    .enabled("botocore cannot be imported; set LOCAL_AWS_PYTHON to a Python that has it") {
        await SigV4Oracle.isAvailable()
    }
)
struct StatusRequestOracleTests {
    private struct Call: Sendable {
        var service: String
        var operation: String
        var parameters: JSONValue
        var send: @Sendable (AWSClientFixture) async throws -> Void
    }

    private static let stream =
        "arn:aws:dynamodb:eu-north-1:123456789012:table/Orders/stream/2026-11-21T02:00:00.000"
    private static let queue = "https://sqs.eu-north-1.amazonaws.com/123456789012/Sync-table-failures"
    private static let noon = Date(timeIntervalSince1970: 1_795_262_400)
    private static let metric: JSONValue = [
        "Namespace": "AWS/Lambda", "MetricName": "IteratorAge",
        "Dimensions": [["Name": "FunctionName", "Value": "Sync-tables"]],
    ]

    private static let calls: [Call] = [
        Call(
            service: "cloudwatch",
            operation: "GetMetricData",
            parameters: [
                "MetricDataQueries": [
                    ["Id": "m0", "MetricStat": ["Metric": metric, "Period": 60, "Stat": "Maximum"]]
                ],
                "StartTime": 1_795_262_400, "EndTime": 1_795_263_300, "ScanBy": "TimestampDescending",
            ]
        ) {
            let query = MetricQuery(
                "AWS/Lambda",
                "IteratorAge",
                dimensions: [("FunctionName", "Sync-tables")],
                .maximum
            )
            _ = try await CloudWatchClient(client: $0.client, region: $0.region)
                .getMetricData([query], from: noon, to: noon.addingTimeInterval(900))
        },
        Call(
            service: "lambda",
            operation: "ListEventSourceMappings",
            parameters: ["FunctionName": "Sync-tables"]
        ) {
            _ = try await LambdaClient(client: $0.client, region: $0.region)
                .listEventSourceMappings(function: "Sync-tables")
        },
        Call(service: "sqs", operation: "GetQueueUrl", parameters: ["QueueName": "Sync-table-failures"]) {
            _ = try await $0.sqs.queueURL(name: "Sync-table-failures")
        },
        Call(
            service: "sqs",
            operation: "ChangeMessageVisibility",
            parameters: ["QueueUrl": .string(queue), "ReceiptHandle": "r+/=", "VisibilityTimeout": 0]
        ) { try await $0.sqs.changeVisibility(queueURL: queue, receiptHandle: "r+/=", seconds: 0) },
        Call(service: "dynamodbstreams", operation: "DescribeStream", parameters: ["StreamArn": .string(stream)]) {
            _ = try await streams($0).describeStream(stream)
        },
        Call(
            service: "dynamodbstreams",
            operation: "GetShardIterator",
            parameters: [
                "StreamArn": .string(stream), "ShardId": "shardId-00000001414576573621-f55eea83",
                "ShardIteratorType": "AT_SEQUENCE_NUMBER",
                "SequenceNumber": "111000000000000012345",
            ]
        ) {
            _ = try await streams($0).shardIterator(
                stream: stream,
                shard: "shardId-00000001414576573621-f55eea83",
                .at(sequenceNumber: "111000000000000012345")
            )
        },
        Call(
            service: "dynamodbstreams",
            operation: "GetShardIterator",
            parameters: [
                "StreamArn": .string(stream), "ShardId": "shardId-00000001414576573621-f55eea83",
                "ShardIteratorType": "LATEST",
            ]
        ) {
            _ = try await streams($0).shardIterator(
                stream: stream,
                shard: "shardId-00000001414576573621-f55eea83",
                .latest
            )
        },
        Call(
            service: "dynamodbstreams",
            operation: "GetShardIterator",
            parameters: [
                "StreamArn": .string(stream), "ShardId": "shardId-00000001414576573621-f55eea83",
                "ShardIteratorType": "TRIM_HORIZON",
            ]
        ) {
            _ = try await streams($0).shardIterator(
                stream: stream,
                shard: "shardId-00000001414576573621-f55eea83",
                .trimHorizon
            )
        },
        Call(service: "dynamodbstreams", operation: "GetRecords", parameters: ["ShardIterator": "iterator+/="]) {
            _ = try await streams($0).records("iterator+/=", stream: stream)
        },
    ]

    private static func streams(_ fixture: AWSClientFixture) -> DynamoDBStreamsClient {
        DynamoDBStreamsClient(client: fixture.client, region: fixture.region)
    }

    @Test("Method, URL, target, content type and body are the same for every call")
    func sameRequests() async throws {
        let calls = Self.calls.map {
            BotocoreRequests.Call(service: $0.service, operation: $0.operation, parameters: $0.parameters)
        }
        let expected = try await BotocoreRequests.expected(calls)
        try #require(expected.count == calls.count)
        for (call, expected) in zip(Self.calls, expected) {
            // The answer fits no operation that has a required member: only the request counts here.
            let fixture = try AWSClientFixture([.response(200, body: "{}")])
            do { try await call.send(fixture) } catch let error as AWSError {
                #expect(error.code == "MalformedResponse", "\(call.operation): \(error)")
            }
            let sent = try #require(fixture.transport.requests.first, "\(call.operation)")
            #expect(sent.request.method.rawValue == expected.method)
            #expect(sent.request.url == expected.url)
            for name in ["x-amz-target", "content-type"] where expected.headers[name] != nil {
                #expect(sent.request.headers[name] == expected.headers[name], "\(call.operation) \(name)")
            }
            let body = try #require(Data(base64Encoded: expected.body))
            if body.isEmpty {
                #expect(sent.body.isEmpty)
            } else {
                let ours = try JSONValue(parsing: sent.body).text(keys: .sorted)
                #expect(ours == (try JSONValue(parsing: Array(body)).text(keys: .sorted)), "\(call.operation)")
            }
        }
    }
}
