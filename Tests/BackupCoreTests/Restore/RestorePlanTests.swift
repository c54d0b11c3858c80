import FoundationEssentials
import Testing

@testable import AWSCore
@testable import BackupCore

@Suite("Restore plan")
struct RestorePlanTests {
    private func request(_ region: String = "us-east-1", _ change: (inout RestoreRequest) -> Void = { _ in }) throws
        -> RestoreRequest
    {
        var request = RestoreRequest(region: try #require(Region(region)))
        change(&request)
        return request
    }

    private func users() async throws -> BackupContents {
        try await RestorableBackup(table: try TableDescriptions.provisioned()).read("Users")
    }

    private func orders() async throws -> BackupContents {
        try await RestorableBackup(table: try TableDescriptions.onDemand()).read("Orders")
    }

    private func refusal(_ contents: BackupContents, _ request: RestoreRequest) -> RestoreError? {
        #expect(throws: RestoreError.self) { try RestorePlan(contents, request: request, bucket: "b") }
    }

    @Test("A plain table is planned into any Region under a name of its own")
    func plain() async throws {
        let plan = try RestorePlan(try await users(), request: try request("eu-west-1"), bucket: "b")
        #expect(plan.target == "Users-restored-20260114")
        #expect(plan.schema.tableName == plan.target)
        #expect(plan.keyPrefix == "daily/2026/01/14/Users/AWSDynamoDB/01768385930622-efd1a093/data/")
        #expect(plan.itemCount == 3)
        #expect(plan.schemaSource == .backup)
        #expect(plan.dropped.isEmpty && plan.notes.isEmpty)
        #expect(plan.importCost == 1.5)
        let call = plan.importRequest(bucket: "b", clientToken: "t")
        #expect(call.tableCreationParameters["TableName"] == "Users-restored-20260114")
        #expect(call.keyPrefix == plan.keyPrefix)
    }

    @Test("Names fit into DynamoDB's 255")
    func names() async throws {
        let long = String(repeating: "x", count: 250)
        let date = try #require(BackupDate("2026/01/14"))
        let target = RestorePlan.defaultTarget(table: long, date: date)
        #expect(target.utf8.count == 255 && target.hasSuffix("x-restored-20260114"))
        let contents = try await users()
        #expect(refusal(contents, try request { $0.target = "a b" })?.code == .targetName)
        #expect(
            try RestorePlan(contents, request: try request { $0.target = "Users-2" }, bucket: "b").target == "Users-2"
        )
    }

    @Test("Local secondary indexes are lost only with consent, and then listed")
    func localIndexes() async throws {
        let contents = try await orders()
        let error = refusal(contents, try request())
        #expect(error?.code == .localIndexes)
        #expect(
            error?.description.contains("(by-blob)") == true
                && error?.description.contains("--without-local-indexes") == true
        )
        let plan = try RestorePlan(contents, request: try request { $0.allowsLosingLocalIndexes = true }, bucket: "b")
        #expect(plan.dropped.contains { $0.setting == "local secondary index by-blob" })
        #expect(!plan.schema.attributeDefinitions.contains { $0.name == "blob" })
    }

    @Test("A KMS key works in its own Region only")
    func encryption() async throws {
        let contents = try await orders()
        func plan(_ region: String, _ encryption: RestoreRequest.Encryption) throws -> RestorePlan {
            let request = try request(region) {
                $0.allowsLosingLocalIndexes = true
                $0.encryption = encryption
            }
            return try RestorePlan(contents, request: request, bucket: "b")
        }
        #expect(try plan("us-east-1", .asBackedUp).schema.kmsKeyID?.hasPrefix("arn:aws:kms:us-east-1:") == true)
        let error = #expect(throws: RestoreError.self) { try plan("eu-west-1", .asBackedUp) }
        #expect(error?.code == .kmsKey && error?.description.contains("--kms-key") == true)
        #expect(try plan("eu-west-1", .dynamoDBDefault).schema.kmsKeyID == nil)
        #expect(try plan("eu-west-1", .kmsKey("alias/mine")).schema.kmsKeyID == "alias/mine")
        let foreign = "arn:aws:kms:us-east-1:123456789012:key/x"
        #expect(throws: RestoreError.self) { try plan("eu-west-1", .kmsKey(foreign)) }
    }

    @Test("The backup's schema comes first, a local file in its absence, and only the right table's")
    func schemaSources() async throws {
        var contents = try await users()
        let file = try #require(contents.schemaFile)
        contents.schemaFile = nil
        #expect(refusal(contents, try request())?.code == .schemaMissing)
        let local = RestoreRequest.LocalSchema(path: "table_schema.json", contents: file)
        let plan = try RestorePlan(contents, request: try request { $0.localSchema = local }, bucket: "b")
        #expect(plan.schemaSource == .file("table_schema.json"))
        #expect(plan.notes == ["the backup has no schema that fits: table_schema.json is used in its place"])
        let other = try TableSchema(describing: try TableDescriptions.onDemand()).fileContents
        let wrong = RestoreRequest.LocalSchema(path: "x.json", contents: other)
        #expect(
            refusal(contents, try request { $0.localSchema = wrong })?.description.contains(
                "x.json is that of the table Orders"
            ) == true
        )
        contents.schemaFile = Array("{".utf8)
        #expect(throws: TableSchemaError.self) { try RestorePlan(contents, request: try request(), bucket: "b") }
    }

    @Test("A schema written after the table was made anew is not taken for an export made before")
    func schemaOfLaterTable() async throws {
        var contents = try await users()
        let file = try #require(contents.schemaFile)
        let later = "11111111-bbbb-0000-0000-000000000000"
        contents.settings?.tableID = later
        contents.manifest.tableID = "00000000-aaaa-0000-0000-000000000000"
        let found = RestoreRequest.LocalSchema(path: "table_schema.json", contents: file)
        let error = refusal(contents, try request { $0.localSchema = found })
        #expect(error?.code == .schemaMissing && error?.description.contains("made anew") == true)
        let named = RestoreRequest.LocalSchema(path: "old.json", contents: file, isNamed: true)
        let plan = try RestorePlan(contents, request: try request { $0.localSchema = named }, bucket: "b")
        #expect(plan.schemaSource == .file("old.json"))
        contents.manifest.tableID = later
        #expect(try RestorePlan(contents, request: try request(), bucket: "b").schemaSource == .backup)
    }

    @Test("Without settings it is said that nobody knows what will be missing")
    func noSettings() async throws {
        var contents = try await users()
        contents.settings = nil
        let plan = try RestorePlan(contents, request: try request(), bucket: "b")
        #expect(plan.notes.count == 1 && plan.notes[0].contains("table_settings.json"))
    }

    @Test("Archived data is refused with what thawing takes")
    func archived() async throws {
        var backup = try await RestorableBackup(table: try TableDescriptions.provisioned())
        for index in 0..<3 {
            backup.objects[backup.folder.dataFolder + "\(index).json.gz"]?.storageClass = .deepArchive
        }
        let error = refusal(try await backup.read("Users"), try request())
        #expect(
            error?.description == """
                the data must be thawed before it can be imported: 3 files (3.0 GB) in DEEP_ARCHIVE
                  DEEP_ARCHIVE, Standard: up to 12 hours, about $0.06:
                    aws s3api list-objects-v2 --bucket b --prefix daily/2026/01/14/Users/AWSDynamoDB/01768385930622-efd1a093/data/ --query 'Contents[?StorageClass=='\\''DEEP_ARCHIVE'\\''].Key' --output text | xargs -n1 -P8 aws s3api restore-object --bucket b --restore-request '{"Days":7,"GlacierJobParameters":{"Tier":"Standard"}}' --key
                  DEEP_ARCHIVE, Bulk: up to 48 hours, less than $0.01:
                    aws s3api list-objects-v2 --bucket b --prefix daily/2026/01/14/Users/AWSDynamoDB/01768385930622-efd1a093/data/ --query 'Contents[?StorageClass=='\\''DEEP_ARCHIVE'\\''].Key' --output text | xargs -n1 -P8 aws s3api restore-object --bucket b --restore-request '{"Days":7,"GlacierJobParameters":{"Tier":"Bulk"}}' --key
                then run the same restore again within 7 days
                """
        )
        for index in 0..<3 {
            backup.objects[backup.folder.dataFolder + "\(index).json.gz"]?.restoreStatus = .inProgress
        }
        #expect(
            refusal(try await backup.read("Users"), try request())?.description.hasSuffix("still runs: try again later")
                == true
        )
    }

    @Test("What ImportTable cannot take is refused before it is asked")
    func limits() async throws {
        var contents = try await users()
        contents.manifest.outputFormat = "ION"
        #expect(refusal(contents, try request())?.code == .notImportable)
        contents = try await users()
        contents.manifest.kind = .incremental(from: nil, to: nil, view: nil)
        #expect(refusal(contents, try request())?.code == .notImportable)
        contents = try await users()
        contents.fileCount = 50_001
        #expect(refusal(contents, try request())?.code == .tooLarge)
        contents = try await users()
        var page = ListingPageBuilder()
        page.append(key: "k".utf8, size: 2 << 40)
        let large = try #require(try page.page(nextContinuationToken: nil).objects.first)
        contents.storage.add(large, now: RestorableBackup.now)
        #expect(
            refusal(contents, try request("eu-central-1"))?.description.contains("at most 1 TB in eu-central-1") == true
        )
        #expect(try RestorePlan(contents, request: try request("us-west-2"), bucket: "b").itemCount == 3)
    }
}
