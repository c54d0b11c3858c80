extension DynamoDBClient {
    /// CreateTable.
    ///
    /// - Parameter parameters: the request as DynamoDB's API has it.
    /// - Returns: the table as it is at first, which is CREATING.
    /// - Throws: ``AWSError`` of code `ResourceInUseException` when there is a table of that name.
    package func createTable(_ parameters: JSONObject) async throws -> TableDescription {
        try await call("CreateTable", parameters, resource: parameters["TableName"]?.string) {
            json throws(ResponseShapeError) in
            try TableDescription(json: json.requiredObject("TableDescription"))
        }
    }

    /// UpdateTimeToLive: has DynamoDB delete items once the time in that attribute is over.
    package func enableTimeToLive(_ table: String, attribute: String) async throws {
        let specification: JSONValue = ["Enabled": true, "AttributeName": .string(attribute)]
        try await call(
            "UpdateTimeToLive",
            ["TableName": .string(table), "TimeToLiveSpecification": specification],
            resource: table
        ) { _ in }
    }
}
