import AWSTesting
import Testing

@testable import AWSCore

@Suite("Writes with conditions")
struct ItemConditionTests {
    private static let item = #"{"pk":{"S":"a"}}"#

    private static func failure(item: String?) -> FakeTransport.Outcome {
        let type = "\"__type\":\"com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException\""
        let item = item.map { ",\"Item\":\($0)" } ?? ""
        return .response(400, body: "{\(type),\"message\":\"The conditional request failed\"\(item)}")
    }

    private static func members(_ condition: ItemCondition) throws -> JSONValue {
        var body = Array("{\"TableName\":\"T\"".utf8)
        try condition.append(to: &body)
        return try JSONValue(parsing: body + Array("}".utf8))
    }

    private static func wideItem(_ attributes: Int) -> ArraySlice<UInt8> {
        let members = (0..<attributes).map { "\"attribute\($0)\":{\"N\":\"\($0)\"}" }
        return Array("{\(members.joined(separator: ","))}".utf8)[...]
    }

    @Test("A condition that is not met is an outcome, with the item that stands there")
    func notMet() async throws {
        let fixture = try AWSClientFixture([Self.failure(item: Self.item), Self.failure(item: nil)])
        let existing = Array(Self.item.utf8)
        let put = try await fixture.dynamoDB.putItem(
            table: "Orders",
            item: existing,
            condition: .notExists(partitionKey: "pk")
        )
        #expect(put == .conditionFailed(existing: existing, mayBeOwn: false))
        let delete = try await fixture.dynamoDB.deleteItem(
            table: "Orders",
            key: existing,
            condition: .equals(item: existing[...])
        )
        #expect(delete == .conditionFailed(existing: nil, mayBeOwn: false))
    }

    @Test("After an attempt without an answer the item that stands there may be our own")
    func mayBeOwn() async throws {
        let fixture = try AWSClientFixture([
            .failure(HTTPError(.connectionLost, "the connection was lost")), Self.failure(item: Self.item),
        ])
        let outcome = try await fixture.dynamoDB.putItem(
            table: "Orders",
            item: Self.item.utf8,
            condition: .notExists(partitionKey: "pk")
        )
        #expect(outcome == .conditionFailed(existing: Array(Self.item.utf8), mayBeOwn: true))
    }

    @Test("What a write replaced comes back, so that attributes nobody can ask about are seen")
    func previous() async throws {
        let wider = #"{"pk":{"S":"a"},"new":{"N":"1"}}"#
        let fixture = try AWSClientFixture([.response(200, body: #"{"Attributes":\#(wider)}"#)])
        let outcome = try await fixture.dynamoDB.deleteItem(
            table: "Orders",
            key: Self.item.utf8,
            condition: .equals(item: Array(Self.item.utf8)[...])
        )
        #expect(outcome == .written(previous: Array(wider.utf8)))
    }

    @Test("Another failure of a conditional write stays an error")
    func otherErrors() async throws {
        let fixture = try AWSClientFixture([.error(400, "ValidationException")])
        let error = await #expect(throws: AWSError.self) {
            try await fixture.dynamoDB.putItem(
                table: "Orders",
                item: Self.item.utf8,
                condition: .notExists(partitionKey: "pk")
            )
        }
        #expect(error?.code == "ValidationException")
    }

    @Test("150 attributes fit into DynamoDB's 300 operators, one more does not")
    func limits() throws {
        let members = try Self.members(.equals(item: Self.wideItem(150)))
        let expression = try #require(members["ConditionExpression"]?.string)
        #expect(expression.utf8.count <= 4096)
        #expect(expression.split(separator: " ").count { $0 == "AND" || $0.contains("=") } == 299)
        #expect(members["ExpressionAttributeNames"]?.object?.members.count == 150)
        #expect(members["ExpressionAttributeValues"]?[":45"]?["N"]?.string == "149")
        #expect(throws: ItemConditionError.tooManyAttributes(151)) {
            try Self.members(.equals(item: Self.wideItem(151)))
        }
        let partial = try Self.members(.equals(item: Self.wideItem(1000), mayLeaveOut: true))
        #expect(partial["ExpressionAttributeValues"]?.object?.members.count == 150)
    }

    @Test("Absent attributes are asked for unless the item has them, under whatever spelling")
    func absences() throws {
        let item = Array(#"{"a\u0062":{"S":"1"}}"#.utf8)[...]
        let other = Array(#"{"ab":{"S":"2"},"c\"":{"S":"3"}}"#.utf8)[...]
        let members = try Self.members(.equals(item: item, lackingAttributesOf: other))
        #expect(members["ConditionExpression"]?.string == "#0=:0 AND attribute_not_exists(#1)")
        #expect(members["ExpressionAttributeNames"] == ["#0": "ab", "#1": "c\""])
    }

    @Test("An item that is none is refused before anything is sent", arguments: ["", "{}", "{\"a\":1}", "[]", "{}x"])
    func malformed(text: String) async throws {
        let fixture = try AWSClientFixture([])
        await #expect(throws: ItemConditionError.self) {
            try await fixture.dynamoDB.deleteItem(
                table: "Orders",
                key: Self.item.utf8,
                condition: .equals(item: Array(text.utf8)[...])
            )
        }
        #expect(fixture.transport.requests.isEmpty)
    }
}
