package import struct FoundationEssentials.Date

/// The figures that the alarms stand on.
package struct BackupMetrics: Sendable, Equatable {
    package struct Table: Sendable, Equatable {
        package var name: String
        /// Hours since the table's last completed backup ended; `nil` when there is none.
        package var hoursSinceLastCompletedBackup: Double?
        /// Whether the newest export that has ended failed, or left nothing that can be restored.
        package var hasFailedExport: Bool
    }

    /// Without those whose backups could not be read, of which nothing is known.
    package var tables: [Table]
    package var startedCount: Int
    /// Backups that did not start, and tables whose last export failed.
    package var failedCount: Int

    /// What is reported for a table without any completed backup: older than every allowed age, because it is not safe.
    package static let noBackupHours = 24.0 * 366 * 10

    /// - Parameters:
    ///   - answer: of the run, when there was one.
    ///   - statuses: of every table, without the run's own exports; empty when there was no time for that.
    package init(answer: BackupAnswer?, statuses: [TableStatus], now: Date) {
        self.tables = statuses.filter(\.isHistoryKnown).map { status in
            Table(
                name: status.table.tableName,
                hoursSinceLastCompletedBackup: status.newestCompleted.map {
                    now.timeIntervalSince($0.endTime ?? $0.startTime) / 3_600
                },
                hasFailedExport: status.lastFailure != nil
            )
        }
        self.startedCount = answer?.startedCount ?? 0
        self.failedCount = (answer?.failedCount ?? 0) + tables.count { $0.hasFailedExport }
    }

    /// The age of the oldest newest backup; a table without one counts as ``noBackupHours``.
    package var maximumHours: Double {
        tables.map { $0.hoursSinceLastCompletedBackup ?? Self.noBackupHours }.max() ?? 0
    }
}
