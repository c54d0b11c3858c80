import AWSTesting
import FoundationEssentials
import Testing

@testable import AWSCore

@Suite("DynamoDB's data plane")
struct DataPlaneTests {
    private static func slice(_ text: String) -> ArraySlice<UInt8> { Array(text.utf8)[...] }
    private static let item = #"{"pk":{"S":"a"}}"#

    @Test("A page that announces itself is an error and no endless loop")
    func endlessScan() async throws {
        let key = Array(Self.item.utf8)
        let body = #"{"Items":[],"Count":0,"LastEvaluatedKey":\#(Self.item)}"#
        let fixture = try AWSClientFixture([.response(200, body: body), .response(200, body: body)])
        #expect(try await fixture.dynamoDB.scan(table: "Orders").lastEvaluatedKey == key)
        let error = await #expect(throws: AWSError.self) {
            try await fixture.dynamoDB.scan(table: "Orders", exclusiveStartKey: key)
        }
        #expect(error?.code == "MalformedResponse")
    }

    @Test("A page that is none is an error that names call, table, request and place")
    func malformedPage() async throws {
        let fixture = try AWSClientFixture([.response(200, headers: ["x-amzn-RequestId": "R"], body: "{\"Items\":[1]}")]
        )
        let error = await #expect(throws: AWSError.self) { try await fixture.dynamoDB.scan(table: "Orders") }
        #expect(
            error?.description
                == "DynamoDB Scan Orders (eu-north-1): MalformedResponse: byte 10: expected a map of attributes [HTTP 200, request R]"
        )
    }

    @Test("A page that does not match its checksum is asked for again")
    func checksum() async throws {
        let good = Array("{\"Items\":[],\"Count\":0}".utf8)
        let checksum = "\(CRC32.checksum(good))"
        let fixture = try AWSClientFixture([
            .response(200, headers: ["x-amz-crc32": checksum], body: Array("{\"Items\":[],\"Count\":0 }".utf8)),
            .response(200, headers: ["x-amz-crc32": checksum], body: good),
        ])
        #expect(try await fixture.dynamoDB.scan(table: "Orders").count == 0)
        #expect(fixture.transport.requests.count == 2)
    }

    @Test("A batch's body is its parts one behind the other, of exactly the announced size")
    func batchBody() throws {
        let requests: [WriteRequest] = [
            .put(item: Self.slice(Self.item)), .delete(key: Self.slice(#"{"pk":{"S":"b"}}"#)),
            .put(item: Self.slice(#"xx{"pk":{"S":"c"}}"#).dropFirst(2)),
        ]
        let body = BatchWriteItem.body(table: "T\"", requests)
        #expect(
            String(decoding: body, as: UTF8.self)
                == #"{"RequestItems":{"T\"":[{"PutRequest":{"Item":{"pk":{"S":"a"}}}},{"DeleteRequest":{"Key":{"pk":{"S":"b"}}}},{"PutRequest":{"Item":{"pk":{"S":"c"}}}}]},"ReturnConsumedCapacity":"TOTAL"}"#
        )
        let alone = BatchWriteItem.body(table: "T\"", [requests[0]]).count
        #expect(BatchWriteItem.body(table: "T\"", requests.prefix(2)).count == alone + requests[1].bodyBytes)
    }

    @Test("What was not processed comes back as it stands in the answer, members in any order")
    func unprocessed() async throws {
        let body = #"""
            {"ConsumedCapacity":[{"CapacityUnits":3,"TableName":"Orders"},{"CapacityUnits":0.5}],
            "UnprocessedItems":{"Orders":[{"DeleteRequest":{"Key":{"pk":{"S":"b"}}}},
            {"PutRequest":{"More":1,"Item":{"z":{"N":"1"},"pk":{"S":"a"}}}}]},"ItemCollectionMetrics":{}}
            """#
        let fixture = try AWSClientFixture([.response(200, body: body)])
        let requests: [WriteRequest] = [.put(item: Self.slice(Self.item)), .delete(key: Self.slice(Self.item))]
        let outcome = try await fixture.dynamoDB.batchWriteItem(table: "Orders", requests)
        #expect(
            outcome.unprocessed == [
                .delete(key: Self.slice(#"{"pk":{"S":"b"}}"#)),
                .put(item: Self.slice(#"{"z":{"N":"1"},"pk":{"S":"a"}}"#)),
            ]
        )
        #expect(outcome.consumedCapacityUnits == 3.5)
    }

    @Test(
        "An answer that does not say what was processed is an error",
        arguments: [
            "{}", #"{"UnprocessedItems":null}"#, #"{"UnprocessedItems":{"A":[{}]}}"#,
            #"{"UnprocessedItems":{"A":[{"PutRequest":{}}]}}"#, #"{"UnprocessedItems":{"A":[{"Put":{"Item":{}}}]}}"#,
            #"{"UnprocessedItems":{"A":[{"PutRequest":{"Key":{"pk":{"S":"a"}}}}]}}"#,
            #"{"UnprocessedItems":{"A":[],"B":[]}}"#, #"{"UnprocessedItems":{},"UnprocessedItems":{}}"#,
            #"{"UnprocessedItems":{"A":[{"PutRequest":{"Item":{"pk":{"S":"a"}}}},{"PutRequest":{"Item":{"pk":{"S":"b"}}}}]}}"#,
        ]
    )
    func malformedBatch(body: String) async throws {
        let fixture = try AWSClientFixture([.response(200, body: body)])
        let error = await #expect(throws: AWSError.self) {
            try await fixture.dynamoDB.batchWriteItem(table: "Orders", [.put(item: Self.slice(Self.item))])
        }
        #expect(error?.code == "MalformedResponse")
    }

    @Test(
        "Throttling is the caller's at once, with its kind",
        arguments: [
            "ProvisionedThroughputExceededException", "ThrottlingException", "RequestLimitExceeded",
        ]
    )
    func throttling(code: String) async throws {
        let fixture = try AWSClientFixture([.error(400, code)])
        let error = await #expect(throws: AWSError.self) {
            try await fixture.dynamoDB.leavingThrottlingToCaller().scan(table: "Orders")
        }
        #expect(error?.kind == .throttling && error?.code == code && fixture.transport.requests.count == 1)
    }

    @Test("Writes that met a transaction or another Region's write are made again")
    func conflicts() async throws {
        let fixture = try AWSClientFixture([
            .error(400, "TransactionConflictException"), .error(400, "ReplicatedWriteConflictException"),
            .response(200, body: "{}"),
        ])
        let outcome = try await fixture.dynamoDB.putItem(table: "Orders", item: Self.item.utf8)
        #expect(outcome == .written(previous: nil) && fixture.transport.requests.count == 3)
    }

    @Test("Items and unprocessed keys are told apart; a table's name in the answer does not matter")
    func batchGet() async throws {
        let body = #"""
            {"UnprocessedKeys":{"arn":{"ConsistentRead":true,"Keys":[{"pk":{"S":"c"}}]}},
            "Responses":{"arn":[{"n":{"N":"1"},"pk":{"S":"a"}}]},"ConsumedCapacity":[{"CapacityUnits":1.5}]}
            """#
        let fixture = try AWSClientFixture([
            .response(200, body: body), .response(200, body: "{\"UnprocessedKeys\":{}}"), .response(200, body: body),
        ])
        let keys = ["a", "b", "c"].map { Self.slice(#"{"pk":{"S":"\#($0)"}}"#) }
        let outcome = try await fixture.dynamoDB.batchGetItem(table: "Orders", keys: keys)
        #expect(outcome.items == [Self.slice(#"{"n":{"N":"1"},"pk":{"S":"a"}}"#)])
        #expect(outcome.unprocessedKeys == [Self.slice(#"{"pk":{"S":"c"}}"#)] && outcome.consumedCapacityUnits == 1.5)
        // Neither items nor a word of them; more than were asked for.
        for count in [3, 1] {
            let error = await #expect(throws: AWSError.self) {
                try await fixture.dynamoDB.batchGetItem(table: "Orders", keys: keys.prefix(count))
            }
            #expect(error?.code == "MalformedResponse")
        }
    }

    @Test("An item is read, or there is none")
    func getItem() async throws {
        let fixture = try AWSClientFixture([
            .response(200, body: #"{"ConsumedCapacity":{},"Item":\#(Self.item)}"#), .response(200, body: "{}"),
            .response(200, body: "{\"Item\":{}}"), .response(200, body: "{\"Item\":[]}"),
        ])
        let dynamoDB = fixture.dynamoDB
        #expect(try await dynamoDB.getItem(table: "Orders", key: Self.item.utf8) == Array(Self.item.utf8))
        #expect(try await dynamoDB.getItem(table: "Orders", key: Self.item.utf8) == nil)
        #expect(try await dynamoDB.getItem(table: "Orders", key: Self.item.utf8) == nil)
        let error = await #expect(throws: AWSError.self) {
            try await dynamoDB.getItem(table: "Orders", key: Self.item.utf8)
        }
        #expect(error?.code == "MalformedResponse")
    }
}
