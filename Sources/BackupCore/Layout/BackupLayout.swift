/// Where everything lies in the backup bucket: the one place that knows the shape of keys.
///
/// ```
/// <prefix>/YYYY/MM/DD/<Table>/table_schema.json
/// <prefix>/YYYY/MM/DD/<Table>/table_settings.json
/// <prefix>/YYYY/MM/DD/<Table>/AWSDynamoDB/<ExportId>/…        written by DynamoDB
/// ```
package struct BackupLayout: Sendable, Hashable {
    /// The first part of every key, without a slash at either end; empty for backups at the bucket's root.
    package let prefix: String

    /// Slashes at either end of the prefix are dropped.
    package init(prefix: String) {
        var trimmed = prefix[...]
        while trimmed.hasPrefix("/") { trimmed.removeFirst() }
        while trimmed.hasSuffix("/") { trimmed.removeLast() }
        self.prefix = String(trimmed)
    }

    /// What every key of a backup begins with: `daily/`.
    package var root: String { prefix.isEmpty ? "" : prefix + "/" }

    package func dayFolder(_ date: BackupDate) -> String { "\(root)\(date)/" }

    package func tableFolder(_ date: BackupDate, table: String) -> String { "\(root)\(date)/\(table)/" }

    /// The `S3Prefix` to export with: DynamoDB adds `/AWSDynamoDB/<ExportId>/…`.
    package func exportPrefix(_ date: BackupDate, table: String) -> String { "\(root)\(date)/\(table)" }

    package func schemaKey(_ date: BackupDate, table: String) -> String {
        tableFolder(date, table: table) + "table_schema.json"
    }

    package func settingsKey(_ date: BackupDate, table: String) -> String {
        tableFolder(date, table: table) + "table_settings.json"
    }

    /// The folder in which all exports of one table and day lie.
    package func exportsFolder(_ date: BackupDate, table: String) -> String {
        tableFolder(date, table: table) + "AWSDynamoDB/"
    }

    package func export(_ id: ExportID, date: BackupDate, table: String) -> ExportFolder {
        ExportFolder(path: exportsFolder(date, table: table) + id.text + "/", id: id)
    }
}

/// The folder of one export and what DynamoDB writes into it.
package struct ExportFolder: Sendable, Hashable {
    /// The key of the folder, with a slash at its end.
    package let path: String
    package let id: ExportID

    package init(path: String, id: ExportID) {
        self.path = path
        self.id = id
    }

    /// An empty object, the first that is written.
    package var startedKey: String { path + "_started" }
    /// The object that is written last: an export is complete when it is there.
    package var manifestSummaryKey: String { path + "manifest-summary.json" }
    package var manifestSummaryChecksumKey: String { path + "manifest-summary.md5" }
    package var manifestFilesKey: String { path + "manifest-files.json" }
    package var manifestFilesChecksumKey: String { path + "manifest-files.md5" }
    /// Where the data files of a full export lie; with its slash it is the `S3KeyPrefix` of an import.
    package var dataFolder: String { path + "data/" }
}
