import FoundationEssentials
import Testing

@testable import AWSCore
@testable import BackupCore

/// The objects of one complete backup, for tests to damage.
struct RestorableBackup {
    static let now = Date(timeIntervalSince1970: 1_795_226_400)
    static let layout = BackupLayout(prefix: "daily")

    var objects: [String: InMemoryBackupStore.Object] = [:]
    let date: BackupDate
    let folder: ExportFolder

    /// A backup of three items in two files and one empty one.
    init(table: JSONValue) async throws {
        date = try #require(BackupDate("2026/01/14"))
        let name = try #require(table["TableName"]?.string)
        let id = try #require(ExportID("01768385930622-efd1a093"))
        folder = Self.layout.export(id, date: date, table: name)
        let counts = [2, 0, 1]
        let lines = counts.enumerated().map { index, count in
            #"{"itemCount":\#(count),"md5Checksum":"x","etag":"x-1","dataFileS3Key":"\#(folder.dataFolder)\#(index).json.gz"}"#
                + "\n"
        }
        let summary = """
            {"version":"2020-06-30","exportArn":"arn:aws:dynamodb:us-east-1:123456789012:table/\(name)/export/\(id)",\
            "s3Bucket":"b","manifestFilesS3Key":"\(folder.manifestFilesKey)","billedSizeBytes":10737418240,"itemCount":3,\
            "outputFormat":"DYNAMODB_JSON"}
            """
        objects[folder.startedKey] = .init()
        for index in counts.indices {
            objects[folder.dataFolder + "\(index).json.gz"] = .init(size: 1 << 30)
        }
        let description = try TableDescription(json: table)
        let settings = try await TableSettings.capture(describing: description, calls: [:], now: Self.now)
        objects[Self.layout.schemaKey(date, table: name)] = .init(
            bytes: try TableSchema(describing: table).fileContents
        )
        objects[Self.layout.settingsKey(date, table: name)] = .init(bytes: settings.fileContents)
        put(folder.manifestFilesKey, folder.manifestFilesChecksumKey, lines.joined())
        put(folder.manifestSummaryKey, folder.manifestSummaryChecksumKey, summary)
    }

    /// A manifest with its right checksum.
    mutating func put(_ key: String, _ checksumKey: String, _ text: String) {
        objects[key] = .init(bytes: Array(text.utf8))
        objects[checksumKey] = .init(bytes: Array(Base64.string(MD5.digest(text.utf8)).utf8))
    }

    func text(_ key: String) -> String { String(decoding: objects[key]?.bytes ?? [], as: UTF8.self) }

    var catalog: BackupCatalog {
        BackupCatalog(store: InMemoryBackupStore(objects, pageSize: 2), layout: Self.layout, now: { Self.now })
    }

    func read(_ table: String, on day: BackupDate? = nil) async throws -> BackupContents {
        try await BackupContents.read(table: table, on: day, catalog: catalog, now: Self.now)
    }
}
