import AWSCore
import AWSTesting
import FoundationEssentials
import Testing

@testable import BackupCore

@Suite("A table's last backups")
struct BackupHistoryTests {
    private static let orders = BackupFixture.arn("Orders")
    /// 2026-11-21 02:00 UTC.
    private static let due = BackupFixture.eventTime

    private static func day(_ offset: Int) -> Date { due.addingTimeInterval(Double(offset) * 86_400) }

    private static func prefix(_ offset: Int, _ table: String = "Orders") -> String {
        "daily/\(BackupDate(day(offset)))/\(table)"
    }

    private func records(_ fixture: BackupFixture, limit: Int = 3) async throws -> [BackupRecord] {
        let sleeper = fixture.sleeper
        let history = BackupHistory(configuration: fixture.configuration, client: fixture.client()) {
            try await sleeper.sleep(for: $0)
        }
        return try await history.records(
            of: try #require(fixture.configuration.tables.first),
            limit: limit,
            now: fixture.clock.now
        )
    }

    /// One completed backup on each of these days.
    private func add(_ fixture: BackupFixture, _ offsets: [Int]) {
        for offset in offsets {
            fixture.aws.addExport(of: Self.orders, at: Self.day(offset), prefix: Self.prefix(offset))
        }
    }

    @Test("Newest first, whatever order DynamoDB lists them in and on however many pages", arguments: [false, true])
    func order(newestFirst: Bool) async throws {
        let fixture = try BackupFixture()
        add(fixture, [-2, -5, -1, -4, -3])
        fixture.aws.change {
            $0.listsNewestFirst = newestFirst
            $0.exportsPerPage = 2
        }
        let records = try await records(fixture)
        #expect(records.map(\.startTime) == [Self.day(-1), Self.day(-2), Self.day(-3)])
        #expect(records.allSatisfy { $0.state == .completed && $0.itemCount == 3 })
        #expect(records.first?.endTime == Self.day(-1).addingTimeInterval(600))
        #expect(fixture.aws.calls("DescribeExport").isEmpty)
    }

    @Test("Exports to other buckets and prefixes, and incremental ones, are none of ours")
    func foreign() async throws {
        let fixture = try BackupFixture()
        add(fixture, [-3])
        let aws = fixture.aws
        let other = "analytics/\(BackupDate(Self.day(-1)))/Orders"
        aws.addExport(of: Self.orders, at: Self.day(-2), prefix: Self.prefix(-2), bucket: "somebody-elses")
        aws.addExport(of: Self.orders, at: Self.day(-1), prefix: other)
        aws.addExport(of: Self.orders, at: Self.day(-1), prefix: other, status: "FAILED", failureCode: "S3NoSuchBucket")
        aws.addExport(of: Self.orders, at: Self.day(-1), prefix: "daily-other/x", status: "IN_PROGRESS")
        aws.addExport(of: Self.orders, at: Self.day(0), prefix: Self.prefix(0), type: "INCREMENTAL_EXPORT")
        #expect(try await records(fixture, limit: 9).map(\.startTime) == [Self.day(-3)])
    }

    @Test("An export begun after midnight is found in the folder of the day on which it was due")
    func afterMidnight() async throws {
        let fixture = try BackupFixture()
        let start = Date(timeIntervalSince1970: 1_795_132_860)
        fixture.aws.addExport(of: Self.orders, at: start, prefix: "daily/2026/11/19/Orders")
        #expect(BackupDate(start).description == "2026/11/20")
        #expect(try await records(fixture).map(\.state) == [.completed])
    }

    @Test("Where S3 refuses to say that a key is absent, the listing says it")
    func mayNotListEverything() async throws {
        let start = Date(timeIntervalSince1970: 1_795_132_860)
        let fixture = try BackupFixture { call in
            call.operation == "GetObject" && call.resource.hasPrefix("daily/2026/11/20/")
                ? .answer(.s3Error("AccessDenied", status: 403)) : nil
        }
        fixture.aws.addExport(of: Self.orders, at: start, prefix: "daily/2026/11/19/Orders")
        #expect(try await records(fixture).map(\.state) == [.completed])
    }

    @Test("A manifest that is there but must not be read is an error, not a missing backup", arguments: [true, false])
    func forbiddenManifest(mayList: Bool) async throws {
        let fixture = try BackupFixture { call in
            call.operation == "GetObject" || (call.operation == "ListObjectsV2" && !mayList)
                ? .answer(.s3Error("AccessDenied", status: 403)) : nil
        }
        add(fixture, [-1])
        let error = await #expect(throws: AWSError.self) { try await records(fixture) }
        #expect(error?.code == "AccessDenied")
        #expect(error?.operation == "GetObject")
    }

    @Test("Failed and running exports are told with DynamoDB's reason, and the search goes on to a completed one")
    func failedAndRunning() async throws {
        let fixture = try BackupFixture()
        add(fixture, [-4, -3])
        let aws = fixture.aws
        aws.addExport(
            of: Self.orders,
            at: Self.day(-2),
            prefix: Self.prefix(-2),
            status: "FAILED",
            failureCode: "S3AccessDenied"
        )
        aws.addExport(
            of: Self.orders,
            at: Self.day(-1),
            prefix: Self.prefix(-1),
            status: "FAILED",
            failureCode: "KmsNotFoundException"
        )
        aws.addExport(of: Self.orders, at: Self.day(0), prefix: Self.prefix(0), status: "IN_PROGRESS")
        let records = try await records(fixture, limit: 1)
        #expect(records.map(\.state) == [.running, .failed, .failed, .completed])
        #expect(records.map(\.failureCode) == [nil, "KmsNotFoundException", "S3AccessDenied", nil])
        #expect(records[1].failureMessage == "KmsNotFoundException: said DynamoDB")
        #expect(records.last?.startTime == Self.day(-3))
    }

    @Test("An export that DynamoDB lists but has forgotten is left out")
    func forgotten() async throws {
        let fixture = try BackupFixture { call in
            call.operation == "DescribeExport" ? .answer(.dynamoDBError("ExportNotFoundException")) : nil
        }
        add(fixture, [-2])
        fixture.aws.addExport(of: Self.orders, at: Self.day(-1), prefix: Self.prefix(-1), status: "FAILED")
        #expect(try await records(fixture).map(\.startTime) == [Self.day(-2)])
    }

    @Test("Throttled descriptions are paced and end well")
    func throttled() async throws {
        let fixture = try BackupFixture { call in
            call.operation == "DescribeExport" && call.number < 3 ? .answer(.dynamoDBError("ThrottlingException")) : nil
        }
        fixture.aws.addExport(of: Self.orders, at: Self.day(-1), prefix: Self.prefix(-1), status: "FAILED")
        #expect(try await records(fixture).map(\.state) == [.failed])
        #expect(fixture.sleeper.recorded.count == 3)
        #expect(fixture.sleeper.recorded.allSatisfy { $0 > .seconds(1) })
    }

    // MARK: The table is gone

    @Test("A deleted table's backups are read from the bucket", arguments: [false, true])
    func deletedTable(isError: Bool) async throws {
        let fixture = try BackupFixture { call in
            isError && call.operation == "ListExports" ? .answer(.dynamoDBError("TableNotFoundException")) : nil
        }
        add(fixture, [-40, -3, -2, -1])
        fixture.aws.addExport(of: Self.orders, at: Self.day(-1).addingTimeInterval(60), prefix: Self.prefix(-1))
        fixture.aws.change { $0.tables["Orders"] = nil }
        let records = try await records(fixture, limit: 3)
        #expect(records.map(\.startTime) == [Self.day(-1).addingTimeInterval(60), Self.day(-1), Self.day(-2)])
    }

    @Test("An incremental export in the bucket is no backup")
    func incrementalInBucket() async throws {
        let fixture = try BackupFixture()
        add(fixture, [-3])
        fixture.aws.addExport(of: Self.orders, at: Self.day(-1), prefix: Self.prefix(-1), type: "INCREMENTAL_EXPORT")
        fixture.aws.change { $0.tables["Orders"] = nil }
        #expect(try await records(fixture).map(\.startTime) == [Self.day(-3)])
    }

    @Test("A table that was never backed up has none")
    func none() async throws {
        let fixture = try BackupFixture()
        #expect(try await records(fixture).isEmpty)
        #expect(fixture.aws.calls("ListObjectsV2").count == 35)
    }

    // MARK: Manifests that cannot be read

    @Test("Behind an archived manifest DynamoDB still knows the export", arguments: [false, true])
    func archived(isDeleted: Bool) async throws {
        let fixture = try BackupFixture()
        add(fixture, [-2, -1])
        fixture.aws.change { state in
            state.archivedKeys = Set(state.exports.map(SimulatedAWS.manifestKey))
            if isDeleted { state.tables["Orders"] = nil }
        }
        let records = try await records(fixture, limit: 2)
        #expect(records.map(\.state) == [.completed, .completed])
        #expect(records.map(\.itemCount) == [3, 3])
        #expect(records.first?.endTime == Self.day(-1).addingTimeInterval(600))
    }

    @Test("An archived manifest of an export that DynamoDB has forgotten still says that it is complete")
    func archivedAndForgotten() async throws {
        let fixture = try BackupFixture { call in
            call.operation == "DescribeExport" ? .answer(.dynamoDBError("ExportNotFoundException")) : nil
        }
        add(fixture, [-1])
        fixture.aws.change { state in state.archivedKeys = Set(state.exports.map(SimulatedAWS.manifestKey)) }
        let record = try #require(try await records(fixture).first)
        #expect(record.state == .completed)
        #expect(record.startTime == Self.day(-1))
        #expect(record.itemCount == nil)
    }

    @Test(
        "A broken manifest is a damaged backup, and the one before it is found",
        arguments: ["", "{", "[]", #"{"version":"2020-06-30"}"#, "\u{0}\u{1}"]
    )
    func damaged(contents: String) async throws {
        let fixture = try BackupFixture()
        add(fixture, [-2, -1])
        fixture.aws.change { state in
            state.objects[SimulatedAWS.manifestKey(state.exports[1])] = Array(contents.utf8)
        }
        let records = try await records(fixture, limit: 1)
        #expect(records.map(\.state) == [.damaged, .completed])
        #expect(records.first?.failureCode == "ManifestDamaged")
        #expect(records.first?.failureMessage?.contains("manifest-summary.json") == true)
    }
}
