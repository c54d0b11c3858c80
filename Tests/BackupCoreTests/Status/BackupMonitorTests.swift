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

    @Test("Beside a run, its own exports are left out and none is described before it has started what it could")
    func besideRun() async throws {
        let hasEnded = WatchedValue(false)
        let early = WatchedValue(0)
        let fixture = try BackupFixture { call in
            if call.operation == "DescribeExport", !hasEnded.current { early.update { $0 += 1 } }
            return nil
        }
        let started = BackupFixture.eventTime
        func add(_ hours: Double, _ status: String, _ failureCode: String? = nil) -> String {
            let start = started.addingTimeInterval(hours * 3_600)
            return fixture.aws.addExport(
                of: BackupFixture.arn("Orders"),
                at: start,
                prefix: "daily/\(BackupDate(start))/Orders",
                status: status,
                failureCode: failureCode
            )
        }
        let completed = add(-24, "COMPLETED")
        let failed = add(-12, "FAILED", "S3AccessDenied")
        let own = add(0.001, "FAILED", "S3NoSuchBucket")
        let run = BackupRunBeside(startedAt: started)
        let monitor = BackupMonitor(configuration: fixture.configuration, client: fixture.client(), beside: run)
        async let reading = monitor.statuses(of: fixture.configuration.tables, last: 1, now: fixture.clock.now)
        while fixture.aws.calls("ListExports").isEmpty || fixture.aws.calls("DescribeContinuousBackups").isEmpty {
            await Task.yield()
        }
        for _ in 0..<1_000 { await Task.yield() }
        hasEnded.update { $0 = true }
        run.end()
        let status = try #require(try await reading.first)
        #expect(status.records.map(\.exportARN) == [failed, completed])
        #expect(status.lastFailure?.exportARN == failed)
        #expect(early.current == 0)
        #expect(fixture.aws.calls("DescribeExport").count == 1)

        // Without a run it counts like any other.
        let all = try await self.monitor(fixture)
            .statuses(of: fixture.configuration.tables, last: 1, now: fixture.clock.now)
        #expect(all.first?.lastFailure?.exportARN == own)
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
