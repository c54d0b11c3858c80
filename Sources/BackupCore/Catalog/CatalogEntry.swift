package import struct FoundationEssentials.Date

/// One backup of one table as the bucket shows it.
package struct CatalogEntry: Sendable, Equatable {
    package enum Status: String, Sendable {
        /// manifest-summary.json is there: everything is.
        case complete = "COMPLETE"
        /// Begun, without a manifest, and young enough to be still running.
        case running = "RUNNING"
        /// Begun long ago and never completed. DescribeExport, for 90 days, says why.
        case failed = "FAILED"
        /// There is a schema and no export: it was refused, or is about to begin.
        case notExported = "NOT_EXPORTED"
    }

    package var date: BackupDate
    package var table: String
    /// `nil` for a day's folder without any export.
    package var export: ExportFolder?
    package var status: Status
    /// Whether table_schema.json is beside it; without one a restore needs a local file.
    package var hasSchema: Bool
    package var hasSettings: Bool
    /// When the manifest was written; `nil` unless complete.
    package var completedAt: Date?

    package var startedAt: Date? { export?.id.startTime }
}
