extension DynamoDBClient {
    /// GetItem.
    ///
    /// - Parameters:
    ///   - key: the JSON text of the key: `{"pk":{"S":"a"}}`.
    ///   - noteUnits: gets the read capacity units that it has consumed; where it is `nil` they are not asked for.
    /// - Returns: the item's JSON text; `nil` when there is none.
    /// - Throws: ``AWSError``.
    package func getItem(
        table: String,
        key: some Collection<UInt8>,
        consistentRead: Bool = false,
        noteUnits: ((Double) -> Void)? = nil
    ) async throws -> [UInt8]? {
        var body = Self.body(table: table, member: "Key", key)
        if consistentRead { body.append(",\"ConsistentRead\":true") }
        if noteUnits != nil { body.append(Self.returningUnits) }
        body.append("}")
        let answer = try await callWithText("GetItem", body: body, resource: table) { answer throws(JSONScanError) in
            try SingleItemAnswer(parsing: answer, member: "Item")
        }
        if let units = answer.consumedCapacityUnits { noteUnits?(units) }
        return answer.item
    }

    /// PutItem: replaces the whole item if the condition is met.
    ///
    /// - Parameters:
    ///   - item: the JSON text of the item.
    ///   - noteUnits: gets the write capacity units that it has consumed, those of secondary indexes included; where it
    ///     is `nil` they are not asked for. DynamoDB does not say what a write costs whose condition is not met.
    /// - Throws: ``AWSError``, after which the item may or may not have been written unless the kind is throttling;
    ///   ``ItemConditionError``, before anything is sent.
    package func putItem(
        table: String,
        item: some Collection<UInt8>,
        condition: ItemCondition = .none,
        noteUnits: ((Double) -> Void)? = nil
    ) async throws -> ItemWriteOutcome {
        try await write("PutItem", body: Self.body(table: table, member: "Item", item), table, condition, noteUnits)
    }

    /// DeleteItem: removes the item if the condition is met; one that is not there is as good as removed.
    ///
    /// - Parameters:
    ///   - key: the JSON text of the key.
    ///   - noteUnits: as for ``putItem(table:item:condition:noteUnits:)``.
    /// - Throws: as ``putItem(table:item:condition:noteUnits:)``.
    package func deleteItem(
        table: String,
        key: some Collection<UInt8>,
        condition: ItemCondition = .none,
        noteUnits: ((Double) -> Void)? = nil
    ) async throws -> ItemWriteOutcome {
        try await write("DeleteItem", body: Self.body(table: table, member: "Key", key), table, condition, noteUnits)
    }

    private func write(
        _ operation: String,
        body: [UInt8],
        _ table: String,
        _ condition: ItemCondition,
        _ noteUnits: ((Double) -> Void)?
    ) async throws -> ItemWriteOutcome {
        var body = body
        try condition.append(to: &body)
        if noteUnits != nil { body.append(Self.returningUnits) }
        body.append(",\"ReturnValues\":\"ALL_OLD\"}")
        do {
            let answer = try await callWithText(operation, body: body, resource: table) {
                answer throws(JSONScanError) in
                try SingleItemAnswer(parsing: answer, member: "Attributes")
            }
            if let units = answer.consumedCapacityUnits { noteUnits?(units) }
            return .written(previous: answer.item)
        } catch let error as AWSError where error.code == AWSError.conditionalCheckFailed {
            return .conditionFailed(existing: error.existingItem, mayBeOwn: error.attempts > 1)
        }
    }

    private static let returningUnits: StaticString = ",\"ReturnConsumedCapacity\":\"TOTAL\""

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
