package import struct FoundationEssentials.Date

/// The state of a table's point-in-time recovery, without which DynamoDB exports nothing.
package struct PointInTimeRecovery: Sendable, Equatable {
    package var isEnabled: Bool
    /// 1 to 35.
    package var recoveryPeriodInDays: Int?
    package var earliestRestorableDate: Date?
    package var latestRestorableDate: Date?
    /// The `PointInTimeRecoveryDescription` as it came.
    package var json: JSONValue

    init(json: JSONValue) {
        // ContinuousBackupsStatus beside it is ENABLED on every table and says nothing of this.
        self.isEnabled = json["PointInTimeRecoveryStatus"]?.string == "ENABLED"
        self.recoveryPeriodInDays = json["RecoveryPeriodInDays"]?.integer
        self.earliestRestorableDate = json.date("EarliestRestorableDateTime")
        self.latestRestorableDate = json.date("LatestRestorableDateTime")
        self.json = json
    }
}

extension DynamoDBClient {
    /// DescribeContinuousBackups.
    ///
    /// - Throws: ``AWSError`` of code `TableNotFoundException` when there is no such table.
    package func describePointInTimeRecovery(_ table: String) async throws -> PointInTimeRecovery {
        try await call("DescribeContinuousBackups", ["TableName": .string(table)], resource: table) {
            json throws(ResponseShapeError) in
            let description = try json.requiredObject("ContinuousBackupsDescription")
            return PointInTimeRecovery(json: description["PointInTimeRecoveryDescription"] ?? .object([:]))
        }
    }
}
