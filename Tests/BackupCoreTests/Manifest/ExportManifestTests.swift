import AWSCore
import AWSTesting
import FoundationEssentials
import Testing

@testable import BackupCore

@Suite("Export manifests")
struct ExportManifestTests {
    private static let full = """
        {"version":"2020-06-30","exportArn":"arn:aws:dynamodb:eu-north-1:123456789123:table/test/export/01768385930622-efd1a093",\
        "startTime":"2026-01-14T10:18:50.622Z","endTime":"2026-01-14T10:24:58.984Z",\
        "tableArn":"arn:aws:dynamodb:eu-north-1:123456789123:table/test","tableId":"cf263806","exportTime":"2026-01-14T10:18:50.622Z",\
        "s3Bucket":"b","s3Prefix":null,"s3SseAlgorithm":"AES256","s3SseKmsKeyId":null,\
        "manifestFilesS3Key":"daily/2026/01/14/test/AWSDynamoDB/01768385930622-efd1a093/manifest-files.json",\
        "billedSizeBytes":0,"itemCount":3,"outputFormat":"DYNAMODB_JSON","fromTheFuture":{}}
        """
    private static let incremental = """
        {"version":"2023-08-01","exportArn":"arn:aws:dynamodb:eu-north-1:123456789123:table/test/export/01768387500000-0123abcd",\
        "startTime":"2026-01-14T10:45:00.000Z","endTime":"2026-01-14T10:50:00.000Z","exportFromTime":"2026-01-14T10:00:00Z",\
        "exportToTime":"2026-01-14T10:30:00Z","s3Bucket":"b","s3Prefix":"p","manifestFilesS3Key":"p/AWSDynamoDB/x/manifest-files.json",\
        "billedSizeBytes":10000000,"itemCount":2,"outputFormat":"DYNAMODB_JSON","outputView":"NEW_AND_OLD_IMAGES","exportType":"INCREMENTAL_EXPORT"}
        """

    private func read(_ text: String) throws -> ExportManifest {
        try ExportManifest(contents: Array(text.utf8), key: "k/manifest-summary.json")
    }

    @Test("The manifest of a full export is read")
    func fullExport() throws {
        let manifest = try read(Self.full)
        #expect(manifest.exportID.text == "01768385930622-efd1a093")
        #expect(manifest.table.tableName == "test")
        #expect(manifest.itemCount == 3)
        #expect(manifest.isFull)
        #expect(manifest.endTime?.iso8601 == "2026-01-14T10:24:58Z")
        #expect(manifest.dataFolder == "daily/2026/01/14/test/AWSDynamoDB/01768385930622-efd1a093/data/")
        #expect(manifest.kmsKeyID == nil)
    }

    @Test("The manifest of an incremental export is read")
    func incrementalExport() throws {
        let manifest = try read(Self.incremental)
        #expect(!manifest.isFull)
        #expect(
            manifest.kind
                == .incremental(
                    from: Date(iso8601: "2026-01-14T10:00:00Z"),
                    to: Date(iso8601: "2026-01-14T10:30:00Z"),
                    view: "NEW_AND_OLD_IMAGES"
                )
        )
    }

    @Test("A manifest cut off anywhere is an error, never half a manifest")
    func cutOff() {
        let bytes = Array(Self.full.utf8)
        for length in 0..<bytes.count {
            let error = #expect(throws: ManifestError.self) {
                try ExportManifest(contents: Array(bytes[..<length]), key: "k")
            }
            #expect(error?.code == .damaged)
        }
    }

    @Test(
        "What a restore relies upon must be there",
        arguments: ["exportArn", "s3Bucket", "manifestFilesS3Key", "itemCount", "outputFormat"]
    )
    func missingMembers(name: String) throws {
        let text = try JSONValue(parsing: Self.full).setting(name, nil).text()
        let error = #expect(throws: ManifestError.self) { try read(text) }
        #expect(error?.description == "k/manifest-summary.json: \(name): missing")
    }

    @Test("Members of a wrong kind are named")
    func wrongMembers() throws {
        let value = try JSONValue(parsing: Self.full)
        for (name, wrong) in [("itemCount", "3"), ("itemCount", -1), ("exportArn", "arn:x"), ("exportType", "PARTIAL")]
            as [(String, JSONValue)]
        {
            let error = #expect(throws: ManifestError.self) { try read(value.setting(name, wrong).text()) }
            #expect(error?.code == .incomplete)
            #expect(error?.message.hasPrefix(name) == true)
        }
        #expect(throws: ManifestError.self) { try read("[]") }
    }

    @Test("A manifest is compared with its .md5 file")
    func checksum() throws {
        // The 20 bytes that an empty partition's file consists of, and their MD5 as DynamoDB writes it.
        let empty: [UInt8] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0]
        let checksum = Array("FjvgqIxwymKf1RbbqtrZag==".utf8)
        try ExportManifest.verify(contents: empty, checksum: checksum, key: "k")
        try ExportManifest.verify(contents: empty, checksum: checksum + [0x0A], key: "k")
        let error = #expect(throws: ManifestError.self) {
            try ExportManifest.verify(contents: empty + [0], checksum: checksum, key: "k")
        }
        #expect(error?.code == .checksumMismatch)
    }
}

@Suite("Lists of data files")
struct ManifestFilesTests {
    private static func lines(_ counts: [Int]) -> String {
        counts.enumerated().map { index, count in
            #"{"itemCount":\#(count),"md5Checksum":"y+zg5fVeudb3R3DOQ+RKgA==","etag":"b5-1","dataFileS3Key":"p/AWSDynamoDB/x/data/\#(index).json.gz"}"#
                + "\n"
        }.joined()
    }

    @Test("However the bytes arrive, the same files come out")
    func chunks() throws {
        let seed = UInt64.random(in: .min ... .max)
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<50 {
            let counts = (0..<Int.random(in: 0...20, using: &generator)).map { _ in
                Int.random(in: 0...9, using: &generator)
            }
            var bytes = Array(Self.lines(counts).utf8)
            if Bool.random(using: &generator), !bytes.isEmpty { bytes.removeLast() }
            var parser = ManifestFilesParser(key: "k")
            var files: [ManifestFile] = []
            while !bytes.isEmpty {
                let size = Int.random(in: 1...min(bytes.count, 300), using: &generator)
                files += try parser.parse(Array(bytes.prefix(size)))
                bytes.removeFirst(size)
            }
            files += try parser.finish()
            #expect(files.map(\.itemCount) == counts, "seed \(seed)")
            #expect(files.enumerated().allSatisfy { $1.key == "p/AWSDynamoDB/x/data/\($0).json.gz" }, "seed \(seed)")
            #expect(parser.itemCount == counts.reduce(0, +) && parser.fileCount == counts.count, "seed \(seed)")
        }
    }

    @Test("A damaged line is named by its number")
    func damaged() throws {
        var parser = ManifestFilesParser(key: "k")
        let error = #expect(throws: ManifestError.self) {
            try parser.parse(Array((Self.lines([1, 2]) + "{\"item\n").utf8))
        }
        #expect(error?.description.hasPrefix("k: line 3: damaged or cut off (column 2:") == true)
        var incomplete = ManifestFilesParser(key: "k")
        let missing = #expect(throws: ManifestError.self) { try incomplete.parse(Array("{\"itemCount\":1}\n".utf8)) }
        #expect(missing?.description == "k: line 1: dataFileS3Key: missing")
        var cut = ManifestFilesParser(key: "k")
        _ = try cut.parse(Array(Self.lines([1, 2]).utf8.dropLast(30)))
        #expect(throws: ManifestError.self) { try cut.finish() }
        var endless = ManifestFilesParser(key: "k")
        #expect(throws: ManifestError.self) { try endless.parse(Array(repeating: 0x20, count: 70_000)) }
    }

    @Test("A list cut off at a line's end does not match its summary")
    func totals() throws {
        let text = """
            {"exportArn":"arn:aws:dynamodb:eu-north-1:123456789123:table/test/export/01768385930622-efd1a093","s3Bucket":"b",\
            "manifestFilesS3Key":"k","itemCount":3,"outputFormat":"DYNAMODB_JSON"}
            """
        let manifest = try ExportManifest(contents: Array(text.utf8), key: "k")
        var whole = ManifestFilesParser(key: "k")
        _ = try whole.parse(Array(Self.lines([0, 1, 2]).utf8))
        try whole.requireMatch(manifest)
        var cut = ManifestFilesParser(key: "k")
        _ = try cut.parse(Array(Self.lines([0, 1]).utf8))
        let error = #expect(throws: ManifestError.self) { try cut.requireMatch(manifest) }
        #expect(error?.description == "k: its 2 files hold 1 items, but the export has 3")
    }
}
