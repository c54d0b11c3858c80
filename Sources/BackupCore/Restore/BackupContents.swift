internal import AWSCore

package import struct FoundationEssentials.Date

/// One complete backup, read and checked against itself: everything a restore is planned from.
package struct BackupContents: Sendable, Equatable {
    package var entry: CatalogEntry
    package var manifest: ExportManifest
    package var fileCount: Int
    package var storage: DataStorage
    /// The bytes of table_schema.json; `nil` for a backup without one.
    package var schemaFile: [UInt8]?
    /// `nil` for a backup without table_settings.json, or with one that cannot be read.
    package var settings: TableSettings?

    package init(
        entry: CatalogEntry,
        manifest: ExportManifest,
        fileCount: Int,
        storage: DataStorage,
        schemaFile: [UInt8]?,
        settings: TableSettings?
    ) {
        self.entry = entry
        self.manifest = manifest
        self.fileCount = fileCount
        self.storage = storage
        self.schemaFile = schemaFile
        self.settings = settings
    }
}

extension BackupContents {
    /// The largest small file that is read into memory.
    private static let maximumFileBytes = 4 << 20

    /// Finds and reads the newest complete backup of a table, or that of a day.
    ///
    /// - Throws: ``RestoreError`` when there is none or it cannot be relied upon; what the store throws.
    package static func read(
        table: String,
        on day: BackupDate?,
        catalog: BackupCatalog,
        now: Date
    ) async throws -> BackupContents {
        guard let entry = try await catalog.newestComplete(table: table, on: day) else {
            throw try await noBackup(table: table, day: day, catalog: catalog)
        }
        return try await read(entry, store: catalog.store, layout: catalog.layout, now: now)
    }

    /// Reads one complete backup: manifests with their checksums, the list of data files as the bucket has it, schema
    /// and settings.
    package static func read(
        _ entry: CatalogEntry,
        store: any BackupObjectStore,
        layout: BackupLayout,
        now: Date
    ) async throws -> BackupContents {
        guard let export = entry.export, entry.status == .complete else {
            throw RestoreError(.noBackup, "the backup of \(entry.table) of \(entry.date) is not complete")
        }
        do {
            return try await readChecked(entry, export, store: store, layout: layout, now: now)
        } catch let error as AWSError where error.code == "InvalidObjectState" {
            // The list of data files of a very large table is itself large enough for the archive.
            let storage = try await storage(below: export.path, store: store, now: now)
            throw RestorePlan.archived(storage, bucket: store.bucket, prefix: export.path)
        } catch let error as ManifestError {
            throw RestoreError(
                .damagedBackup,
                "the backup of \(entry.table) of \(entry.date) cannot be relied upon: \(store.name)/\(error); restore"
                    + " another day (restore list \(entry.table) shows them)"
            )
        }
    }

    private static func readChecked(
        _ entry: CatalogEntry,
        _ export: ExportFolder,
        store: any BackupObjectStore,
        layout: BackupLayout,
        now: Date
    ) async throws -> BackupContents {
        let manifest = try await manifest(of: export, store: store)
        let keys = try await dataFileKeys(of: manifest, store: store)
        let storage = try await storage(of: manifest, keys: keys, store: store, now: now)
        let schemaKey = layout.schemaKey(entry.date, table: entry.table)
        let settingsKey = layout.settingsKey(entry.date, table: entry.table)
        let settingsFile = try await store.get(settingsKey, maximumBytes: maximumFileBytes)
        return BackupContents(
            entry: entry,
            manifest: manifest,
            fileCount: keys.count,
            storage: storage,
            schemaFile: try await store.get(schemaKey, maximumBytes: maximumFileBytes),
            // Only tells what else to do after the restore: no reason to refuse one.
            settings: settingsFile.flatMap { try? TableSettings(fileContents: $0, source: settingsKey) }
        )
    }

    private static func manifest(of export: ExportFolder, store: any BackupObjectStore) async throws -> ExportManifest {
        let key = export.manifestSummaryKey
        guard let contents = try await store.get(key, maximumBytes: maximumFileBytes) else {
            throw ManifestError(.incomplete, key: key, "the manifest is missing")
        }
        let manifest = try ExportManifest(contents: contents, key: key)
        if let checksum = try await store.get(export.manifestSummaryChecksumKey, maximumBytes: maximumFileBytes) {
            try ExportManifest.verify(contents: contents, checksum: checksum, key: key)
        }
        guard manifest.exportID == export.id, manifest.manifestFilesKey == export.manifestFilesKey || !manifest.isFull
        else {
            throw ManifestError(
                .inconsistent,
                key: key,
                "it is the manifest of \(manifest.manifestFilesKey): the backup was copied to another place, where its"
                    + " keys are not right"
            )
        }
        return manifest
    }

    /// The keys of all data files: at most some ten thousand, of a hundred bytes each.
    private static func dataFileKeys(
        of manifest: ExportManifest,
        store: any BackupObjectStore
    ) async throws -> Set<String> {
        let key = manifest.manifestFilesKey
        guard let body = try await store.stream(key) else {
            throw ManifestError(.incomplete, key: key, "the list of data files is missing")
        }
        var parser = ManifestFilesParser(key: key)
        var hash = MD5()
        var keys: Set<String> = []
        for try await chunk in body {
            chunk.withUnsafeBytes { hash.update($0) }
            for file in try parser.parse(chunk) { keys.insert(file.key) }
        }
        for file in try parser.finish() { keys.insert(file.key) }
        try parser.requireMatch(manifest)
        let checksumKey = key.split(separator: ".", omittingEmptySubsequences: false).dropLast().joined(separator: ".")
        if let checksum = try await store.get(checksumKey + ".md5", maximumBytes: maximumFileBytes) {
            try ExportManifest.verify(md5: hash.finalize(), checksum: checksum, key: key)
        }
        return keys
    }

    /// Lists the data folder and requires exactly the manifest's files in it: ImportTable reads whatever is there.
    private static func storage(
        of manifest: ExportManifest,
        keys: Set<String>,
        store: any BackupObjectStore,
        now: Date
    ) async throws -> DataStorage {
        var storage = DataStorage()
        guard manifest.isFull else { return storage }
        var missing = keys
        var token: String?
        repeat {
            let page = try await store.list(
                prefix: manifest.dataFolder,
                delimiter: nil,
                startAfter: nil,
                continuationToken: token
            )
            for object in page.objects {
                let key = object.key
                if key == manifest.dataFolder { continue }
                guard missing.remove(key) != nil else {
                    throw ManifestError(
                        .inconsistent,
                        key: key,
                        "this file does not belong to the backup, and an import would read it; move it away"
                    )
                }
                storage.add(object, now: now)
            }
            token = page.nextContinuationToken
        } while token != nil
        if let first = missing.min() {
            throw ManifestError(
                .incomplete,
                key: first,
                "\(missing.count) of \(keys.count) data files are missing, this one first"
            )
        }
        return storage
    }

    /// How everything below a folder is kept.
    private static func storage(
        below prefix: String,
        store: any BackupObjectStore,
        now: Date
    ) async throws -> DataStorage {
        var storage = DataStorage()
        var token: String?
        repeat {
            let page = try await store.list(
                prefix: prefix,
                delimiter: nil,
                startAfter: nil,
                continuationToken: token
            )
            for object in page.objects { storage.add(object, now: now) }
            token = page.nextContinuationToken
        } while token != nil
        return storage
    }

    private static func noBackup(
        table: String,
        day: BackupDate?,
        catalog: BackupCatalog
    ) async throws -> RestoreError {
        let entries = try await catalog.entries(table: table)
        guard !entries.isEmpty else {
            return RestoreError(
                .noBackup,
                "\(catalog.store.name)/\(catalog.layout.root) has no backup of a table \(table); restore list shows what"
                    + " there is (names count upper and lower case)"
            )
        }
        let complete = entries.first { $0.status == .complete }
        guard let day else {
            return RestoreError(
                .noBackup,
                "none of the \(entries.count) backups of \(table) is complete; the newest, of \(entries[0].date), is"
                    + " \(entries[0].status.rawValue)"
            )
        }
        let found = entries.first { $0.date == day }.map { "is \($0.status.rawValue)" } ?? "does not exist"
        return RestoreError(
            .noBackup,
            "the backup of \(table) of \(day) \(found)"
                + (complete.map { "; the newest complete one is of \($0.date)" } ?? "; no other is complete either")
        )
    }
}
