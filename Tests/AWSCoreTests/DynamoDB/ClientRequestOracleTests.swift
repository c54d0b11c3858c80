import AWSTesting
import Foundation
import Testing

@testable import AWSCore

/// Every call that the clients make, beside what botocore sends for the same.
@Suite(
    "Requests as botocore sends them",
    .enabled("botocore cannot be imported; set LOCAL_AWS_PYTHON to a Python that has it") {
        await SigV4Oracle.isAvailable()
    }
)
struct ClientRequestOracleTests {
    private struct Call: Sendable {
        var service: String
        var operation: String
        var parameters: JSONValue
        var send: @Sendable (AWSClientFixture) async throws -> Void
    }

    private struct Expected: Decodable {
        var method: String
        var url: String
        var headers: [String: String]
        var body: String
    }

    private static let table = "Orders"
    private static let tableARN = "arn:aws:dynamodb:eu-north-1:123456789012:table/Orders"
    private static let exportARN = tableARN + "/export/01768385930622-efd1a093"
    private static let importARN = tableARN + "/import/01768385930622-efd1a093"
    private static let functionARN = "arn:aws:lambda:eu-north-1:123456789012:function:DynamoDBBackupFunction:live"
    private static let queueURL = "https://sqs.eu-north-1.amazonaws.com/123456789012/Failures"
    private static let parameters: JSONObject = [
        "TableName": "Örders", "AttributeDefinitions": [["AttributeName": "p\"k", "AttributeType": "S"]],
        "KeySchema": [["AttributeName": "p\"k", "KeyType": "HASH"]], "BillingMode": "PROVISIONED",
        "ProvisionedThroughput": ["ReadCapacityUnits": 5, "WriteCapacityUnits": 7],
    ]

    private static let calls: [Call] = [
        Call(service: "dynamodb", operation: "DescribeTable", parameters: ["TableName": .string(table)]) {
            _ = try await $0.dynamoDB.describeTable(table)
        },
        Call(service: "dynamodb", operation: "DescribeContinuousBackups", parameters: ["TableName": .string(table)]) {
            _ = try await $0.dynamoDB.describePointInTimeRecovery(table)
        },
        Call(service: "dynamodb", operation: "DescribeTimeToLive", parameters: ["TableName": .string(table)]) {
            _ = try await $0.dynamoDB.describeTimeToLive(table)
        },
        Call(service: "dynamodb", operation: "ListTagsOfResource", parameters: ["ResourceArn": .string(tableARN)]) {
            _ = try await $0.dynamoDB.listTags(ofTableARN: tableARN)
        },
        Call(service: "dynamodb", operation: "GetResourcePolicy", parameters: ["ResourceArn": .string(tableARN)]) {
            _ = try await $0.dynamoDB.getResourcePolicy(ofTableARN: tableARN)
        },
        Call(
            service: "dynamodb",
            operation: "DescribeKinesisStreamingDestination",
            parameters: ["TableName": .string(table)]
        ) { _ = try await $0.dynamoDB.describeKinesisStreamingDestination(table) },
        Call(
            service: "dynamodb",
            operation: "DescribeContributorInsights",
            parameters: ["TableName": .string(table), "IndexName": "byDate"]
        ) { _ = try await $0.dynamoDB.describeContributorInsights(table, index: "byDate") },
        Call(
            service: "dynamodb",
            operation: "ExportTableToPointInTime",
            parameters: [
                "TableArn": .string(tableARN), "S3Bucket": "my-backups", "S3Prefix": "daily/2026/11/21/Orders",
                "S3BucketOwner": "123456789012", "ExportFormat": "DYNAMODB_JSON", "ClientToken": "t-1",
            ]
        ) {
            let request = ExportTableRequest(
                tableARN: tableARN,
                bucket: "my-backups",
                bucketOwner: "123456789012",
                prefix: "daily/2026/11/21/Orders",
                clientToken: "t-1"
            )
            _ = try await $0.dynamoDB.exportTableToPointInTime(request)
        },
        Call(service: "dynamodb", operation: "DescribeExport", parameters: ["ExportArn": .string(exportARN)]) {
            _ = try await $0.dynamoDB.describeExport(exportARN)
        },
        Call(
            service: "dynamodb",
            operation: "ListExports",
            parameters: ["TableArn": .string(tableARN), "MaxResults": 25]
        ) { _ = try await $0.dynamoDB.listExports(tableARN: tableARN) },
        Call(
            service: "dynamodb",
            operation: "ImportTable",
            parameters: [
                "S3BucketSource": ["S3Bucket": "my-backups", "S3KeyPrefix": "daily/x/data/"], "ClientToken": "t-2",
                "InputFormat": "DYNAMODB_JSON", "InputCompressionType": "GZIP",
                "TableCreationParameters": .object(parameters),
            ]
        ) {
            let request = ImportTableRequest(
                bucket: "my-backups",
                keyPrefix: "daily/x/data/",
                tableCreationParameters: parameters,
                clientToken: "t-2"
            )
            _ = try await $0.dynamoDB.importTable(request)
        },
        Call(service: "dynamodb", operation: "DescribeImport", parameters: ["ImportArn": .string(importARN)]) {
            _ = try await $0.dynamoDB.describeImport(importARN)
        },
        Call(
            service: "dynamodb",
            operation: "Scan",
            parameters: [
                "TableName": "Orders", "Segment": 3, "TotalSegments": 8, "Limit": 7, "ConsistentRead": true,
                "ProjectionExpression": "#a0,#a1", "ExpressionAttributeNames": ["#a0": "p\"k", "#a1": "sk"],
                "ExclusiveStartKey": ["pk": ["S": "ä"], "sk": ["N": "1.50"]], "ReturnConsumedCapacity": "TOTAL",
            ]
        ) {
            _ = try await $0.dynamoDB.scan(
                table: table,
                segment: 3,
                totalSegments: 8,
                exclusiveStartKey: Array("{\"pk\":{\"S\":\"ä\"},\"sk\":{\"N\":\"1.50\"}}".utf8),
                limit: 7,
                consistentRead: true,
                attributes: ["p\"k", "sk"]
            )
        },
        Call(
            service: "dynamodb",
            operation: "BatchWriteItem",
            parameters: [
                "RequestItems": [
                    "Örders": [
                        ["PutRequest": ["Item": ["pk": ["S": "a"]]]], ["DeleteRequest": ["Key": ["pk": ["S": "b"]]]],
                    ]
                ], "ReturnConsumedCapacity": "TOTAL",
            ]
        ) {
            let requests: [WriteRequest] = [
                .put(item: Array("{\"pk\":{\"S\":\"a\"}}".utf8)[...]),
                .delete(key: Array("{\"pk\":{\"S\":\"b\"}}".utf8)[...]),
            ]
            _ = try await $0.dynamoDB.batchWriteItem(table: "Örders", requests)
        },
        Call(
            service: "dynamodb",
            operation: "BatchGetItem",
            parameters: [
                "RequestItems": [
                    "Orders": ["Keys": [["pk": ["S": "a"]], ["pk": ["S": "b"]]], "ConsistentRead": true]
                ],
                "ReturnConsumedCapacity": "TOTAL",
            ]
        ) {
            let keys = ["a", "b"].map { Array("{\"pk\":{\"S\":\"\($0)\"}}".utf8)[...] }
            _ = try await $0.dynamoDB.batchGetItem(table: table, keys: keys, consistentRead: true)
        },
        Call(
            service: "dynamodb",
            operation: "GetItem",
            parameters: ["TableName": "Orders", "Key": ["pk": ["S": "a"]], "ConsistentRead": true]
        ) {
            _ = try await $0.dynamoDB.getItem(table: table, key: "{\"pk\":{\"S\":\"a\"}}".utf8, consistentRead: true)
        },
        Call(
            service: "dynamodb",
            operation: "PutItem",
            parameters: [
                "TableName": "Orders", "Item": ["pk": ["S": "a"]],
                "ConditionExpression": "attribute_not_exists(#k)", "ExpressionAttributeNames": ["#k": "p\"k"],
                "ReturnValuesOnConditionCheckFailure": "ALL_OLD", "ReturnValues": "ALL_OLD",
            ]
        ) {
            let item = "{\"pk\":{\"S\":\"a\"}}".utf8
            _ = try await $0.dynamoDB.putItem(table: table, item: item, condition: .notExists(partitionKey: "p\"k"))
        },
        Call(
            service: "dynamodb",
            operation: "DeleteItem",
            parameters: [
                "TableName": "Orders", "Key": ["pk": ["S": "a"]],
                "ConditionExpression": "#0=:0 AND #1=:1 AND attribute_not_exists(#2)",
                "ExpressionAttributeNames": ["#0": "pk", "#1": "ü\"n", "#2": "new"],
                "ExpressionAttributeValues": [":0": ["S": "a"], ":1": ["L": [["N": "1e5"], ["NULL": true]]]],
                "ReturnValuesOnConditionCheckFailure": "ALL_OLD", "ReturnValues": "ALL_OLD",
            ]
        ) {
            let item = #"{"pk":{"S":"a"},"\u00fc\"n":{"L":[{"N":"1e5"},{"NULL":true}]}}"#
            let other = #"{"new":{"S":""},"ü\"n":{"S":"x"}}"#
            _ = try await $0.dynamoDB.deleteItem(
                table: table,
                key: "{\"pk\":{\"S\":\"a\"}}".utf8,
                condition: .equals(item: Array(item.utf8)[...], lackingAttributesOf: Array(other.utf8)[...])
            )
        },
        Call(service: "events", operation: "DescribeRule", parameters: ["Name": "daily-backup"]) {
            _ = try await EventBridgeClient(client: $0.client, region: $0.region).describeRule("daily-backup")
        },
        Call(
            service: "lambda",
            operation: "GetFunctionConfiguration",
            parameters: ["FunctionName": .string(functionARN)]
        ) {
            _ = try await LambdaClient(client: $0.client, region: $0.region).getFunctionConfiguration(functionARN)
        },
        Call(
            service: "lambda",
            operation: "Invoke",
            parameters: [
                "FunctionName": "DynamoDBBackupFunction", "InvocationType": "RequestResponse",
                "Payload": "{\"source\":\"manual\"}",
            ]
        ) {
            let lambda = LambdaClient(client: $0.client, region: $0.region)
            _ = try await lambda.invoke("DynamoDBBackupFunction", payload: Array("{\"source\":\"manual\"}".utf8))
        },
        Call(
            service: "application-autoscaling",
            operation: "DescribeScalableTargets",
            parameters: ["ServiceNamespace": "dynamodb", "ResourceIds": ["table/Orders", "table/Orders/index/byDate"]]
        ) {
            let scaling = ApplicationAutoScalingClient(client: $0.client, region: $0.region)
            _ = try await scaling.describeScalableTargets(resourceIDs: ["table/Orders", "table/Orders/index/byDate"])
        },
        Call(
            service: "application-autoscaling",
            operation: "DescribeScalingPolicies",
            parameters: ["ServiceNamespace": "dynamodb", "ResourceId": "table/Orders"]
        ) {
            let scaling = ApplicationAutoScalingClient(client: $0.client, region: $0.region)
            _ = try await scaling.describeScalingPolicies(resourceID: "table/Orders")
        },
        Call(
            service: "sqs",
            operation: "SendMessage",
            parameters: ["QueueUrl": .string(queueURL), "MessageBody": "{\"ü\":1}"]
        ) { _ = try await $0.sqs.sendMessage(queueURL: queueURL, body: "{\"ü\":1}") },
        Call(
            service: "sqs",
            operation: "SendMessageBatch",
            parameters: [
                "QueueUrl": .string(queueURL),
                "Entries": [["Id": "0", "MessageBody": "a"], ["Id": "1", "MessageBody": "b"]],
            ]
        ) { _ = try await $0.sqs.sendMessageBatch(queueURL: queueURL, bodies: ["a", "b"]) },
        Call(
            service: "sqs",
            operation: "ReceiveMessage",
            parameters: [
                "QueueUrl": .string(queueURL), "MaxNumberOfMessages": 5, "WaitTimeSeconds": 20,
                "VisibilityTimeout": 300,
                "MessageSystemAttributeNames": ["SentTimestamp", "ApproximateReceiveCount"],
            ]
        ) {
            _ = try await $0.sqs.receiveMessages(
                queueURL: queueURL,
                maximum: 5,
                visibilityTimeout: 300,
                waitSeconds: 20
            )
        },
        Call(
            service: "sqs",
            operation: "DeleteMessage",
            parameters: ["QueueUrl": .string(queueURL), "ReceiptHandle": "r+/="]
        ) { try await $0.sqs.deleteMessage(queueURL: queueURL, receiptHandle: "r+/=") },
        Call(
            service: "sqs",
            operation: "GetQueueAttributes",
            parameters: [
                "QueueUrl": .string(queueURL),
                "AttributeNames": [
                    "ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible",
                    "ApproximateNumberOfMessagesDelayed",
                ],
            ]
        ) { _ = try await $0.sqs.queueDepth(queueURL: queueURL) },
    ]

    @Test("Method, URL, target, content type and body are the same for every call")
    func sameRequests() async throws {
        for (call, expected) in zip(Self.calls, try await Self.expectedRequests()) {
            // The answer fits no operation that has a required member: only the request counts here.
            let fixture = try AWSClientFixture([.response(200, body: "{}")])
            do { try await call.send(fixture) } catch let error as AWSError {
                #expect(error.code == "MalformedResponse", "\(call.operation): \(error)")
            }
            let sent = try #require(fixture.transport.requests.first, "\(call.operation)")
            #expect(fixture.transport.requests.count == 1)
            #expect(sent.request.method.rawValue == expected.method)
            #expect(sent.request.url == expected.url)
            for name in ["x-amz-target", "content-type", "x-amz-invocation-type"] where expected.headers[name] != nil {
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

    private static func expectedRequests() async throws -> [Expected] {
        let cases = calls.map { call -> JSONValue in
            [
                "service": .string(call.service), "region": "eu-north-1", "operation": .string(call.operation),
                "parameters": call.parameters,
            ]
        }
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("calls-\(UUID().uuidString).json")
        defer { try? FileManager.default.removeItem(at: file) }
        try Data(JSONValue.array(cases).serialized()).write(to: file)
        let script = URL(fileURLWithPath: #filePath)
            .deletingLastPathComponent()
            .appendingPathComponent("../../Oracles/botocore_requests.py")
        let output = try await SigV4Oracle.run([script.path, file.path])
        let expected = try JSONDecoder().decode([Expected].self, from: Data(output.utf8))
        try #require(expected.count == calls.count)
        return expected
    }
}
