package import AWSCore

/// A table as one side of a sync: where it is and how it is spoken to.
package struct TableSide: Sendable {
    /// The table's name or ARN, as DynamoDB takes both.
    package let table: String
    package let dynamoDB: DynamoDBClient

    package init(table: String, dynamoDB: DynamoDBClient) {
        self.table = table
        self.dynamoDB = dynamoDB
    }

    /// The name alone, for messages and files.
    package var name: String { ARN(table)?.tableName ?? table }

    package var region: Region { dynamoDB.region }
}
