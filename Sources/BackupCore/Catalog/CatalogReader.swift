internal import AWSCore
internal import Glibc

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
        /// A few at most: a day's exports of one table.
        var exports: [Export] = []
    }

    private struct Export {
        var id: ExportID
        var hasManifest = false
        var manifestWrittenAt: Date?
    }

    /// The last key's export or, for a key outside of any, its table's folder: most keys lie where the one before did,
    /// and then need no look at their first sixty bytes.
    private struct Place {
        var folder: [UInt8] = []
        var contents = 0
        /// Index of the export; `nil` in the table's folder itself.
        var export: Int?
    }

    private static let summaryName = Array("manifest-summary.json".utf8)
    private static let schemaName = Array("table_schema.json".utf8)
    private static let settingsName = Array("table_settings.json".utf8)

    private let layout: BackupLayout
    private let table: String?
    private let first: BackupDate
    private let last: BackupDate
    private var folders: [Folder: Int] = [:]
    private var contents: [Contents] = []
    private var place = Place()

    init(layout: BackupLayout, table: String?, from first: BackupDate, through last: BackupDate) {
        self.layout = layout
        self.table = table
        self.first = first
        self.last = last
    }

    mutating func add(_ page: ListObjectsV2Page) {
        page.bytes.withUnsafeBufferPointer { bytes in
            for (index, entry) in page.entries.enumerated() {
                add(UnsafeBufferPointer(rebasing: bytes[entry.key])) { page.objects[index].lastModified }
            }
        }
        // The folders of data files, which the listing shows in their place.
        for folder in page.commonPrefixes { folder.withUnsafeBufferPointer { add($0) { nil } } }
    }

    private mutating func add(_ key: UnsafeBufferPointer<UInt8>, writtenAt: () -> Date?) {
        if !place.folder.isEmpty, key.begins(with: place.folder) {
            let name = UnsafeBufferPointer(rebasing: key[place.folder.count...])
            if let export = place.export {
                // Whatever else lies in it, the export is known by now.
                if name.equals(Self.summaryName) {
                    contents[place.contents].exports[export].hasManifest = true
                    contents[place.contents].exports[export].manifestWrittenAt = writtenAt()
                }
                return
            }
            if !name.contains(UInt8(ascii: "/")) {
                addFile(name)
                return
            }
        }
        guard let parsed = layout.parse(key), (first...last).contains(parsed.date),
            table == nil || parsed.table == table
        else { return }
        // Behind prefix, day and table; and behind AWSDynamoDB and the export's id.
        let tableFolder = layout.root.utf8.count + "2026/11/21/".utf8.count + parsed.table.utf8.count + 1
        let folder = Folder(date: parsed.date, table: parsed.table)
        switch parsed.part {
        case .export(let id, _):
            let count = tableFolder + "AWSDynamoDB/".utf8.count + id.text.utf8.count + 1
            place.folder = Array(key[..<count])
            place.contents = index(of: folder)
            place.export = export(id)
            add(key, writtenAt: writtenAt)
        case .schema, .settings:
            place.folder = Array(key[..<tableFolder])
            place.contents = index(of: folder)
            place.export = nil
            addFile(UnsafeBufferPointer(rebasing: key[tableFolder...]))
        case .incrementalData, .other: break
        }
    }

    /// A file in a table's folder itself.
    private mutating func addFile(_ name: UnsafeBufferPointer<UInt8>) {
        if name.equals(Self.schemaName) { contents[place.contents].hasSchema = true }
        if name.equals(Self.settingsName) { contents[place.contents].hasSettings = true }
    }

    private mutating func index(of folder: Folder) -> Int {
        if let index = folders[folder] { return index }
        folders[folder] = contents.count
        contents.append(Contents())
        return contents.count - 1
    }

    private mutating func export(_ id: ExportID) -> Int {
        if let index = contents[place.contents].exports.lastIndex(where: { $0.id == id }) { return index }
        contents[place.contents].exports.append(Export(id: id))
        return contents[place.contents].exports.count - 1
    }

    /// Newest day first, by table within a day, newest export first.
    ///
    /// - Parameter earliestRunning: exports begun before it that have no manifest are taken for failed.
    func entries(exportsRunSince earliestRunning: Date) -> [CatalogEntry] {
        let ordered = folders.sorted { left, right in
            left.key.date == right.key.date
                ? left.key.table.utf8.lexicographicallyPrecedes(right.key.table.utf8) : left.key.date > right.key.date
        }
        return ordered.flatMap { folder, index -> [CatalogEntry] in
            let contents = contents[index]
            let entry = CatalogEntry(
                date: folder.date,
                table: folder.table,
                status: .notExported,
                hasSchema: contents.hasSchema,
                hasSettings: contents.hasSettings
            )
            if contents.exports.isEmpty { return [entry] }
            return contents.exports.sorted { $0.id > $1.id }.map { export in
                var entry = entry
                entry.export = layout.export(export.id, date: folder.date, table: folder.table)
                entry.completedAt = export.manifestWrittenAt
                entry.status =
                    export.hasManifest ? .complete : export.id.startTime >= earliestRunning ? .running : .failed
                return entry
            }
        }
    }
}

/// With `memcmp`, for a listing has a hundred thousand keys and each is looked at.
extension UnsafeBufferPointer<UInt8> {
    fileprivate func begins(with prefix: [UInt8]) -> Bool {
        guard count >= prefix.count, let baseAddress else { return prefix.isEmpty }
        return memcmp(baseAddress, prefix, prefix.count) == 0
    }

    fileprivate func equals(_ other: [UInt8]) -> Bool { count == other.count && begins(with: other) }
}
