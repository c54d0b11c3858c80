/// DynamoDB's control plane in one Region.
///
/// The operations are extensions, one file for each concern. Where an operation takes a table, its name and its ARN
/// are both fine unless the operation says otherwise.
package struct DynamoDBClient: Sendable {
    package let client: AWSClient
    package let region: Region

    package init(client: AWSClient, region: Region) {
        self.client = client
        self.region = region
    }

    func call<Output>(
        _ operation: String,
        _ input: JSONObject,
        resource: String?,
        decode: (JSONValue) throws(ResponseShapeError) -> Output
    ) async throws -> Output {
        try await client.call(
            .dynamoDB,
            operation,
            region: region,
            input: input,
            resource: resource,
            decode: decode
        )
    }
}
