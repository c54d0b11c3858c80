extension DynamoDBClient {
    /// GetItem.
    ///
    /// - Parameter key: the JSON text of the key: `{"pk":{"S":"a"}}`.
    /// - Returns: the item's JSON text; `nil` when there is none.
    /// - Throws: ``AWSError``.
    package func getItem(table: String, key: some Collection<UInt8>, consistentRead: Bool = false) async throws
        -> [UInt8]?
    {
        var body = Self.body(table: table, member: "Key", key)
        if consistentRead { body.append(",\"ConsistentRead\":true") }
        body.append("}")
        return try await callWithText("GetItem", body: body, resource: table) { answer throws(JSONScanError) in
            try ItemWriteOutcome.item(in: answer, member: "Item")
        }
    }

    /// PutItem: replaces the whole item if the condition is met.
    ///
    /// - Parameter item: the JSON text of the item.
    /// - Throws: ``AWSError``, after which the item may or may not have been written unless the kind is throttling;
    ///   ``ItemConditionError``, before anything is sent.
    package func putItem(
        table: String,
        item: some Collection<UInt8>,
        condition: ItemCondition = .none
    ) async throws -> ItemWriteOutcome {
        try await write("PutItem", body: Self.body(table: table, member: "Item", item), table, condition)
    }

    /// DeleteItem: removes the item if the condition is met; one that is not there is as good as removed.
    ///
    /// - Parameter key: the JSON text of the key.
    /// - Throws: as ``putItem(table:item:condition:)``.
    package func deleteItem(
        table: String,
        key: some Collection<UInt8>,
        condition: ItemCondition = .none
    ) async throws -> ItemWriteOutcome {
        try await write("DeleteItem", body: Self.body(table: table, member: "Key", key), table, condition)
    }

    private func write(
        _ operation: String,
        body: [UInt8],
        _ table: String,
        _ condition: ItemCondition
    ) async throws -> ItemWriteOutcome {
        var body = body
        try condition.append(to: &body)
        body.append(",\"ReturnValues\":\"ALL_OLD\"}")
        do {
            let previous = try await callWithText(operation, body: body, resource: table) {
                answer throws(JSONScanError) in
                try ItemWriteOutcome.item(in: answer, member: "Attributes")
            }
            return .written(previous: previous)
        } catch let error as AWSError where error.code == AWSError.conditionalCheckFailed {
            return .conditionFailed(existing: error.existingItem, mayBeOwn: error.attempts > 1)
        }
    }

    /// The body as far as table and item; left open.
    private static func body(table: String, member: StaticString, _ item: some Collection<UInt8>) -> [UInt8] {
        var body: [UInt8] = []
        body.reserveCapacity(256 + table.utf8.count + item.count)
        body.append("{\"TableName\":")
        body.appendJSON(table)
        body.append(",\"")
        body.append(member)
        body.append("\":")
        body += item
        return body
    }
}

extension AWSError {
    /// DynamoDB's code for a write whose condition was not met.
    static let conditionalCheckFailed = "ConditionalCheckFailedException"
}
