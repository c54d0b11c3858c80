package import struct FoundationEssentials.Date

/// What DescribeTable says of a table.
package struct TableDescription: Sendable, Equatable {
    package var name: String
    package var arn: String
    /// The only thing that tells a table from one of the same name made later.
    package var id: String?
    /// AWS's word for the state: `ACTIVE`, `CREATING`, `UPDATING`, `DELETING` and others.
    package var status: String
    package var creationDate: Date?
    /// Refreshed by DynamoDB about every six hours.
    package var itemCount: Int?
    package var sizeBytes: Int?
    /// The whole `Table` member, with whatever AWS may have added since.
    package var json: JSONValue

    init(json: JSONValue) throws(ResponseShapeError) {
        self.name = try json.requiredString("TableName")
        self.arn = try json.requiredString("TableArn")
        self.status = try json.requiredString("TableStatus")
        self.id = json["TableId"]?.string
        self.creationDate = json.date("CreationDateTime")
        self.itemCount = json["ItemCount"]?.integer
        self.sizeBytes = json["TableSizeBytes"]?.integer
        self.json = json
    }
}

extension DynamoDBClient {
    /// DescribeTable.
    ///
    /// - Throws: ``AWSError`` of code `ResourceNotFoundException` when there is no such table.
    package func describeTable(_ table: String) async throws -> TableDescription {
        try await call("DescribeTable", ["TableName": .string(table)], resource: table) {
            json throws(ResponseShapeError) in
            try TableDescription(json: json.requiredObject("Table"))
        }
    }
}
