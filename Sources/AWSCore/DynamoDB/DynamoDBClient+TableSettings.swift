/// The calls that, beside DescribeTable, tell how a table is set up. Each gives the answer's JSON as it came, because
/// it is kept for a restore and not worked on here.
extension DynamoDBClient {
    /// DescribeTimeToLive: `TimeToLiveStatus`, and `AttributeName` unless it is off.
    package func describeTimeToLive(_ table: String) async throws -> JSONValue {
        try await call("DescribeTimeToLive", ["TableName": .string(table)], resource: table) {
            json throws(ResponseShapeError) in
            try json.requiredObject("TimeToLiveDescription")
        }
    }

    /// ListTagsOfResource, every page: a list of `Key` and `Value`.
    package func listTags(ofTableARN arn: String) async throws -> JSONValue {
        let tags = try await client.everyPage(
            .dynamoDB,
            "ListTagsOfResource",
            region: region,
            input: ["ResourceArn": .string(arn)],
            list: "Tags",
            resource: arn
        ) { $0 }
        return .array(tags)
    }

    /// GetResourcePolicy: the policy document, or `nil` when the table has none.
    package func getResourcePolicy(ofTableARN arn: String) async throws -> String? {
        do {
            return try await call("GetResourcePolicy", ["ResourceArn": .string(arn)], resource: arn) {
                json throws(ResponseShapeError) in
                try json.requiredString("Policy")
            }
        } catch let error as AWSError where error.code == "PolicyNotFoundException" {
            return nil
        }
    }

    /// DescribeKinesisStreamingDestination: the list of destinations.
    package func describeKinesisStreamingDestination(_ table: String) async throws -> JSONValue {
        try await call("DescribeKinesisStreamingDestination", ["TableName": .string(table)], resource: table) {
            json throws(ResponseShapeError) in
            .array(try json.elements("KinesisDataStreamDestinations"))
        }
    }

    /// DescribeContributorInsights of the table, or of one of its global secondary indexes.
    package func describeContributorInsights(_ table: String, index: String? = nil) async throws -> JSONValue {
        var input: JSONObject = ["TableName": .string(table)]
        input["IndexName"] = index.map { .string($0) }
        return try await call("DescribeContributorInsights", input, resource: table) { $0 }
    }
}
