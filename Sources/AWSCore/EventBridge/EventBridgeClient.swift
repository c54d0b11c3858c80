/// What DescribeRule says of a rule.
package struct RuleDescription: Sendable, Equatable {
    package var name: String
    package var arn: String?
    /// `cron(…)` or `rate(…)`; `nil` for a rule that matches events.
    package var scheduleExpression: String?
    /// `ENABLED` or `DISABLED`.
    package var state: String?
}

/// EventBridge in one Region, as far as a schedule needs it.
package struct EventBridgeClient: Sendable {
    package let client: AWSClient
    package let region: Region

    package init(client: AWSClient, region: Region) {
        self.client = client
        self.region = region
    }

    /// DescribeRule on the default bus, the only one that has schedules.
    ///
    /// - Throws: ``AWSError`` of code `ResourceNotFoundException` when there is no such rule.
    package func describeRule(_ name: String) async throws -> RuleDescription {
        try await client.call(
            .eventBridge,
            "DescribeRule",
            region: region,
            input: ["Name": .string(name)],
            resource: name
        ) { json throws(ResponseShapeError) in
            RuleDescription(
                name: try json.requiredString("Name"),
                arn: json["Arn"]?.string,
                scheduleExpression: json["ScheduleExpression"]?.string,
                state: json["State"]?.string
            )
        }
    }
}
