import AWSCore

/// DescribeTable's `Table` as AWS answers, for tests to change.
enum TableDescriptions {
    /// On demand, with sort key, two global and one local secondary index, and all that a table can have.
    static func onDemand() throws -> JSONValue {
        try JSONValue(
            parsing: """
                {
                  "AttributeDefinitions": [
                    {"AttributeName": "customer", "AttributeType": "S"},
                    {"AttributeName": "orderId", "AttributeType": "N"},
                    {"AttributeName": "placedAt", "AttributeType": "S"},
                    {"AttributeName": "status", "AttributeType": "S"},
                    {"AttributeName": "blob", "AttributeType": "B"}
                  ],
                  "TableName": "Orders",
                  "KeySchema": [
                    {"AttributeName": "customer", "KeyType": "HASH"}, {"AttributeName": "orderId", "KeyType": "RANGE"}
                  ],
                  "TableStatus": "ACTIVE",
                  "CreationDateTime": 1.7000001234E9,
                  "ProvisionedThroughput": {"NumberOfDecreasesToday": 0, "ReadCapacityUnits": 0, "WriteCapacityUnits": 0},
                  "TableSizeBytes": 123456789,
                  "ItemCount": 4321,
                  "TableArn": "arn:aws:dynamodb:us-east-1:123456789012:table/Orders",
                  "TableId": "cf263806-0000-4000-8000-000000000000",
                  "BillingModeSummary": {"BillingMode": "PAY_PER_REQUEST", "LastUpdateToPayPerRequestDateTime": 1.7000001234E9},
                  "OnDemandThroughput": {"MaxReadRequestUnits": 500, "MaxWriteRequestUnits": -1},
                  "LocalSecondaryIndexes": [
                    {
                      "IndexName": "by-blob",
                      "KeySchema": [
                        {"AttributeName": "customer", "KeyType": "HASH"}, {"AttributeName": "blob", "KeyType": "RANGE"}
                      ],
                      "Projection": {"ProjectionType": "KEYS_ONLY"}, "IndexSizeBytes": 1, "ItemCount": 1,
                      "IndexArn": "arn:aws:dynamodb:us-east-1:123456789012:table/Orders/index/by-blob"
                    }
                  ],
                  "GlobalSecondaryIndexes": [
                    {
                      "IndexName": "by-status",
                      "KeySchema": [
                        {"AttributeName": "status", "KeyType": "HASH"}, {"AttributeName": "placedAt", "KeyType": "RANGE"}
                      ],
                      "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["total", "currency"]},
                      "IndexStatus": "ACTIVE", "Backfilling": false,
                      "ProvisionedThroughput": {"NumberOfDecreasesToday": 0, "ReadCapacityUnits": 0, "WriteCapacityUnits": 0},
                      "IndexSizeBytes": 1, "ItemCount": 1, "OnDemandThroughput": {"MaxReadRequestUnits": -1, "MaxWriteRequestUnits": -1},
                      "WarmThroughput": {"ReadUnitsPerSecond": 12000, "WriteUnitsPerSecond": 4000, "Status": "ACTIVE"},
                      "IndexArn": "arn:aws:dynamodb:us-east-1:123456789012:table/Orders/index/by-status"
                    },
                    {
                      "IndexName": "going-away",
                      "KeySchema": [{"AttributeName": "gone", "KeyType": "HASH"}],
                      "Projection": {"ProjectionType": "ALL", "NonKeyAttributes": []}, "IndexStatus": "DELETING"
                    }
                  ],
                  "StreamSpecification": {"StreamEnabled": true, "StreamViewType": "NEW_AND_OLD_IMAGES"},
                  "LatestStreamArn": "arn:aws:dynamodb:us-east-1:123456789012:table/Orders/stream/2026-01-01T00:00:00.000",
                  "SSEDescription": {
                    "Status": "ENABLED", "SSEType": "KMS",
                    "KMSMasterKeyArn": "arn:aws:kms:us-east-1:123456789012:key/11111111-2222-3333-4444-555555555555"
                  },
                  "TableClassSummary": {"TableClass": "STANDARD_INFREQUENT_ACCESS"},
                  "DeletionProtectionEnabled": true,
                  "WarmThroughput": {"ReadUnitsPerSecond": 24000, "WriteUnitsPerSecond": 4000, "Status": "ACTIVE"},
                  "Replicas": [{"RegionName": "eu-west-1", "ReplicaStatus": "ACTIVE"}],
                  "SomethingNewer": {"Of": ["AWS"]}
                }
                """
        )
    }

    /// Created as provisioned: without BillingModeSummary.
    static func provisioned() throws -> JSONValue {
        try JSONValue(
            parsing: """
                {
                  "TableName": "Users", "TableStatus": "ACTIVE",
                  "TableArn": "arn:aws:dynamodb:us-east-1:123456789012:table/Users",
                  "AttributeDefinitions": [
                    {"AttributeName": "id", "AttributeType": "S"}, {"AttributeName": "email", "AttributeType": "S"}
                  ],
                  "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
                  "ProvisionedThroughput": {
                    "LastIncreaseDateTime": 1.7E9, "LastDecreaseDateTime": 1.7E9, "NumberOfDecreasesToday": 2,
                    "ReadCapacityUnits": 5, "WriteCapacityUnits": 3
                  },
                  "GlobalSecondaryIndexes": [
                    {
                      "IndexName": "by-email", "KeySchema": [{"AttributeName": "email", "KeyType": "HASH"}],
                      "Projection": {"ProjectionType": "ALL"}, "IndexStatus": "CREATING", "Backfilling": true,
                      "ProvisionedThroughput": {"NumberOfDecreasesToday": 0, "ReadCapacityUnits": 7, "WriteCapacityUnits": 8}
                    }
                  ],
                  "ItemCount": 0, "TableSizeBytes": 0
                }
                """
        )
    }
}

extension JSONValue {
    /// The same object with a member set, or removed by `nil`.
    func setting(_ key: String, _ value: JSONValue?) -> JSONValue {
        guard var object else { return self }
        object[key] = value
        return .object(object)
    }
}
