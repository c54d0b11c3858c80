import AWSCore
import FoundationEssentials
import Testing

@testable import BackupCore

@Suite("Layout of the backup bucket")
struct BackupLayoutTests {
    private let layout = BackupLayout(prefix: "daily")

    @Test("Keys are those of the contract")
    func keys() throws {
        let date = try #require(BackupDate("2026/11/21"))
        let export = layout.export(try #require(ExportID("01768385930622-efd1a093")), date: date, table: "Orders")
        #expect(layout.schemaKey(date, table: "Orders") == "daily/2026/11/21/Orders/table_schema.json")
        #expect(layout.settingsKey(date, table: "Orders") == "daily/2026/11/21/Orders/table_settings.json")
        #expect(layout.exportPrefix(date, table: "Orders") == "daily/2026/11/21/Orders")
        #expect(
            export.manifestSummaryKey
                == "daily/2026/11/21/Orders/AWSDynamoDB/01768385930622-efd1a093/manifest-summary.json"
        )
        #expect(export.dataFolder == "daily/2026/11/21/Orders/AWSDynamoDB/01768385930622-efd1a093/data/")
        #expect(BackupLayout(prefix: "/a/b/").schemaKey(date, table: "T_1") == "a/b/2026/11/21/T_1/table_schema.json")
        #expect(BackupLayout(prefix: "").schemaKey(date, table: "T_1") == "2026/11/21/T_1/table_schema.json")
    }

    @Test("Every key that is made is read back", arguments: ["daily", "", "a/b"])
    func roundTrip(prefix: String) throws {
        let layout = BackupLayout(prefix: prefix)
        let date = try #require(BackupDate("2024/02/29"))
        let id = try #require(ExportID("01768385930622-efd1a093"))
        let export = layout.export(id, date: date, table: "My.Table")
        let expected: [(String, BackupKey.Part)] = [
            (layout.schemaKey(date, table: "My.Table"), .schema),
            (layout.settingsKey(date, table: "My.Table"), .settings),
            (export.startedKey, .export(id, .started)),
            (export.manifestSummaryKey, .export(id, .manifestSummary)),
            (export.manifestSummaryChecksumKey, .export(id, .manifestSummaryChecksum)),
            (export.manifestFilesKey, .export(id, .manifestFiles)),
            (export.manifestFilesChecksumKey, .export(id, .manifestFilesChecksum)),
            (export.dataFolder + "5mrf.json.gz", .export(id, .data)),
            (export.dataFolder, .export(id, .other)),
            (layout.exportsFolder(date, table: "My.Table") + "data/5mrf.json.gz", .incrementalData),
            (layout.tableFolder(date, table: "My.Table") + "note.txt", .other),
        ]
        for (key, part) in expected {
            #expect(layout.parse(key) == BackupKey(date: date, table: "My.Table", part: part), "\(key)")
        }
    }

    @Test(
        "Keys of something else are not ours",
        arguments: [
            "", "daily/", "daily", "other/2026/11/21/Orders/table_schema.json",
            "daily/2026/02/30/Orders/table_schema.json",
            "daily/2026/11/21/Orders", "daily/2026/11/21/O!/table_schema.json", "daily/26/11/21/Orders/x",
            "daily/2026/11/21//table_schema.json", "daily2026/11/21/Orders/table_schema.json",
        ]
    )
    func foreignKeys(key: String) {
        #expect(layout.parse(key) == nil)
    }

    @Test("An export's id gives its start, and ids sort by it")
    func exportIDs() throws {
        let id = try #require(ExportID("01768385930622-efd1a093"))
        #expect(id.startTime.iso8601 == "2026-01-14T10:18:50Z")
        #expect(ExportID(exportARN: "arn:aws:dynamodb:eu-north-1:123456789123:table/test/export/\(id)") == id)
        #expect(ExportID(exportARN: "arn:aws:dynamodb:eu-north-1:123456789123:table/test/import/\(id)") == nil)
        #expect(id < (try #require(ExportID("01768385930623-00000000"))))
        for text in [
            "", "data", "1768385930622-efd1a093", "01768385930622_efd1a093", "01768385930622-",
            "0176838593062x-efd1a093", "01768385930622-efd1a0g3",
        ] {
            #expect(ExportID(text) == nil, "\(text)")
        }
    }

    @Test("Table ARNs are taken apart and put together again")
    func tableARNs() throws {
        for text in [
            "arn:aws:dynamodb:us-east-1:123456789012:table/Orders",
            "arn:aws-cn:dynamodb:cn-north-1:123456789012:table/a.b-c_d",
        ] {
            #expect(try #require(TableARN(text)).description == text)
        }
        let exported = TableARN(
            exportARN: "arn:aws:dynamodb:us-east-1:123456789012:table/Orders/export/01768385930622-efd1a093"
        )
        #expect(exported?.description == "arn:aws:dynamodb:us-east-1:123456789012:table/Orders")
        for text in [
            "", "Orders", "arn:aws:dynamodb:us-east-1:123456789012:table/ab",
            "arn:aws:dynamodb:us-east-1:12345678901:table/Orders",
            "arn:aws:dynamodb:us-east-1:123456789012:table/Orders/index/x",
            "arn:aws:dynamodb:us-east-1:123456789012:Orders",
            "arn:aws:s3:us-east-1:123456789012:table/Orders", "arn:aws:dynamodb::123456789012:table/Orders",
            "arn:aws:dynamodb:us-east-1:12345678901x:table/Orders",
            " arn:aws:dynamodb:us-east-1:123456789012:table/Orders",
        ] {
            #expect(TableARN(text) == nil, "\(text)")
        }
    }
}
