import AWSTesting
import FoundationEssentials
import Testing

@testable import AWSCore

@Suite("Answers of DynamoDB, EventBridge, Lambda and Application Auto Scaling")
struct ClientAnswerTests {
    private static let arn = "arn:aws:dynamodb:eu-north-1:123456789012:table/Orders"

    @Test("A table's description is read, and what this program does not know is kept")
    func table() async throws {
        let fixture = try AWSClientFixture([
            .response(
                200,
                body: """
                    {"Table":{"TableName":"Orders","TableArn":"\(Self.arn)","TableStatus":"ACTIVE","TableId":"i-1",
                    "CreationDateTime":1.7E9,"ItemCount":3,"TableSizeBytes":12345678901,"Invented":{"New":[1.50]}},"More":1}
                    """
            )
        ])
        let table = try await fixture.dynamoDB.describeTable("Orders")
        #expect(table.name == "Orders" && table.arn == Self.arn && table.status == "ACTIVE" && table.id == "i-1")
        #expect(table.creationDate == Date(timeIntervalSince1970: 1_700_000_000))
        #expect(table.itemCount == 3 && table.sizeBytes == 12_345_678_901)
        #expect(table.json["Invented"]?.text() == "{\"New\":[1.50]}")
    }

    @Test("An export's description is read while it runs, and when it has failed")
    func export() async throws {
        let fixture = try AWSClientFixture([
            .response(200, body: "{\"ExportDescription\":{\"ExportArn\":\"e\",\"ExportStatus\":\"IN_PROGRESS\"}}"),
            .response(
                200,
                body: """
                    {"ExportDescription":{"ExportArn":"e","ExportStatus":"FAILED","FailureCode":"S3NoSuchBucket",
                    "FailureMessage":"m","StartTime":1768385930.622,"EndTime":1768385940,"ItemCount":0,"S3Prefix":"p"}}
                    """
            ), .response(200, body: "{\"ExportDescription\":{\"ExportArn\":\"e\",\"ExportStatus\":\"PAUSED\"}}"),
        ])
        let running = try await fixture.dynamoDB.describeExport("e")
        #expect(running.status == .inProgress && running.endTime == nil && running.itemCount == nil)
        let failed = try await fixture.dynamoDB.describeExport("e")
        #expect(failed.status == .failed && failed.failureCode == "S3NoSuchBucket" && failed.itemCount == 0)
        #expect(failed.startTime == Date(timeIntervalSince1970: 1_768_385_930.622))
        let unknown = try await fixture.dynamoDB.describeExport("e")
        #expect(unknown.status == .other("PAUSED") && unknown.status.name == "PAUSED")
    }

    @Test("Point-in-time recovery is off unless the answer says it is on")
    func pointInTimeRecovery() async throws {
        func answer(_ inner: String) -> FakeTransport.Outcome {
            let description = "{\"ContinuousBackupsStatus\":\"ENABLED\"\(inner)}"
            return .response(200, body: "{\"ContinuousBackupsDescription\":\(description)}")
        }
        let fixture = try AWSClientFixture([
            answer(
                ",\"PointInTimeRecoveryDescription\":{\"PointInTimeRecoveryStatus\":\"ENABLED\",\"RecoveryPeriodInDays\":35}"
            ),
            answer(",\"PointInTimeRecoveryDescription\":{\"PointInTimeRecoveryStatus\":\"DISABLED\"}"), answer(""),
        ])
        let on = try await fixture.dynamoDB.describePointInTimeRecovery("Orders")
        #expect(on.isEnabled && on.recoveryPeriodInDays == 35)
        #expect(try await fixture.dynamoDB.describePointInTimeRecovery("Orders").isEnabled == false)
        #expect(try await fixture.dynamoDB.describePointInTimeRecovery("Orders").isEnabled == false)
    }

    @Test("Listings follow their tokens to the end")
    func pages() async throws {
        let fixture = try AWSClientFixture([
            .response(
                200,
                body:
                    "{\"ExportSummaries\":[{\"ExportArn\":\"a\",\"ExportStatus\":\"COMPLETED\"}],\"NextToken\":\"t1\"}"
            ),
            .response(200, body: "{\"ExportSummaries\":[],\"NextToken\":\"t2\"}"),
            .response(
                200,
                body:
                    "{\"ExportSummaries\":[{\"ExportArn\":\"b\",\"ExportStatus\":\"FAILED\",\"ExportType\":\"FULL_EXPORT\"}]}"
            ),
            .response(200, body: "{\"Tags\":[{\"Key\":\"k\",\"Value\":\"v\"}],\"NextToken\":\"\"}"),
        ])
        let exports = try await fixture.dynamoDB.listExports(tableARN: Self.arn)
        #expect(exports.map(\.arn) == ["a", "b"] && exports.map(\.type) == [nil, "FULL_EXPORT"])
        #expect(try await fixture.dynamoDB.listTags(ofTableARN: Self.arn).text() == "[{\"Key\":\"k\",\"Value\":\"v\"}]")
        let bodies = try fixture.transport.requests.map { try JSONValue(parsing: $0.body) }
        #expect(bodies.map { $0["NextToken"]?.string } == [nil, "t1", "t2", nil])
    }

    @Test("A listing whose page announces itself is an error and no endless loop")
    func endlessPages() async throws {
        let fixture = try AWSClientFixture(
            FakeTransport { _, _ in .response(200, body: "{\"Tags\":[],\"NextToken\":\"t\"}") }
        )
        let error = await #expect(throws: AWSError.self) { try await fixture.dynamoDB.listTags(ofTableARN: Self.arn) }
        #expect(error?.code == "MalformedResponse" && error?.operation == "ListTagsOfResource")
        #expect(fixture.transport.requests.count == 2)
    }

    @Test(
        "An answer without what AWS always gives is an error that names the call and the member",
        arguments: [
            "{}", "{\"Table\":null}", "{\"Table\":[]}", "{\"Table\":{\"TableName\":\"Orders\"}}", "[]", "",
            "{\"Table\":",
            "<html>", "{\"Table\":{\"TableName\":5,\"TableArn\":\"a\",\"TableStatus\":\"b\"}}",
        ]
    )
    func malformed(body: String) async throws {
        let fixture = try AWSClientFixture([.response(200, headers: ["x-amzn-RequestId": "R"], body: body)])
        let error = await #expect(throws: AWSError.self) { try await fixture.dynamoDB.describeTable("Orders") }
        #expect(error?.code == "MalformedResponse" && error?.requestID == "R")
        #expect(error?.description.hasPrefix("DynamoDB DescribeTable Orders (eu-north-1): MalformedResponse: ") == true)
        #expect(fixture.transport.requests.count == 1)
    }

    @Test(
        "Lists that are none are errors, never empty",
        arguments: ["{\"ExportSummaries\":{}}", "{\"ExportSummaries\":[1]}", "[]"]
    )
    func malformedLists(body: String) async throws {
        let fixture = try AWSClientFixture([.response(200, body: body)])
        let error = await #expect(throws: AWSError.self) {
            try await fixture.dynamoDB.listExports(tableARN: Self.arn)
        }
        #expect(error?.code == "MalformedResponse")
    }

    @Test("A table without a resource policy has none; any other error stays one")
    func resourcePolicy() async throws {
        let fixture = try AWSClientFixture([
            .error(400, "PolicyNotFoundException"), .response(200, body: "{\"Policy\":\"{}\"}"),
            .error(400, "AccessDeniedException"),
        ])
        #expect(try await fixture.dynamoDB.getResourcePolicy(ofTableARN: Self.arn) == nil)
        #expect(try await fixture.dynamoDB.getResourcePolicy(ofTableARN: Self.arn) == "{}")
        let error = await #expect(throws: AWSError.self) {
            try await fixture.dynamoDB.getResourcePolicy(ofTableARN: Self.arn)
        }
        #expect(error?.code == "AccessDeniedException")
    }

    @Test("A function that fails is a result; a call that fails is an error with Lambda's code")
    func invoke() async throws {
        let fixture = try AWSClientFixture([
            .response(
                200,
                headers: ["x-amz-function-error": "Unhandled", "x-amzn-requestid": "R"],
                body: "{\"errorMessage\":\"m\"}"
            ),
            .response(
                404,
                headers: ["x-amzn-ErrorType": "ResourceNotFoundException:http://internal.amazon.com/coral/"],
                body: "{\"Type\":\"User\",\"Message\":\"Function not found\"}"
            ),
        ])
        let lambda = LambdaClient(client: fixture.client, region: fixture.region)
        let result = try await lambda.invoke("f", payload: Array("{}".utf8))
        #expect(result.functionError == "Unhandled" && result.requestID == "R")
        #expect(result.payload == Array("{\"errorMessage\":\"m\"}".utf8))
        let sent = try #require(fixture.transport.requests.first?.request)
        // Longer than any function may run, and no limit to the silence meanwhile.
        #expect(sent.timeouts.stall == nil && sent.timeouts.total.map { $0 > .seconds(900) } == true)
        let error = await #expect(throws: AWSError.self) { try await lambda.invoke("f", payload: []) }
        #expect(error?.code == "ResourceNotFoundException" && error?.message == "Function not found")
    }
}
