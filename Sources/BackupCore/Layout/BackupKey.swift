/// What a key in the backup bucket is the key of.
package struct BackupKey: Sendable, Hashable {
    package enum Part: Sendable, Hashable {
        case schema
        case settings
        case export(ExportID, ExportPart)
        /// A data file of incremental exports, which lie in one folder for all of them.
        case incrementalData
        /// Something that is not ours.
        case other
    }

    package enum ExportPart: Sendable, Hashable {
        case started
        case manifestSummary
        case manifestSummaryChecksum
        case manifestFiles
        case manifestFilesChecksum
        case data
        case other
    }

    package let date: BackupDate
    package let table: String
    package let part: Part
}

extension BackupLayout {
    /// Reads a key back; `nil` when it does not lie in the folder of a real day and a possible table.
    package func parse(_ key: String) -> BackupKey? {
        // Byte for byte: as characters, a combining mark after the slash would hide it.
        guard key.utf8.starts(with: root.utf8) else { return nil }
        let path = Substring(key.utf8.dropFirst(root.utf8.count))
        let parts = path.split(separator: "/", maxSplits: 4, omittingEmptySubsequences: false)
        guard parts.count == 5, let date = BackupDate(parts[0...2].joined(separator: "/")) else { return nil }
        let table = String(parts[3])
        guard TableARN.isTableName(table) else { return nil }
        return BackupKey(date: date, table: table, part: BackupKey.Part(path: parts[4]))
    }
}

extension BackupKey.Part {
    fileprivate init(path: Substring) {
        switch path {
        case "table_schema.json": self = .schema
        case "table_settings.json": self = .settings
        default:
            let parts = path.split(separator: "/", maxSplits: 2, omittingEmptySubsequences: false)
            if parts.count == 3, parts[0] == "AWSDynamoDB", let id = ExportID(parts[1]) {
                self = .export(id, BackupKey.ExportPart(path: parts[2]))
            } else if parts.count == 3, parts[0] == "AWSDynamoDB", parts[1] == "data", !parts[2].isEmpty {
                self = .incrementalData
            } else {
                self = .other
            }
        }
    }
}

extension BackupKey.ExportPart {
    fileprivate init(path: Substring) {
        switch path {
        case "_started": self = .started
        case "manifest-summary.json": self = .manifestSummary
        case "manifest-summary.md5": self = .manifestSummaryChecksum
        case "manifest-files.json": self = .manifestFiles
        case "manifest-files.md5": self = .manifestFilesChecksum
        default: self = path.hasPrefix("data/") && path.utf8.count > 5 ? .data : .other
        }
    }
}
