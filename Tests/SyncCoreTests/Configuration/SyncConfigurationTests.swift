import AWSCore
import BackupCore
import Foundation
import Testing

@testable import SyncCore

@Suite("Sync's settings")
struct SyncConfigurationTests {
    /// A `sync` section of `Tests/Oracles/sync_configurations.json`, which deploy.sh's own reader is tested with, too.
    struct Case: Sendable, CustomTestStringConvertible {
        var name: String
        var sync: JSONValue
        /// The field that the error names.
        var field: String?
        /// What it says, where both readers say the same.
        var says: String?

        var testDescription: String { name }

        static func read(_ list: String) throws -> [Case] {
            let file = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
                .deletingLastPathComponent().appending(path: "Oracles/sync_configurations.json")
            let document = try JSONValue(parsing: Array(try Data(contentsOf: file)))
            return try #require(document[list]?.array).map { entry in
                Case(
                    name: try #require(entry["name"]?.string),
                    sync: try #require(entry["sync"]),
                    field: entry["field"]?.string,
                    says: entry["says"]?.string
                )
            }
        }
    }

    private func read(_ text: String?) throws -> SyncConfiguration {
        try SyncConfiguration(
            document: ConfigurationDocument(contents: text.map { Array($0.utf8) }, file: "config.json")
        )
    }

    private func read(_ sync: JSONValue) throws -> SyncConfiguration {
        try read(JSONValue.object(["sync": sync]).text())
    }

    @Test("What is right is taken", arguments: try Case.read("accepted"))
    func accepted(entry: Case) throws {
        let configuration = try read(entry.sync)
        #expect(configuration.tables.count == entry.sync["tables"]?.array?.count ?? 0)
        #expect(configuration.buckets.count == entry.sync["buckets"]?.array?.count ?? 0)
    }

    @Test("What is wrong is refused, with file and field", arguments: try Case.read("refused"))
    func refused(entry: Case) throws {
        let error = #expect(throws: ConfigurationFieldError.self) { try read(entry.sync) }
        #expect(error?.source == "config.json")
        #expect(error?.field == entry.field)
        if let says = entry.says { #expect(error?.message.contains(says) == true, "\(error?.message ?? "")") }
        #expect(error?.description.contains("\n") == false)
    }

    /// Tests/Oracles/where_expressions.json, which deploy.sh's own reader is tested with, too.
    private static func conditions() throws -> JSONValue {
        let file = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "Oracles/where_expressions.json")
        return try JSONValue(parsing: Array(try Data(contentsOf: file)))
    }

    @Test("Conditions are taken and refused as deploy.sh does it, at the same place")
    func sameConditions() throws {
        let conditions = try Self.conditions()
        for condition in try #require(conditions["accepted"]?.array).compactMap(\.string) {
            #expect(throws: Never.self, "\(condition)") { try ItemFilter(parsing: condition) }
        }
        for entry in try #require(conditions["refused"]?.array) {
            let condition = try #require(entry["where"]?.string)
            let error = #expect(throws: ItemFilterError.self, "\(condition)") { try ItemFilter(parsing: condition) }
            #expect(error?.column == entry["column"]?.integer, "\(condition)")
        }
    }

    @Test("Everything arrives")
    func everything() throws {
        let configuration = try read(
            """
            {"sync":{"functionName":"Live","tables":[{"source":"arn:aws:dynamodb:us-east-1:123456789012:table/Orders",
              "targets":[{"table":"arn:aws:dynamodb:eu-west-1:210987654321:table/Orders",
                          "role":"arn:aws:iam::210987654321:role/SyncTarget","where":"kind = 'order'"},
                         {"table":"arn:aws:dynamodb:eu-west-1:210987654321:table/Archive","role":null}],
              "timeToLiveDeletes":"ignore"}],
             "buckets":[{"source":"s3://old-one/prefix","sourceRegion":"us-east-1",
                         "target":"s3://new-one","targetRegion":"eu-west-1","role":null,"events":"eventbridge"},
                        {"source":"s3://old-two","sourceRegion":"us-east-1",
                         "target":"s3://new-two","targetRegion":"eu-west-1"}]}}
            """
        )
        #expect(configuration.functionName == "Live")
        let table = try #require(configuration.tables.first)
        #expect(table.source.tableName == "Orders" && table.timeToLiveDeletes == .ignore)
        #expect(table.targets.map(\.table.tableName) == ["Orders", "Archive"])
        #expect(table.targets.map(\.role) == ["arn:aws:iam::210987654321:role/SyncTarget", nil])
        #expect(table.targets.map { $0.filter?.expression } == ["kind = 'order'", nil])
        let bucket = try #require(configuration.buckets.first)
        #expect(bucket.source == BucketPrefix(bucket: "old-one", prefix: "prefix/"))
        #expect(bucket.target.description == "s3://new-one/" && bucket.role == nil)
        #expect(configuration.buckets.map(\.events) == [.eventBridge, .notifications])
        #expect(bucket.sourceRegion.name == "us-east-1" && bucket.targetRegion.name == "eu-west-1")
    }

    @Test("Little must be said, and the backup's settings need not be there")
    func defaults() throws {
        let configuration = try read(
            """
            {"sync":{"tables":[{"source":"arn:aws:dynamodb:us-east-1:123456789012:table/Orders",
              "targets":[{"table":"arn:aws:dynamodb:us-east-1:123456789012:table/Orders-new"}]}]}}
            """
        )
        #expect(configuration.functionName == "DynamoDBSyncFunction")
        #expect(configuration.tables.first?.timeToLiveDeletes == .forward)
        #expect(configuration.tables.first?.targets.first?.role == nil)
        #expect(configuration.buckets.isEmpty)
    }

    @Test("Without a section it says what to add, and a backup takes no notice of one")
    func section() throws {
        let backup = """
            {"tables":["arn:aws:dynamodb:us-east-1:123456789012:table/Orders"],
             "bucket":{"name":"my-backups","region":"us-west-2"}
            """
        let missing = #expect(throws: ConfigurationFieldError.self) { try read(backup + "}") }
        #expect(missing?.description.hasPrefix("config.json: sync: missing; add \"sync\"") == true)
        let text = backup + #","sync":{"tables":[7]}}"#
        let own = try BackupConfiguration(contents: Array(text.utf8), file: "config.json", environment: [:])
        #expect(own.tables.count == 1)
        let malformed = #expect(throws: ConfigurationFieldError.self) { try read(text) }
        #expect(malformed?.field == "sync.tables[0]")
    }

    @Test("A key at the top that nobody knows is an error here, too")
    func unknownKey() {
        let error = #expect(throws: ConfigurationFieldError.self) { try read(#"{"synch":{}}"#) }
        #expect(error?.field == "synch")
    }

    @Test("The backup's function has its name alone, also when it is not the usual one")
    func functionNames() {
        let section = #""sync":{"functionName":"Nightly","buckets":[]}"#
        let error = #expect(throws: ConfigurationFieldError.self) {
            try read(#"{"functionName":"Nightly",\#(section)}"#)
        }
        #expect(error?.description.contains("sync.functionName: \"Nightly\" is the name of the backup's") == true)
    }

    @Test("Prefixes are folders, and overlap when one lies in the other")
    func overlap() {
        let all = BucketPrefix(bucket: "b-b")
        let folder = BucketPrefix(bucket: "b-b", prefix: "a")
        #expect(folder == BucketPrefix(bucket: "b-b", prefix: "a/"))
        #expect(all.overlaps(folder) && folder.overlaps(all) && folder.overlaps(folder))
        #expect(folder.overlaps(BucketPrefix(bucket: "b-b", prefix: "a/b")))
        #expect(!folder.overlaps(BucketPrefix(bucket: "b-b", prefix: "ab")))
        #expect(!all.overlaps(BucketPrefix(bucket: "c-c")))
        // é as one scalar and as two: other bytes, other keys.
        let composed = BucketPrefix(bucket: "b-b", prefix: "\u{E9}")
        #expect(!composed.overlaps(BucketPrefix(bucket: "b-b", prefix: "e\u{301}")))
    }
}
