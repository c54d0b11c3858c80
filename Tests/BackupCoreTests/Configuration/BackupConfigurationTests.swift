import AWSCore
import Foundation
import Testing

@testable import BackupCore

@Suite("Configuration")
struct BackupConfigurationTests {
    private static let orders = "arn:aws:dynamodb:us-east-1:123456789012:table/Orders"
    private static let minimal = #"{"tables":["\#(orders)"],"bucket":{"name":"my-backups","region":"us-west-2"}}"#

    private func read(_ text: String?, _ environment: [String: String] = [:]) throws -> BackupConfiguration {
        try BackupConfiguration(
            contents: text.map { Array($0.utf8) },
            file: "config.json",
            environment: environment
        )
    }

    @Test("Everything can be said")
    func complete() throws {
        let configuration = try read(
            """
            {
              "$schema": "./config.schema.json",
              "functionName": "Backup_1",
              "tables": ["\(Self.orders)", "arn:aws:dynamodb:eu-west-1:123456789012:table/Users"],
              "bucket": {"name": "my-backups", "region": "us-west-2", "prefix": "a/b"},
              "schedule": "rate(12 hours)",
              "maximumAgeHours": 14,
              "alarmEmail": "ops@example.com"
            }
            """
        )
        #expect(configuration.functionName == "Backup_1")
        #expect(configuration.tables.map(\.tableName) == ["Orders", "Users"])
        #expect(configuration.bucket.name == "my-backups")
        #expect(configuration.bucket.region.name == "us-west-2")
        #expect(configuration.layout.root == "a/b/")
        #expect(configuration.schedule == "rate(12 hours)")
        #expect(configuration.maximumAgeHours == 14)
        #expect(configuration.alarmEmail == "ops@example.com")
    }

    @Test("Little must be said")
    func defaults() throws {
        let configuration = try read(Self.minimal)
        #expect(configuration.functionName == "DynamoDBBackupFunction")
        #expect(configuration.bucket.prefix == "daily")
        #expect(configuration.schedule == "cron(0 2 * * ? *)")
        #expect(configuration.maximumAgeHours == 26)
        #expect(configuration.alarmEmail == nil)
    }

    @Test("The environment overrides the file, and replaces it")
    func environment() throws {
        let environment = [
            "TABLE_ARNS": " arn:aws:dynamodb:us-east-1:123456789012:table/Users , \(Self.orders),",
            "S3_BUCKET": "other",
            "S3_REGION": "eu-west-1", "S3_PREFIX": "nightly", "SCHEDULE": "rate(1 day)",
        ]
        for file in [Self.minimal, nil] {
            let configuration = try read(file, environment)
            #expect(configuration.tables.map(\.tableName) == ["Users", "Orders"])
            #expect(configuration.bucket.name == "other")
            #expect(configuration.bucket.region.name == "eu-west-1")
            #expect(configuration.bucket.prefix == "nightly")
            #expect(configuration.schedule == "rate(1 day)")
        }
        #expect(try read(Self.minimal, ["S3_BUCKET": ""]).bucket.name == "my-backups")
    }

    @Test(
        "Each mistake is named with its file, its field and what belongs there",
        arguments: [
            (
                "{", [:],
                "config.json: not JSON: line 1, column 2: unexpected end of the text; expected a name in double quotes"
            ),
            ("[]", [:], "config.json: a list where an object { … } is expected"),
            (
                #"{"tables":[],"tables":[]}"#, [:],
                #"config.json: not JSON: line 1, column 14: the name "tables" stands twice in the same object"#
            ),
            (
                #"{"table":[]}"#, [:],
                "config.json: table: unknown key; expected functionName, tables, bucket, schedule, maximumAgeHours, alarmEmail, sync"
            ),
            (#"{"bucket":{"nam":"x"}}"#, [:], "config.json: bucket.nam: unknown key; expected name, region, prefix"),
            (#"{"bucket":"x"}"#, [:], #"config.json: bucket: a string where {"name": …, "region": …} is expected"#),
            ("{}", [:], "config.json: tables: missing; add it or set TABLE_ARNS in the environment"),
            (#"{"tables":[]}"#, [:], "config.json: tables: the list is empty; expected at least one table ARN"),
            (#"{"tables":"x"}"#, [:], "config.json: tables: a string where a list of table ARNs is expected"),
            (
                #"{"tables":["\#(orders)","Orders"]}"#, [:],
                #"config.json: tables[1]: "Orders" is not a table ARN (expected arn:aws:dynamodb:REGION:ACCOUNT:table/NAME)"#
            ),
            (
                #"{"tables":[7]}"#, [:],
                "config.json: tables[0]: a number is not a table ARN (expected arn:aws:dynamodb:REGION:ACCOUNT:table/NAME)"
            ),
            (
                minimal, ["TABLE_ARNS": "Orders"],
                #"TABLE_ARNS: "Orders" is not a table ARN (expected arn:aws:dynamodb:REGION:ACCOUNT:table/NAME)"#
            ),
            (
                #"{"tables":["\#(orders)","\#(orders)"]}"#, [:],
                #"config.json: tables[1]: "\#(orders)" stands here twice (also at 0); delete one"#
            ),
            (
                #"{"tables":["arn:aws:dynamodb:us-east-1:123456789012:table/REPLACE-ME-Orders"]}"#, [:],
                #"config.json: tables[0]: "arn:aws:dynamodb:us-east-1:123456789012:table/REPLACE-ME-Orders" is a placeholder; put the ARN of a table of yours here"#
            ),
            (
                #"{"tables":["\#(orders)"],"bucket":{"region":"us-west-2"}}"#, [:],
                "config.json: bucket.name: missing; add it or set S3_BUCKET in the environment"
            ),
            (
                minimal, ["S3_BUCKET": "YOUR-BACKUP-BUCKET"],
                #"S3_BUCKET: "YOUR-BACKUP-BUCKET" is a placeholder; put the name of your bucket here"#
            ),
            (
                minimal, ["S3_BUCKET": "My_Bucket"],
                #"S3_BUCKET: "My_Bucket" is not a bucket name (expected 3 to 63 lower-case letters, digits, "-" and ".", a letter or digit at both ends)"#
            ),
            (
                minimal, ["S3_REGION": "Oregon"],
                #"S3_REGION: "Oregon" is not a Region (expected a name such as us-west-2)"#
            ),
            (
                minimal, ["S3_PREFIX": "daily/"],
                #"S3_PREFIX: "daily/" is not a prefix (expected up to 200 letters, digits and !_.()- with single slashes between them, none at either end)"#
            ),
        ] as [(String, [String: String], String)]
    )
    func mistakes(text: String, environment: [String: String], message: String) {
        let error = #expect(throws: ConfigurationFieldError.self) { try read(text, environment) }
        #expect(error?.description == message)
    }

    @Test(
        "Fields with a wrong value are refused",
        arguments: [
            ("functionName", #""""#), ("functionName", #""9x""#), ("functionName", "null"), ("functionName", #""é""#),
            ("schedule", #""daily""#), ("schedule", #""cron(0 2 * * *)""#), ("schedule", #""cron(0 2 * * * *)""#),
            ("schedule", #""cron(0 2 ? * ? *)""#), ("schedule", #""rate(1 days)""#), ("schedule", #""rate(2 day)""#),
            ("schedule", #""rate(0 days)""#), ("schedule", #""rate(1 day""#), ("maximumAgeHours", "0"),
            ("maximumAgeHours", "1.5"),
            ("maximumAgeHours", #""26""#), ("maximumAgeHours", "8785"), ("alarmEmail", #""ops""#), ("alarmEmail", "[]"),
            ("alarmEmail", #""a@b@c""#),
        ]
    )
    func wrongValues(field: String, value: String) {
        let error = #expect(throws: ConfigurationFieldError.self) {
            try read(Self.minimal.dropLast() + #","\#(field)":\#(value)}"#)
        }
        #expect(error?.field == field)
        #expect(error?.message.contains("expected") == true)
    }

    @Test("Two tables of one name would share a folder and are refused")
    func sameNames() {
        let error = #expect(throws: ConfigurationFieldError.self) {
            try read(
                nil,
                [
                    "TABLE_ARNS": "\(Self.orders),arn:aws:dynamodb:eu-west-1:123456789012:table/Orders",
                    "S3_BUCKET": "abc", "S3_REGION": "us-west-2",
                ]
            )
        }
        #expect(error?.message.contains("same name") == true)
    }

    @Test(
        "Bucket names that S3 does not take are refused",
        arguments: ["ab", "-ab", "ab-", "a..b", "1.2.3.4", "a b", String(repeating: "a", count: 64)]
    )
    func bucketNames(name: String) {
        #expect(throws: ConfigurationFieldError.self) { try read(Self.minimal, ["S3_BUCKET": name]) }
    }

    @Test("A missing file is an error only when it was asked for or nothing takes its place")
    func missingFile() throws {
        let path = FileManager.default.temporaryDirectory.appending(path: "no-\(UUID().uuidString).json").path
        let environment = ["TABLE_ARNS": Self.orders, "S3_BUCKET": "abc", "S3_REGION": "us-west-2"]
        #expect(
            try BackupConfiguration.load(path: path, mayBeMissing: true, environment: environment).bucket.name == "abc"
        )
        let asked = #expect(throws: ConfigurationFieldError.self) {
            try BackupConfiguration.load(path: path, mayBeMissing: false, environment: environment)
        }
        #expect(asked?.description == "\(path): there is no such file")
        let nothing = #expect(throws: ConfigurationFieldError.self) {
            try BackupConfiguration.load(path: path, mayBeMissing: true, environment: [:])
        }
        #expect(nothing?.message.contains("TABLE_ARNS is not set") == true)
    }

    @Test("Listing and restoring need no tables")
    func bucketOnly() throws {
        let configuration = try BackupConfiguration(
            contents: nil,
            file: "config.json",
            environment: ["S3_BUCKET": "abc", "S3_REGION": "us-west-2"],
            requiring: .bucket
        )
        #expect(configuration.tables.isEmpty)
    }

    @Test("A directory in the file's place is an error of one line")
    func directory() {
        let error = #expect(throws: ConfigurationFieldError.self) {
            try BackupConfiguration.load(
                path: FileManager.default.temporaryDirectory.path,
                mayBeMissing: true,
                environment: [:]
            )
        }
        #expect(error?.message == "the file cannot be read; check its permissions")
    }
}
