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
        var input: JSONObject = ["ServiceNamespace": "dynamodb"]
        fill(&input)
        return .array(
            try await client.everyPage(
                .applicationAutoScaling,
                operation,
                region: region,
                input: input,
                list: list,
                resource: resourceID
            ) { $0 }
        )
    }
}
