import AWSCore
import AWSTesting
import FoundationEssentials
import Testing

@testable import BackupCore

@Suite("The monitor's report")
struct BackupMonitorTests {
    private func monitor(_ fixture: BackupFixture) -> BackupMonitor {
        let sleeper = fixture.sleeper
        return BackupMonitor(configuration: fixture.configuration, client: fixture.client()) {
            try await sleeper.sleep(for: $0)
        }
    }

    @Test("Every table in its order, with the rule and the function; what fails is part of the report")
    func report() async throws {
        let names = (0..<40).map { "Table-\($0 + 100)" }
        let fixture = try BackupFixture(names) { call in
            switch (call.operation, call.resource) {
            case ("ListExports", "Table-107"): .answer(.dynamoDBError("AccessDeniedException"))
            // GetFunctionConfiguration, which is no call of S3.
            case ("GetObject", let path) where path.contains("configuration"):
                .answer(.dynamoDBError("ResourceNotFoundException", status: 404))
            default: nil
            }
        }
        for name in names where name != "Table-139" {
            fixture.aws.addExport(
                of: BackupFixture.arn(name),
                at: BackupFixture.eventTime.addingTimeInterval(-3_600),
                prefix: "daily/2026/11/21/\(name)"
            )
        }
        let report = try await monitor(fixture).report(last: 1, now: fixture.clock.now)
        #expect(report.tables.map(\.table.tableName) == names)
        #expect(report.tables[7].verdict == .unknown)
        #expect(report.tables[39].verdict == .unhealthy)
        #expect(report.tables.count { $0.verdict == .healthy } == 38)
        #expect(try report.rule.get().name == "DynamoDBBackupFunction-schedule")
        #expect(throws: AWSError.self) { try report.function.get() }
        let one = try await monitor(fixture).report(tables: ["Table-105"], last: 1, now: fixture.clock.now)
        #expect(one.tables.map(\.table.tableName) == ["Table-105"])
    }

    @Test("Ten descriptions a second are enough: a throttled state of recovery is asked for again, not unknown")
    func throttledRecovery() async throws {
        let fixture = try BackupFixture { call in
            call.operation == "DescribeContinuousBackups" && call.number < 8
                ? .answer(.dynamoDBError("ThrottlingException")) : nil
        }
        fixture.aws.addExport(
            of: BackupFixture.arn("Orders"),
            at: BackupFixture.eventTime,
            prefix: "daily/2026/11/21/Orders"
        )
        let statuses = try await monitor(fixture)
            .statuses(of: fixture.configuration.tables, last: 1, now: fixture.clock.now.addingTimeInterval(3_600))
        #expect(statuses.map(\.verdict) == [.healthy])
        #expect(fixture.aws.calls("DescribeContinuousBackups").count == 9)
    }

    @Test("A cancelled report is cancelled, and no report of unreadable tables")
    func cancelled() async throws {
        let never = Gate()
        let fixture = try BackupFixture { _ in .hang(never) }
        let monitor = monitor(fixture)
        let tables = fixture.configuration.tables
        let task = Task { try await monitor.statuses(of: tables, last: 1, now: BackupFixture.eventTime) }
        try await never.waitForArrivals(2)
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
    }
}
