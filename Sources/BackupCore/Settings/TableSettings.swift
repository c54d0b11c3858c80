package import AWSCore

package import struct FoundationEssentials.Date

/// Everything about a table that ImportTable cannot give back: table_settings.json beside a backup's schema.
///
/// Each part is kept as AWS shows it. A part that could not be read, for want of a permission perhaps, is recorded as
/// such and never fails a backup.
package struct TableSettings: Sendable, Equatable {
    /// A part that takes a call of its own; the raw value names it in the file.
    package enum Part: String, Sendable, CaseIterable {
        case timeToLive
        case tags
        case pointInTimeRecovery
        case kinesisStreamingDestinations
        case contributorInsights
        case resourcePolicy
        case autoScaling
    }

    /// What became of reading a part.
    package enum Captured: Sendable, Equatable {
        /// As AWS shows it; `null` where the table has none.
        case captured(JSONValue)
        /// AWS's error code, such as `AccessDeniedException`, and its message.
        case unreadable(code: String, message: String)
    }

    package var sourceTableARN: TableARN
    /// Tells the table from one made later under the same name.
    package var tableID: String?
    package var capturedAt: Date
    /// As DescribeTable says, which is up to six hours old.
    package var itemCount: Int?
    package var sizeBytes: Int?
    /// The members of DescribeTable's `Table` that `TableCreationParameters` does not have, as they came.
    package var table: JSONObject
    package var parts: [Part: Captured]

    package init(
        sourceTableARN: TableARN,
        tableID: String?,
        capturedAt: Date,
        itemCount: Int?,
        sizeBytes: Int?,
        table: JSONObject,
        parts: [Part: Captured]
    ) {
        self.sourceTableARN = sourceTableARN
        self.tableID = tableID
        self.capturedAt = capturedAt
        self.itemCount = itemCount
        self.sizeBytes = sizeBytes
        self.table = table
        self.parts = parts
    }

    /// The members kept of DescribeTable: those that a restore would have to apply after the import.
    static let describedMembers = [
        "LocalSecondaryIndexes", "StreamSpecification", "TableClassSummary", "DeletionProtectionEnabled",
        "SSEDescription", "WarmThroughput", "Replicas", "GlobalTableVersion", "GlobalTableWitnesses",
        "MultiRegionConsistency", "GlobalTableSettingsReplicationMode", "VectorIndexes",
    ]

    /// The part as it was read; `nil` where it was not, or where the table has none.
    package subscript(part: Part) -> JSONValue? {
        guard case .captured(let value) = parts[part], !value.isNull else { return nil }
        return value
    }

    package var localSecondaryIndexes: [JSONValue] { table["LocalSecondaryIndexes"]?.array ?? [] }
}
