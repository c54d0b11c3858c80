import AWSCore
import AWSTesting
import BackupCore
import FoundationEssentials
import Testing

@testable import SyncCore

/// What stands in the way of a copy is said before anything is written.
@Suite("Preparing a table copy")
struct CopyPreparationTests {
    private static let item: JSONObject = ["pk": ["S": "a"], "sk": ["N": "1"], "expires": ["N": "1"]]

    private static func prepare(
        _ fixture: CopyFixture,
        source: String = "Source",
        target: String = "Target",
        _ change: (inout CopyPreparation) -> Void = { _ in }
    ) async throws -> CopyPreparation.Prepared {
        var preparation = CopyPreparation(stateFolder: fixture.folder)
        change(&preparation)
        return try await preparation.prepare(
            source: try fixture.side(source),
            target: try fixture.side(target),
            options: fixture.options,
            clock: CopyFixture.clock
        )
    }

    /// No item of the target was touched, and no table was made or removed.
    private static func isUntouched(_ fixture: CopyFixture, tables: Set<String> = ["Source", "Target"]) -> Bool {
        let state = fixture.dynamoDB.current
        return state.tables["Target"]?.changes.isEmpty ?? false && Set(state.tables.keys) == tables
    }

    // MARK: Tables that cannot be source and target

    private static let arn = "arn:aws:dynamodb:us-east-1:123456789012:table/Source"

    @Test(
        "A table is not copied into itself, by whatever name it goes",
        arguments: [("Source", "Source"), ("Source", arn), (arn, "Source"), (arn, arn)]
    )
    func sameTable(source: String, target: String) async throws {
        let fixture = CopyFixture()
        defer { fixture.remove() }
        await #expect(throws: CopyError.sameTable(arn: Self.arn)) {
            try await Self.prepare(fixture, source: source, target: target) { $0.overwrites = true }
        }
    }

    @Test("A table is known again by its id, through whatever role or endpoint it is seen")
    func sameTableByIdentity() async throws {
        let fixture = CopyFixture()
        defer { fixture.remove() }
        let own = try await CopyTables.describeSource(fixture.side("Source"))
        var seen = own
        // What another role's endpoint may make of it.
        seen.arn = "arn:aws:dynamodb:us-east-1:000000000000:table/Source"
        #expect(throws: CopyError.sameTable(arn: own.arn)) { try CopyTables(source: own, target: seen) }
        seen.id = "another"
        seen.arn = own.arn
        // The same ARN behind another endpoint: another table.
        _ = try CopyTables(source: own, target: seen)
        var (without, withoutToo) = (own, own)
        (without.id, withoutToo.id) = (nil, nil)
        #expect(throws: CopyError.sameTable(arn: own.arn)) { try CopyTables(source: without, target: withoutToo) }
    }

    @Test(
        "A target with other keys is refused with both keys",
        arguments: [
            ([FakeDynamoDBTable.Key("pk", "S")], "pk (S)"),
            ([FakeDynamoDBTable.Key("pk", "S"), FakeDynamoDBTable.Key("sk", "S")], "pk (S), sk (S)"),
            ([FakeDynamoDBTable.Key("sk", "N"), FakeDynamoDBTable.Key("pk", "S")], "sk (N), pk (S)"),
            ([FakeDynamoDBTable.Key("PK", "S"), FakeDynamoDBTable.Key("sk", "N")], "PK (S), sk (N)"),
        ]
    )
    func otherKeys(keys: [FakeDynamoDBTable.Key], text: String) async throws {
        let fixture = CopyFixture()
        defer { fixture.remove() }
        fixture.dynamoDB.createTable("Target", keys: keys)
        await #expect(throws: CopyError.keysDiffer(source: "pk (S), sk (N)", target: text)) {
            try await Self.prepare(fixture)
        }
        #expect(Self.isUntouched(fixture))
    }

    @Test("A table that is being made or deleted is refused, one that is being changed is not")
    func states() async throws {
        let fixture = CopyFixture()
        defer { fixture.remove() }
        for status in ["CREATING", "DELETING", "INACCESSIBLE_ENCRYPTION_CREDENTIALS", "ARCHIVED"] {
            fixture.dynamoDB.change { $0.tables["Source"]?.status = status }
            await #expect(throws: CopyError.sourceNotReadable(table: "Source", status: status)) {
                try await Self.prepare(fixture)
            }
            fixture.dynamoDB.change {
                $0.tables["Source"]?.status = "ACTIVE"
                $0.tables["Target"]?.status = status
            }
            await #expect(throws: CopyError.targetNotWritable(table: "Target", status: status)) {
                try await Self.prepare(fixture)
            }
            fixture.dynamoDB.change { $0.tables["Target"]?.status = "ACTIVE" }
        }
        fixture.dynamoDB.change {
            $0.tables["Source"]?.status = "UPDATING"
            $0.tables["Target"]?.status = "UPDATING"
        }
        _ = try await Self.prepare(fixture)
        #expect(Self.isUntouched(fixture))
    }

    @Test("Items at the target are nothing to copy over without being told")
    func notEmpty() async throws {
        let fixture = CopyFixture()
        defer { fixture.remove() }
        fixture.dynamoDB.put([Self.item], into: "Target")
        await #expect(throws: CopyError.targetNotEmpty(table: "Target")) { try await Self.prepare(fixture) }
        await #expect(throws: CopyError.targetExists(table: "Target", region: "us-east-1")) {
            try await Self.prepare(fixture) { $0.createsTarget = true }
        }
        #expect(fixture.dynamoDB.table("Target").changes.count == 1)
        _ = try await Self.prepare(fixture) { $0.overwrites = true }
    }

    @Test("A checkpoint of another table is refused before the target is touched")
    func otherCheckpoint() async throws {
        let fixture = CopyFixture()
        defer { fixture.remove() }
        fixture.dynamoDB.createTable("Other", keys: CopyFixture.keys)
        let path = fixture.folder + "/own.checkpoint"
        _ = try await Self.prepare(fixture, target: "Other") { $0.checkpointPath = path }
        let error = await #expect(throws: CheckpointError.self) {
            try await Self.prepare(fixture) { $0.checkpointPath = path }
        }
        #expect(
            error.map { "\($0)" }?.contains("of another target, arn:aws:dynamodb:us-east-1:123456789012:table/Other")
                ?? false
        )
        // A table that was deleted and made anew under its old name is another one.
        fixture.dynamoDB.createTable("Other", keys: CopyFixture.keys)
        await #expect(throws: CheckpointError.self) {
            try await Self.prepare(fixture, target: "Other") { $0.checkpointPath = path }
        }
        _ = try await Self.prepare(fixture, target: "Other") {
            $0.checkpointPath = path
            $0.restarts = true
        }
        #expect(Self.isUntouched(fixture, tables: ["Source", "Target", "Other"]))
    }

    // MARK: Permissions

    struct Denied: Sendable, CustomTestStringConvertible {
        var operation: String
        var table: String
        var side: TableSideError.Side
        var mode = TableCopy.Mode.replace
        /// The target is to be made.
        var createsTarget = false
        var testDescription: String { "\(operation) of the \(side.rawValue), \(mode.rawValue)" }
    }

    static let denied = [
        Denied(operation: "DescribeTable", table: "Source", side: .source),
        Denied(operation: "DescribeTable", table: "Target", side: .target),
        Denied(operation: "Scan", table: "Source", side: .source),
        Denied(operation: "Scan", table: "Target", side: .target),
        Denied(operation: "DescribeTimeToLive", table: "Source", side: .source),
        Denied(operation: "DescribeTimeToLive", table: "Source", side: .source, createsTarget: true),
        Denied(operation: "CreateTable", table: "New", side: .target, createsTarget: true),
        Denied(operation: "GetItem", table: "Source", side: .source, mode: .merge),
        Denied(operation: "GetItem", table: "Target", side: .target, mode: .merge),
        Denied(operation: "DeleteItem", table: "Target", side: .target, mode: .merge),
    ]

    @Test("A missing permission names operation, table and side, and nothing is written", arguments: denied)
    func missingPermission(denied: Denied) async throws {
        var fixture = CopyFixture { call in
            call.operation == denied.operation && call.table == denied.table
                ? .error(code: "AccessDeniedException", message: "User: x is not authorized") : nil
        }
        defer { fixture.remove() }
        fixture.options.mode = denied.mode
        fixture.dynamoDB.put([Self.item], into: "Source")
        fixture.dynamoDB.change {
            $0.tables["Source"]?.timeToLive = ["TimeToLiveStatus": "ENABLED", "AttributeName": "expires"]
        }
        let error = await #expect(throws: TableSideError.self) {
            try await Self.prepare(fixture, target: denied.createsTarget ? "New" : "Target") {
                $0.createsTarget = denied.createsTarget
                $0.skipsExpired = denied.operation == "DescribeTimeToLive" && !denied.createsTarget
            }
        }
        #expect(error?.side == denied.side)
        #expect(error?.error.operation == denied.operation && error?.error.code == "AccessDeniedException")
        #expect(
            error.map { "\($0)" }?.hasPrefix("\(denied.side.rawValue): DynamoDB \(denied.operation) \(denied.table)")
                ?? false
        )
        #expect(Self.isUntouched(fixture))
    }

    @Test("A missing permission to write names the target's side", arguments: ["BatchWriteItem", "PutItem"])
    func missingWritePermission(operation: String) async throws {
        var fixture = CopyFixture { call in
            call.operation == operation ? .error(code: "AccessDeniedException", message: "no") : nil
        }
        defer { fixture.remove() }
        fixture.options.mode = operation == "PutItem" ? .merge : .replace
        fixture.dynamoDB.put([Self.item], into: "Source")
        let error = await #expect(throws: TableSideError.self) { try await fixture.run() }
        #expect(error?.side == .target && error?.error.operation == operation && error?.error.resource == "Target")
        #expect(Self.isUntouched(fixture))
    }

    // MARK: Options

    @Test("Too few segments for a merge in parts are refused with how many it takes, before anything is written")
    func tooFewSegments() async throws {
        var fixture = CopyFixture()
        defer { fixture.remove() }
        fixture.options.mode = .merge
        fixture.dynamoDB.change { $0.tables["Source"]?.settings = ["TableSizeBytes": 100_000_000_000] }
        let error = await #expect(throws: CopyError.self) {
            try await Self.prepare(fixture) { ($0.segments, $0.isDoneInParts) = (3, true) }
        }
        #expect(error == .tooFewSegments(3, minimum: 4, table: "Source"))
        #expect(error.map { "\($0)" }?.contains("at least --segments 4") == true)
        #expect(Self.isUntouched(fixture))
        // The next run, with more of them, could not make a target that is there.
        await #expect(throws: CopyError.self) {
            try await Self.prepare(fixture, target: "New") {
                ($0.segments, $0.isDoneInParts, $0.createsTarget) = (3, true, true)
            }
        }
        #expect(fixture.dynamoDB.change { $0.tables["New"] == nil })
        for (segments, isDoneInParts) in [(4, true), (3, false)] {
            let prepared = try await Self.prepare(fixture) {
                ($0.segments, $0.isDoneInParts, $0.restarts) = (segments, isDoneInParts, true)
            }
            #expect(prepared.checkpoint.segmentCount == segments)
        }
        fixture.options.mode = .replace
        _ = try await Self.prepare(fixture) { ($0.segments, $0.isDoneInParts, $0.restarts) = (3, true, true) }
    }

    @Test("--skip-expired leaves out what is past its time to live, and says so when there is none")
    func skipExpired() async throws {
        let fixture = CopyFixture()
        defer { fixture.remove() }
        await #expect(throws: CopyError.noTimeToLive(table: "Source")) {
            try await Self.prepare(fixture) { $0.skipsExpired = true }
        }
        fixture.dynamoDB.change {
            $0.tables["Source"]?.timeToLive = ["TimeToLiveStatus": "ENABLED", "AttributeName": "expires"]
        }
        let now = Int(Date().timeIntervalSince1970)
        let year = 365 * 86_400
        let expiries: [JSONValue] = [
            ["N": .string("\(now - 60)")], ["N": .string("\(now - 4 * year).5")],
            ["N": .string("\(now + 3_600)")], ["N": .string("\(now - 6 * year)")], ["S": .string("\(now - 60)")],
        ]
        var items = expiries.enumerated().map { place, expiry -> JSONObject in
            ["pk": ["S": "p"], "sk": ["N": .string("\(place)")], "expires": expiry]
        }
        items.append(["pk": ["S": "p"], "sk": ["N": "9"]])
        fixture.dynamoDB.put(items, into: "Source")
        let prepared = try await Self.prepare(fixture) { $0.skipsExpired = true }
        let result = try await prepared.copy.run(checkpoint: prepared.checkpoint)
        #expect(result.counts.expired == 2 && result.counts.written == 4 && result.counts.isBalanced)
        let left = fixture.dynamoDB.table("Target").allItems.compactMap { $0["sk"]?["N"]?.string }
        #expect(left == ["2", "3", "4", "9"])
    }

    @Test("A table that is made gets a time to live only when that is asked for (H19)", arguments: [false, true])
    func timeToLive(enables: Bool) async throws {
        let fixture = CopyFixture()
        defer { fixture.remove() }
        fixture.dynamoDB.change {
            $0.tables["Source"]?.timeToLive = ["TimeToLiveStatus": "ENABLED", "AttributeName": "expires"]
        }
        let prepared = try await Self.prepare(fixture, target: "New") {
            $0.createsTarget = true
            $0.enablesTimeToLive = enables
        }
        #expect(prepared.timeToLiveToEnable == (enables ? nil : "expires"))
        let described = try await fixture.side("New").dynamoDB.describeTimeToLive("New")
        #expect(TargetTable.timeToLiveAttribute(described) == (enables ? "expires" : nil))
    }

    @Test("A table that is made is encrypted as told; a key of another Region is none to take over")
    func encryption() async throws {
        let key = "arn:aws:kms:us-east-1:123456789012:key/11111111-2222-3333-4444-555555555555"
        let fixture = CopyFixture()
        defer { fixture.remove() }
        fixture.dynamoDB.change { state in
            state.tables["Source"]?.settings["SSEDescription"] = [
                "Status": "ENABLED", "SSEType": "KMS", "KMSMasterKeyArn": .string(key),
            ]
        }
        let source = try fixture.side("Source")
        let described = try await CopyTables.describeSource(source)
        func parameters(_ region: String, _ encryption: TargetTable.Encryption) async throws -> JSONObject {
            try await TargetTable(
                named: "New",
                in: #require(Region(region)),
                like: described,
                source,
                encryption: encryption
            ).parameters
        }
        #expect(try await parameters("us-east-1", .likeSource)["SSESpecification"]?["KMSMasterKeyId"]?.string == key)
        await #expect(throws: CopyError.foreignKey(key: key)) { try await parameters("eu-west-1", .likeSource) }
        let own = "alias/sync-target"
        let made = try await parameters("eu-west-1", .kmsKey(own))["SSESpecification"]
        #expect(made?["KMSMasterKeyId"]?.string == own && made?["Enabled"]?.bool == true && made?["SSEType"] == "KMS")
        #expect(try await parameters("eu-west-1", .dynamoDBOwned)["SSESpecification"] == nil)
    }

    @Test("A table that is made is there before the copy begins, and what it lacks of the source is named")
    func dropped() async throws {
        let fixture = CopyFixture { call in
            call.operation == "DescribeContinuousBackups"
                ? .error(code: "AccessDeniedException", message: "not for you") : nil
        }
        defer { fixture.remove() }
        fixture.dynamoDB.change { state in
            state.tables["Source"]?.settings["WarmThroughput"] = [
                "ReadUnitsPerSecond": 50_000, "WriteUnitsPerSecond": 20_000,
            ]
        }
        let prepared = try await Self.prepare(fixture, target: "New") { $0.createsTarget = true }
        #expect(prepared.isTargetNew)
        let warm = try #require(prepared.dropped.first { $0.setting.hasPrefix("warm throughput") })
        #expect(warm.commands.first.map { "\($0)" }?.contains("--table-name New") ?? false)
        let unreadable = try #require(prepared.dropped.first { $0.setting == "pointInTimeRecovery" })
        #expect(unreadable.note?.contains("AccessDeniedException") ?? false)
        // Those that CreateTable takes over are not among them.
        #expect(!prepared.dropped.contains { $0.setting.contains("tag") || $0.setting.contains("time to live") })
    }
}
