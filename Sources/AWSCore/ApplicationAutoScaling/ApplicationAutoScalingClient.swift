/// Application Auto Scaling in one Region, as far as DynamoDB's tables use it.
package struct ApplicationAutoScalingClient: Sendable {
    package let client: AWSClient
    package let region: Region

    package init(client: AWSClient, region: Region) {
        self.client = client
        self.region = region
    }

    /// DescribeScalableTargets for these resources (`table/X`, `table/X/index/Y`): the list as it came.
    package func describeScalableTargets(resourceIDs: [String]) async throws -> JSONValue {
        try await everyPage("DescribeScalableTargets", list: "ScalableTargets", resourceID: resourceIDs.first) {
            input in
            input["ResourceIds"] = .array(resourceIDs.map { .string($0) })
        }
    }

    /// DescribeScalingPolicies for one resource: the list as it came.
    package func describeScalingPolicies(resourceID: String) async throws -> JSONValue {
        try await everyPage("DescribeScalingPolicies", list: "ScalingPolicies", resourceID: resourceID) { input in
            input["ResourceId"] = .string(resourceID)
        }
    }

    private func everyPage(
        _ operation: String,
        list: String,
        resourceID: String?,
        fill: (inout JSONObject) -> Void
    ) async throws -> JSONValue {
        var elements: [JSONValue] = []
        var token: String?
        repeat {
            var input: JSONObject = ["ServiceNamespace": "dynamodb"]
            fill(&input)
            input["NextToken"] = token.map { .string($0) }
            let (page, next) = try await client.call(
                .applicationAutoScaling,
                operation,
                region: region,
                input: input,
                resource: resourceID
            ) { json in (json.elements(list), json["NextToken"]?.string) }
            elements += page
            token = next
        } while token != nil
        return .array(elements)
    }
}
