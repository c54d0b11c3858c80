import AWSCore
import Testing

@testable import BackupCore

@Suite("Schema files from elsewhere")
struct TableSchemaFileTests {
    private static let valid = """
        {"TableName":"Orders","AttributeDefinitions":[{"AttributeName":"pk","AttributeType":"S"}],\
        "KeySchema":[{"AttributeName":"pk","KeyType":"HASH"}],"BillingMode":"PAY_PER_REQUEST"}
        """

    private static func changed(_ key: String, _ value: JSONValue?) throws -> String {
        try JSONValue(parsing: valid).setting(key, value).text()
    }

    private func message(_ text: String) -> String? {
        let error = #expect(throws: TableSchemaError.self) {
            try TableSchema(fileContents: Array(text.utf8), source: "table_schema.json")
        }
        return error?.description
    }

    @Test("The smallest valid file is read")
    func smallest() throws {
        let schema = try TableSchema(fileContents: Array(Self.valid.utf8), source: "table_schema.json")
        #expect(schema.tableName == "Orders")
        #expect(schema.keySchema == [TableSchema.KeyElement(attributeName: "pk", keyType: .hash)])
    }

    @Test("Files that are something else say what they are")
    func otherFiles() throws {
        #expect(message("")?.contains("table_schema.json: not JSON: line 1, column 1: the text is empty") == true)
        #expect(message("[]") == "table_schema.json: a list where an object is expected")
        #expect(message("{}") == "table_schema.json: TableName: missing; the table's name is expected")
        let described = JSONValue.object(["Table": try TableDescriptions.onDemand()]).text()
        #expect(message(described)?.contains("answer of describe-table") == true)
        #expect(message(try TableDescriptions.onDemand().text())?.contains("answer of describe-table") == true)
        #expect(message(String(Self.valid.dropLast(20)))?.contains("not JSON") == true)
    }

    @Test(
        "What ImportTable would refuse or ignore is named",
        arguments: [
            (
                "TableName", "a b",
                #"table_schema.json: TableName: not a table name (expected 3 to 255 letters, digits, "_", "." and "-")"#
            ),
            ("TableName", nil, "table_schema.json: TableName: missing; the table's name is expected"),
            (
                "BillingMode", "ON_DEMAND",
                #"table_schema.json: BillingMode: "ON_DEMAND" where PROVISIONED or PAY_PER_REQUEST is expected"#
            ),
            (
                "BillingMode", nil,
                "table_schema.json: ProvisionedThroughput: missing; an object with ReadCapacityUnits and WriteCapacityUnits is expected"
            ),
            (
                "KeySchema", [["AttributeName": "pk", "KeyType": "hash"]],
                #"table_schema.json: KeySchema[0].KeyType: "hash" where HASH or RANGE is expected"#
            ),
            (
                "KeySchema", [["AttributeName": "pk", "KeyType": "RANGE"]],
                "table_schema.json: KeySchema: expected one HASH element, then at most one RANGE element"
            ),
            (
                "KeySchema", [],
                "table_schema.json: KeySchema: expected one HASH element, then at most one RANGE element"
            ),
            (
                "KeySchema", [["AttributeName": "x", "KeyType": "HASH"]],
                #"table_schema.json: AttributeDefinitions: the key attribute "x" is not defined"#
            ),
            (
                "AttributeDefinitions", [["AttributeName": "pk", "AttributeType": "SS"]],
                #"table_schema.json: AttributeDefinitions[0].AttributeType: "SS" where S, N or B is expected"#
            ),
            (
                "AttributeDefinitions",
                [["AttributeName": "pk", "AttributeType": "S"], ["AttributeName": "x", "AttributeType": "S"]],
                #"table_schema.json: AttributeDefinitions: "x" is in no key; only key attributes may be defined"#
            ),
            (
                "ProvisionedThroughput", ["ReadCapacityUnits": 1, "WriteCapacityUnits": 1],
                "table_schema.json: ProvisionedThroughput: not allowed with BillingMode PAY_PER_REQUEST"
            ),
            ("OnDemandThroughput", [:], "table_schema.json: OnDemandThroughput: empty; leave it out instead"),
            (
                "GlobalSecondaryIndexes", [],
                "table_schema.json: GlobalSecondaryIndexes: the list is empty; leave it out instead"
            ),
            (
                "LocalSecondaryIndexes", [],
                "table_schema.json: LocalSecondaryIndexes: ImportTable has no such parameter; take it out of the file"
            ),
            (
                "Keyschema", [],
                "table_schema.json: Keyschema: unknown; expected only TableName, AttributeDefinitions, KeySchema, BillingMode, ProvisionedThroughput, OnDemandThroughput, SSESpecification, GlobalSecondaryIndexes, VectorIndexes"
            ),
            (
                "SSESpecification", ["Enabled": "yes"],
                "table_schema.json: SSESpecification.Enabled: a string where true or false is expected"
            ),
            (
                "SSESpecification", ["SSEType": "AES256"],
                #"table_schema.json: SSESpecification.SSEType: "AES256" where KMS is expected"#
            ),
        ] as [(String, JSONValue?, String)]
    )
    func mistakes(key: String, value: JSONValue?, expected: String) throws {
        #expect(message(try Self.changed(key, value)) == expected)
    }

    @Test(
        "Mistakes in an index are named with its place",
        arguments: [
            ("IndexName", nil, "GlobalSecondaryIndexes[0].IndexName: missing; a name is expected"),
            (
                "IndexStatus", "ACTIVE",
                "GlobalSecondaryIndexes[0].IndexStatus: unknown; expected only IndexName, KeySchema, Projection, ProvisionedThroughput, OnDemandThroughput, WarmThroughput"
            ),
            (
                "Projection", ["ProjectionType": "ALL", "NonKeyAttributes": ["a"]],
                "GlobalSecondaryIndexes[0].Projection.NonKeyAttributes: only a projection of type INCLUDE has this list"
            ),
            (
                "Projection", ["ProjectionType": "INCLUDE"],
                "GlobalSecondaryIndexes[0].Projection: NonKeyAttributes must list 1 to 20 names for a projection of type INCLUDE"
            ),
        ] as [(String, JSONValue?, String)]
    )
    func indexMistakes(key: String, value: JSONValue?, expected: String) throws {
        let index: JSONValue = [
            "IndexName": "i", "KeySchema": [["AttributeName": "pk", "KeyType": "HASH"]],
            "Projection": ["ProjectionType": "ALL"],
        ]
        let text = try Self.changed("GlobalSecondaryIndexes", [index.setting(key, value)])
        #expect(message(text) == "table_schema.json: " + expected)
    }

    @Test("An index with a key of several attributes, as DynamoDB has them since 2025, is taken")
    func multipleAttributeKeys() throws {
        let names = ["a", "b", "c"]
        let index: JSONValue = [
            "IndexName": "wide", "Projection": ["ProjectionType": "ALL"],
            "KeySchema": [
                ["AttributeName": "a", "KeyType": "HASH"], ["AttributeName": "b", "KeyType": "HASH"],
                ["AttributeName": "c", "KeyType": "RANGE"],
            ],
        ]
        let definitions = (["pk"] + names).map { ["AttributeName": .string($0), "AttributeType": "S"] as JSONValue }
        let value = try JSONValue(parsing: Self.valid).setting("GlobalSecondaryIndexes", [index])
            .setting("AttributeDefinitions", .array(definitions))
        let schema = try TableSchema(fileContents: value.serialized(), source: "table_schema.json")
        #expect(schema.globalSecondaryIndexes.first?.keySchema.map(\.attributeName) == names)
    }
}
