package import struct FoundationEssentials.Date

/// One export that was started for a backup, as it stands now.
package struct BackupRecord: Sendable, Equatable {
    package enum State: String, Sendable {
        case completed = "COMPLETED"
        case running = "RUNNING"
        case failed = "FAILED"
        /// DynamoDB completed it, but its manifest in the bucket cannot be read any more, so it cannot be restored.
        case damaged = "DAMAGED"
    }

    package var exportID: ExportID
    package var exportARN: String
    package var state: State
    package var startTime: Date
    package var endTime: Date?
    package var itemCount: Int?
    /// The uncompressed size that DynamoDB charges for; 0 for very small tables.
    package var billedSizeBytes: Int?
    package var failureCode: String?
    package var failureMessage: String?

    /// Whether the export has ended without a backup that can be restored.
    package var isFailure: Bool { state == .failed || state == .damaged }

    package init(
        exportID: ExportID,
        exportARN: String,
        state: State,
        startTime: Date,
        endTime: Date? = nil,
        itemCount: Int? = nil,
        billedSizeBytes: Int? = nil,
        failureCode: String? = nil,
        failureMessage: String? = nil
    ) {
        self.exportID = exportID
        self.exportARN = exportARN
        self.state = state
        self.startTime = startTime
        self.endTime = endTime
        self.itemCount = itemCount
        self.billedSizeBytes = billedSizeBytes
        self.failureCode = failureCode
        self.failureMessage = failureMessage
    }
}
