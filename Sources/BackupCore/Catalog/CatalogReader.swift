internal import AWSCore

internal import struct FoundationEssentials.Date

/// Makes backups out of a month's keys, which come in order but for the folders of data files.
struct CatalogReader {
    private struct Folder: Hashable {
        var date: BackupDate
        var table: String
    }

    private struct Contents {
        var hasSchema = false
        var hasSettings = false
        /// Each export, with the time of its manifest if that is there.
        var exports: [ExportID: Manifest] = [:]
    }

    private struct Manifest {
        var isThere = false
        var writtenAt: Date?
    }

    private let layout: BackupLayout
    private let table: String?
    private let first: BackupDate
    private let last: BackupDate
    private var folders: [Folder: Contents] = [:]

    init(layout: BackupLayout, table: String?, from first: BackupDate, through last: BackupDate) {
        self.layout = layout
        self.table = table
        self.first = first
        self.last = last
    }

    mutating func add(_ page: ListObjectsV2Page) {
        for object in page.objects { add(object.keyBytes, object) }
        // The folders of data files, which the listing shows in their place.
        for folder in page.commonPrefixes { add(folder, nil) }
    }

    private mutating func add(_ key: ArraySlice<UInt8>, _ object: ListedObject?) {
        guard let key = wanted(key) else { return }
        let folder = Folder(date: key.date, table: key.table)
        switch key.part {
        case .schema: folders[folder, default: Contents()].hasSchema = true
        case .settings: folders[folder, default: Contents()].hasSettings = true
        case .export(let id, .manifestSummary):
            let manifest = Manifest(isThere: true, writtenAt: object?.lastModified)
            folders[folder, default: Contents()].exports[id] = manifest
        case .export(let id, _):
            if folders[folder]?.exports[id] == nil { folders[folder, default: Contents()].exports[id] = Manifest() }
        case .incrementalData, .other: break
        }
    }

    private func wanted(_ key: ArraySlice<UInt8>) -> BackupKey? {
        guard let key = layout.parse(key), (first...last).contains(key.date), table == nil || key.table == table else {
            return nil
        }
        return key
    }

    /// Newest day first, by table within a day, newest export first.
    ///
    /// - Parameter earliestRunning: exports begun before it that have no manifest are taken for failed.
    func entries(exportsRunSince earliestRunning: Date) -> [CatalogEntry] {
        let ordered = folders.sorted { left, right in
            left.key.date == right.key.date
                ? left.key.table.utf8.lexicographicallyPrecedes(right.key.table.utf8) : left.key.date > right.key.date
        }
        return ordered.flatMap { folder, contents -> [CatalogEntry] in
            let entry = CatalogEntry(
                date: folder.date,
                table: folder.table,
                status: .notExported,
                hasSchema: contents.hasSchema,
                hasSettings: contents.hasSettings
            )
            if contents.exports.isEmpty { return [entry] }
            return contents.exports.sorted { $0.key > $1.key }.map { id, manifest in
                var entry = entry
                entry.export = layout.export(id, date: folder.date, table: folder.table)
                entry.completedAt = manifest.writtenAt
                entry.status =
                    manifest.isThere ? .complete : id.startTime >= earliestRunning ? .running : .failed
                return entry
            }
        }
    }
}
