package import AWSCore

package import struct FoundationEssentials.Date

extension TableSettings {
    /// How each part is read.
    package typealias Calls = [Part: @Sendable () async throws -> JSONValue]

    /// Reads every part at once; a part whose call fails is recorded as unreadable.
    ///
    /// - Parameters:
    ///   - description: what DescribeTable said.
    ///   - calls: how the parts are read; see ``calls(describing:dynamoDB:autoScaling:)``.
    /// - Throws: `CancellationError` only; ``TableSchemaError`` when the description has no usable ARN.
    package static func capture(
        describing description: TableDescription,
        calls: Calls,
        now: Date
    ) async throws -> TableSettings {
        guard let arn = TableARN(description.arn) else {
            throw TableSchemaError(
                source: "DescribeTable",
                field: "TableArn",
                message: "\"\(description.arn)\" is not a table ARN"
            )
        }
        let parts = try await withThrowingTaskGroup(of: (Part, Captured).self) { group in
            for (part, call) in calls {
                group.addTask { (part, try await captured(call)) }
            }
            return try await group.reduce(into: [:]) { parts, part in parts[part.0] = part.1 }
        }
        return TableSettings(
            sourceTableARN: arn,
            tableID: description.id,
            capturedAt: now,
            itemCount: description.itemCount,
            sizeBytes: description.sizeBytes,
            table: JSONObject(
                describedMembers.compactMap { name in description.json[name].map { (name, $0) } }
            ),
            parts: parts
        )
    }

    private static func captured(_ call: () async throws -> JSONValue) async throws -> Captured {
        do {
            return .captured(try await call())
        } catch let error as CancellationError {
            throw error
        } catch let error as AWSError {
            return .unreadable(code: error.code, message: error.message)
        } catch {
            return .unreadable(code: "\(type(of: error))", message: "\(error)")
        }
    }

    /// The calls to AWS for a table's parts.
    package static func calls(
        describing description: TableDescription,
        dynamoDB: DynamoDBClient,
        autoScaling: ApplicationAutoScalingClient
    ) -> Calls {
        let (name, arn) = (description.name, description.arn)
        let indexes = (description.json["GlobalSecondaryIndexes"]?.array ?? []).compactMap { $0["IndexName"]?.string }
        return [
            .timeToLive: { try await dynamoDB.describeTimeToLive(name) },
            .tags: { try await dynamoDB.listTags(ofTableARN: arn) },
            .pointInTimeRecovery: { try await dynamoDB.describePointInTimeRecovery(name).json },
            .kinesisStreamingDestinations: { try await dynamoDB.describeKinesisStreamingDestination(name) },
            .resourcePolicy: { try await dynamoDB.getResourcePolicy(ofTableARN: arn).map { .string($0) } ?? .null },
            .contributorInsights: {
                var insights = [try await dynamoDB.describeContributorInsights(name)]
                for index in indexes {
                    insights.append(try await dynamoDB.describeContributorInsights(name, index: index))
                }
                return .array(insights)
            },
            .autoScaling: {
                let resources = ["table/\(name)"] + indexes.map { "table/\(name)/index/\($0)" }
                let targets = try await autoScaling.describeScalableTargets(resourceIDs: resources)
                // Most tables have no targets, and no target has no policy.
                let scaled = Set((targets.array ?? []).compactMap { $0["ResourceId"]?.string })
                var policies: [JSONValue] = []
                for resource in scaled.sorted() {
                    policies += try await autoScaling.describeScalingPolicies(resourceID: resource).array ?? []
                }
                return ["ScalableTargets": targets, "ScalingPolicies": .array(policies)]
            },
        ]
    }
}
