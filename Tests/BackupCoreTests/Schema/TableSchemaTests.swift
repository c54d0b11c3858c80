import AWSCore
import Testing

@testable import BackupCore

@Suite("Table schema")
struct TableSchemaTests {
    @Test("An on-demand table gives what ImportTable takes, and nothing else")
    func onDemand() throws {
        let schema = try TableSchema(describing: try TableDescriptions.onDemand())
        #expect(
            String(decoding: schema.fileContents, as: UTF8.self) == """
                {
                  "TableName": "Orders",
                  "AttributeDefinitions": [
                    {
                      "AttributeName": "customer",
                      "AttributeType": "S"
                    },
                    {
                      "AttributeName": "orderId",
                      "AttributeType": "N"
                    },
                    {
                      "AttributeName": "placedAt",
                      "AttributeType": "S"
                    },
                    {
                      "AttributeName": "status",
                      "AttributeType": "S"
                    }
                  ],
                  "KeySchema": [
                    {
                      "AttributeName": "customer",
                      "KeyType": "HASH"
                    },
                    {
                      "AttributeName": "orderId",
                      "KeyType": "RANGE"
                    }
                  ],
                  "BillingMode": "PAY_PER_REQUEST",
                  "OnDemandThroughput": {
                    "MaxReadRequestUnits": 500
                  },
                  "SSESpecification": {
                    "Enabled": true,
                    "SSEType": "KMS",
                    "KMSMasterKeyId": "arn:aws:kms:us-east-1:123456789012:key/11111111-2222-3333-4444-555555555555"
                  },
                  "GlobalSecondaryIndexes": [
                    {
                      "IndexName": "by-status",
                      "KeySchema": [
                        {
                          "AttributeName": "status",
                          "KeyType": "HASH"
                        },
                        {
                          "AttributeName": "placedAt",
                          "KeyType": "RANGE"
                        }
                      ],
                      "Projection": {
                        "ProjectionType": "INCLUDE",
                        "NonKeyAttributes": [
                          "total",
                          "currency"
                        ]
                      }
                    }
                  ]
                }

                """
        )
    }

    @Test("A provisioned table without BillingModeSummary keeps its units, and its index's")
    func provisioned() throws {
        let schema = try TableSchema(describing: try TableDescriptions.provisioned())
        #expect(schema.billingMode == .provisioned)
        #expect(
            JSONValue.object(schema.parameters).text(.compact)
                == #"{"TableName":"Users","AttributeDefinitions":[{"AttributeName":"id","AttributeType":"S"},{"AttributeName":"email","AttributeType":"S"}],"KeySchema":[{"AttributeName":"id","KeyType":"HASH"}],"BillingMode":"PROVISIONED","ProvisionedThroughput":{"ReadCapacityUnits":5,"WriteCapacityUnits":3},"GlobalSecondaryIndexes":[{"IndexName":"by-email","KeySchema":[{"AttributeName":"email","KeyType":"HASH"}],"Projection":{"ProjectionType":"ALL"},"ProvisionedThroughput":{"ReadCapacityUnits":7,"WriteCapacityUnits":8}}]}"#
        )
    }

    @Test("Billing modes come out as AWS means them")
    func billingModes() throws {
        let table = try TableDescriptions.provisioned()
        let summary: JSONValue = ["BillingMode": "PROVISIONED"]
        #expect(try TableSchema(describing: table.setting("BillingModeSummary", summary)).billingMode == .provisioned)
        let zero: JSONValue = ["ReadCapacityUnits": 0, "WriteCapacityUnits": 0]
        let onDemand = try TableSchema(describing: table.setting("ProvisionedThroughput", zero))
        #expect(onDemand.billingMode == .payPerRequest)
        #expect(onDemand.parameters["ProvisionedThroughput"] == nil)
        #expect(onDemand.parameters["GlobalSecondaryIndexes"]?.array?.first?["ProvisionedThroughput"] == nil)
        let cleared: JSONValue = ["MaxReadRequestUnits": -1, "MaxWriteRequestUnits": -1]
        let unlimited = try TableSchema(describing: TableDescriptions.onDemand().setting("OnDemandThroughput", cleared))
        #expect(unlimited.parameters["OnDemandThroughput"] == nil)
    }

    @Test("Encryption comes out as AWS takes it")
    func encryption() throws {
        let table = try TableDescriptions.onDemand()
        let key = "arn:aws:kms:us-east-1:123456789012:key/11111111-2222-3333-4444-555555555555"
        #expect(try TableSchema(describing: table).kmsKeyID == key)
        #expect(try TableSchema(describing: table.setting("SSEDescription", nil)).parameters["SSESpecification"] == nil)
        let managed = try TableSchema(describing: table, awsManagedKeyARN: key)
        #expect(managed.parameters["SSESpecification"] == ["Enabled": true, "SSEType": "KMS"])
        for status in ["DISABLED", "DISABLING"] {
            let off: JSONValue = ["Status": .string(status), "SSEType": "KMS", "KMSMasterKeyArn": .string(key)]
            #expect(
                try TableSchema(describing: table.setting("SSEDescription", off)).parameters["SSESpecification"] == nil
            )
        }
        let changed = try TableSchema(describing: table).removingSSE().replacingKMSKey("alias/mine")
        #expect(changed.kmsKeyID == "alias/mine")
        #expect(changed.parameters.keys == (try TableSchema(describing: table).parameters.keys))
        #expect(changed.removingSSE().kmsKeyID == nil)
    }

    @Test("A table without indexes has no empty list of them")
    func noIndexes() throws {
        let bare = try TableDescriptions.onDemand().setting("GlobalSecondaryIndexes", []).setting(
            "LocalSecondaryIndexes",
            nil
        )
        let schema = try TableSchema(describing: bare)
        #expect(schema.parameters["GlobalSecondaryIndexes"] == nil)
        #expect(schema.attributeDefinitions.map(\.name) == ["customer", "orderId"])
    }

    @Test("A file is read back as the schema it was written from, and so is one with another name")
    func roundTrip() throws {
        for table in [try TableDescriptions.onDemand(), try TableDescriptions.provisioned()] {
            let schema = try TableSchema(describing: table).renamed(to: "Restored")
            #expect(schema.tableName == "Restored")
            #expect(try TableSchema(fileContents: schema.fileContents, source: "table_schema.json") == schema)
        }
        #expect(throws: TableSchemaError.self) {
            try TableSchema(describing: try TableDescriptions.onDemand()).renamed(to: "a b")
        }
    }

    @Test("An answer without a key says so")
    func incompleteAnswer() throws {
        let error = #expect(throws: TableSchemaError.self) {
            try TableSchema(describing: TableDescriptions.onDemand().setting("KeySchema", nil))
        }
        #expect(error?.description == "DescribeTable: KeySchema: missing; the table's key is expected")
    }
}
