package import AWSCore

/// What a table must be created with to hold a backup's items: exactly ImportTable's `TableCreationParameters`.
///
/// Its file is table_schema.json, which `aws dynamodb import-table --table-creation-parameters` takes as it stands.
package struct TableSchema: Sendable, Equatable {
    package enum KeyType: String, Sendable, CaseIterable {
        case hash = "HASH"
        case range = "RANGE"
    }

    package enum AttributeType: String, Sendable, CaseIterable {
        case string = "S"
        case number = "N"
        case binary = "B"
    }

    package enum BillingMode: String, Sendable, CaseIterable {
        case provisioned = "PROVISIONED"
        case payPerRequest = "PAY_PER_REQUEST"
    }

    package struct KeyElement: Sendable, Equatable {
        package var attributeName: String
        package var keyType: KeyType
    }

    package struct AttributeDefinition: Sendable, Equatable {
        package var name: String
        package var type: AttributeType
    }

    package struct GlobalSecondaryIndex: Sendable, Equatable {
        package var name: String
        package var keySchema: [KeyElement]
    }

    /// The parameters as they are sent and written.
    package private(set) var parameters: JSONObject
    package private(set) var tableName: String
    /// The partition key, then the sort key if there is one.
    package private(set) var keySchema: [KeyElement]
    package private(set) var attributeDefinitions: [AttributeDefinition]
    package private(set) var globalSecondaryIndexes: [GlobalSecondaryIndex]
    package private(set) var billingMode: BillingMode

    /// Takes parameters that ``validated`` has read the other values from.
    init(
        parameters: JSONObject,
        tableName: String,
        keySchema: [KeyElement],
        attributeDefinitions: [AttributeDefinition],
        globalSecondaryIndexes: [GlobalSecondaryIndex],
        billingMode: BillingMode
    ) {
        self.parameters = parameters
        self.tableName = tableName
        self.keySchema = keySchema
        self.attributeDefinitions = attributeDefinitions
        self.globalSecondaryIndexes = globalSecondaryIndexes
        self.billingMode = billingMode
    }

    /// The contents of table_schema.json: pretty JSON with a newline at its end, the same bytes for the same schema.
    package var fileContents: [UInt8] {
        JSONValue.object(parameters).serialized(.pretty) + [UInt8(ascii: "\n")]
    }

    /// The KMS key of the table's encryption as its ARN, id or alias; `nil` when DynamoDB's own key is used or the
    /// AWS managed key of the account.
    package var kmsKeyID: String? { parameters["SSESpecification"]?["KMSMasterKeyId"]?.string }

    /// The same schema for a table of another name.
    ///
    /// - Throws: ``TableSchemaError`` when DynamoDB would not take the name.
    package func renamed(to name: String) throws(TableSchemaError) -> TableSchema {
        guard TableARN.isTableName(name) else {
            throw TableSchemaError(
                source: "table name",
                message: "\"\(name)\" is not a table name (expected 3 to 255 letters, digits, \"_\", \".\" and \"-\")"
            )
        }
        var copy = self
        copy.tableName = name
        copy.parameters["TableName"] = .string(name)
        return copy
    }

    /// The same schema, encrypted with another KMS key: an ARN, id or alias in the Region the table will be in.
    package func replacingKMSKey(_ keyID: String) -> TableSchema {
        var copy = self
        copy.setSSE(["Enabled": true, "SSEType": "KMS", "KMSMasterKeyId": .string(keyID)])
        return copy
    }

    /// The same schema with DynamoDB's default encryption, by a key that DynamoDB owns.
    package func removingSSE() -> TableSchema {
        var copy = self
        copy.parameters["SSESpecification"] = nil
        return copy
    }

    private mutating func setSSE(_ specification: JSONObject) {
        parameters["SSESpecification"] = .object(specification)
        // A new member would come last; files keep one order, whatever was done to the schema before.
        parameters = JSONObject(
            TableSchema.memberOrder.compactMap { name in parameters[name].map { (name, $0) } }
        )
    }

    /// The members of `TableCreationParameters`, in the order in which files have them.
    static let memberOrder = [
        "TableName", "AttributeDefinitions", "KeySchema", "BillingMode", "ProvisionedThroughput",
        "OnDemandThroughput", "SSESpecification", "GlobalSecondaryIndexes", "VectorIndexes",
    ]
}
