import FoundationEssentials
import Testing

@testable import AWSCore
@testable import BackupCore

@Suite("Reading a backup for a restore")
struct BackupContentsTests {
    private func backup() async throws -> RestorableBackup {
        try await RestorableBackup(table: try TableDescriptions.provisioned())
    }

    private func refusal(_ backup: RestorableBackup, on day: BackupDate? = nil) async -> RestoreError? {
        await #expect(throws: RestoreError.self) { try await backup.read("Users", on: day) }
    }

    @Test("A sound backup is read whole")
    func sound() async throws {
        let backup = try await backup()
        let contents = try await backup.read("Users")
        #expect(contents.manifest.itemCount == 3)
        #expect(contents.fileCount == 3)
        #expect(contents.storage.total == DataStorage.Amount(files: 3, bytes: 3 << 30))
        #expect(contents.storage.isReadable)
        #expect(contents.schemaFile != nil && contents.settings?.sourceTableARN.tableName == "Users")
        #expect(try await backup.read("Users", on: backup.date) == contents)
    }

    @Test("Checksums may be missing, but not wrong")
    func checksums() async throws {
        var backup = try await backup()
        backup.objects[backup.folder.manifestSummaryChecksumKey] = nil
        backup.objects[backup.folder.manifestFilesChecksumKey] = nil
        #expect(try await backup.read("Users").fileCount == 3)
        for key in [backup.folder.manifestSummaryChecksumKey, backup.folder.manifestFilesChecksumKey] {
            var wrong = backup
            wrong.objects[key] = .init(bytes: Array("AAAAAAAAAAAAAAAAAAAAAA==".utf8))
            #expect(await refusal(wrong)?.code == .damagedBackup)
        }
    }

    @Test("Whatever is missing, damaged or too many is refused by name")
    func damage() async throws {
        let sound = try await backup()
        let folder = sound.folder
        var backup = sound
        backup.objects[folder.manifestFilesKey] = nil
        #expect(
            await refusal(backup)?.description.contains("manifest-files.json: the list of data files is missing")
                == true
        )

        backup = sound
        backup.objects[folder.dataFolder + "1.json.gz"] = nil
        #expect(await refusal(backup)?.description.contains("1.json.gz: 1 of 3 data files are missing") == true)

        backup = sound
        backup.objects[folder.dataFolder + "9.json.gz"] = .init()
        #expect(
            await refusal(backup)?.description.contains("9.json.gz: this file does not belong to the backup") == true
        )

        backup = sound
        let lines = sound.text(folder.manifestFilesKey).split(separator: "\n")
        backup.put(folder.manifestFilesKey, folder.manifestFilesChecksumKey, lines.dropLast().joined(separator: "\n"))
        #expect(await refusal(backup)?.description.contains("hold 2 items, but the export has 3") == true)

        backup = sound
        backup.put(
            folder.manifestSummaryKey,
            folder.manifestSummaryChecksumKey,
            String(sound.text(folder.manifestSummaryKey).dropLast(10))
        )
        #expect(await refusal(backup)?.description.contains("damaged or was cut off") == true)
        #expect(await refusal(backup)?.description.contains("restore another day") == true)

        backup = sound
        let moved = sound.text(folder.manifestSummaryKey).split(separator: "daily/", omittingEmptySubsequences: false)
            .joined(separator: "other/")
        backup.put(folder.manifestSummaryKey, folder.manifestSummaryChecksumKey, moved)
        #expect(await refusal(backup)?.description.contains("copied to another place") == true)
    }

    @Test("Where there is no backup, it is said what there is")
    func none() async throws {
        let backup = try await backup()
        let unknown = await #expect(throws: RestoreError.self) { try await backup.read("users") }
        #expect(unknown?.description.hasPrefix("s3://memory/daily/ has no backup of a table users") == true)
        let otherDay = await refusal(backup, on: BackupDate("2026/01/15"))
        #expect(
            otherDay?.description
                == "the backup of Users of 2026/01/15 does not exist; the newest complete one is of 2026/01/14"
        )
        var unfinished = backup
        unfinished.objects[backup.folder.manifestSummaryKey] = nil
        #expect(
            await refusal(unfinished)?.description
                == "none of the 1 backups of Users is complete; the newest, of 2026/01/14, is FAILED"
        )
        #expect(
            await refusal(unfinished, on: backup.date)?.description
                == "the backup of Users of 2026/01/14 is FAILED; no other is complete either"
        )
    }

    @Test("Archived files are counted by class, thawed ones are readable")
    func archived() async throws {
        var backup = try await backup()
        let keys = (0..<3).map { backup.folder.dataFolder + "\($0).json.gz" }
        let until = RestorableBackup.now.addingTimeInterval(86_400)
        backup.objects[keys[0]]?.storageClass = .deepArchive
        backup.objects[keys[1]]?.storageClass = .glacierFlexibleRetrieval
        backup.objects[keys[1]]?.restoreStatus = .inProgress
        backup.objects[keys[2]]?.storageClass = .deepArchive
        backup.objects[keys[2]]?.restoreStatus = .restored(until: until)
        let storage = try await backup.read("Users").storage
        #expect(storage.archived.mapValues(\.files) == [.deepArchive: 1, .glacierFlexibleRetrieval: 1])
        #expect(storage.thawing.files == 1)
        #expect(storage.thawedUntil == until)
        backup.objects[keys[2]]?.restoreStatus = .restored(until: RestorableBackup.now)
        #expect(try await backup.read("Users").storage.archived[.deepArchive]?.files == 2)
    }

    @Test("An archived list of data files is refused with how to thaw all of the backup")
    func archivedManifest() async throws {
        var backup = try await backup()
        backup.objects[backup.folder.manifestFilesKey]?.storageClass = .glacierFlexibleRetrieval
        let error = await refusal(backup)
        #expect(error?.code == .archived)
        let text = error?.description ?? ""
        #expect(text.contains("1 files (0.0 MB) in GLACIER"))
        #expect(text.contains("--bucket memory --prefix \(backup.folder.path) "))
        backup.objects[backup.folder.manifestFilesKey]?.restoreStatus = .restored(until: nil)
        #expect(try await backup.read("Users").fileCount == 3)
    }
}
