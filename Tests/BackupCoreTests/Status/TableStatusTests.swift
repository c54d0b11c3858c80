import AWSCore
import AWSTesting
import FoundationEssentials
import Testing

@testable import BackupCore

@Suite("The verdict on a table")
struct TableStatusTests {
    private static let now = BackupFixture.eventTime

    private static func record(_ state: BackupRecord.State, endedHoursAgo hours: Double) -> BackupRecord {
        let start = now.addingTimeInterval(-hours * 3_600 - 600)
        let milliseconds = String(Int(start.timeIntervalSince1970 * 1_000))
        let id = String(repeating: "0", count: 14 - milliseconds.count) + milliseconds + "-0123abcd"
        guard let exportID = ExportID(id) else { preconditionFailure(id) }
        return BackupRecord(
            exportID: exportID,
            exportARN: BackupFixture.arn("Orders") + "/export/" + id,
            state: state,
            startTime: start,
            endTime: state == .running ? nil : start.addingTimeInterval(600),
            failureCode: state == .failed ? "S3AccessDenied" : state == .damaged ? "ManifestDamaged" : nil,
            failureMessage: state == .failed ? "no\nway" : state == .damaged ? "k: cut off" : nil
        )
    }

    private static func error(_ code: String) -> AWSError {
        AWSError(
            code: code,
            message: "m",
            kind: .client,
            service: "DynamoDB",
            operation: "X",
            region: "us-east-1"
        )
    }

    private func status(
        _ records: Result<[BackupRecord], any Error>,
        recovery: Result<Bool, any Error> = .success(true),
        maximumAgeHours: Int = 26
    ) throws -> TableStatus {
        TableStatus(
            table: try #require(TableARN(BackupFixture.arn("Orders"))),
            records: records,
            pointInTimeRecovery: recovery,
            maximumAgeHours: maximumAgeHours,
            bucket: BackupConfiguration.Bucket(name: "my-backups", region: try #require(Region("us-west-2"))),
            now: Self.now
        )
    }

    @Test(
        "The age counts from the backup's end, and the limit itself is too old",
        arguments: [(0.0, true), (25.99, true), (26.0, false), (26.01, false), (-0.2, true)]
    )
    func age(hours: Double, isHealthy: Bool) throws {
        let status = try status(.success([Self.record(.completed, endedHoursAgo: hours)]))
        #expect(status.verdict == (isHealthy ? .healthy : .unhealthy))
        #expect(status.problems.isEmpty == isHealthy)
        if !isHealthy {
            #expect(
                status.problems == [
                    "the last completed backup is 26 h old, which is not less than the 26 h allowed; "
                        + "`monitor backup --table Orders` makes one"
                ]
            )
        }
    }

    @Test("A failed export makes the table unhealthy until a newer one has ended well")
    func failed() throws {
        let good = Self.record(.completed, endedHoursAgo: 20)
        let failed = Self.record(.failed, endedHoursAgo: 1)
        let running = Self.record(.running, endedHoursAgo: 0)
        let status = try status(.success([running, failed, good]))
        #expect(status.verdict == .unhealthy)
        #expect(status.lastFailure == failed)
        #expect(status.newestCompleted == good)
        let problem = try #require(status.problems.first)
        #expect(status.problems.count == 1)
        #expect(problem.hasPrefix("the last export failed: S3AccessDenied, no way; allow s3:PutObject"))
        let later = try self.status(.success([Self.record(.completed, endedHoursAgo: 0), failed, good]))
        #expect(later.verdict == .healthy)
        #expect(later.lastFailure == nil)
    }

    @Test("A backup with a damaged manifest is never called healthy")
    func damaged() throws {
        let records = [Self.record(.damaged, endedHoursAgo: 1), Self.record(.completed, endedHoursAgo: 2)]
        let status = try status(.success(records))
        #expect(status.verdict == .unhealthy)
        #expect(
            status.problems == [
                "the last backup cannot be restored: k: cut off; `monitor backup --table Orders` makes a new one"
            ]
        )
    }

    @Test("No backup, and a first one that still runs, are unhealthy")
    func none() throws {
        #expect(
            try status(.success([])).problems == ["there is no backup; `monitor backup --table Orders` makes one"]
        )
        let first = try status(.success([Self.record(.running, endedHoursAgo: 0)]))
        #expect(first.verdict == .unhealthy)
        #expect(first.problems == ["no backup is complete yet; the first one is running"])
        let late = try status(
            .success([Self.record(.running, endedHoursAgo: 0), Self.record(.completed, endedHoursAgo: 50)])
        )
        #expect(late.problems.first?.hasSuffix("; one is running") == true)
    }

    @Test("Recovery that is off, and a table that is gone, are unhealthy whatever backups there are")
    func recovery() throws {
        let good = [Self.record(.completed, endedHoursAgo: 1)]
        let off = try status(.success(good), recovery: .success(false))
        #expect(off.verdict == .unhealthy)
        #expect(off.isPointInTimeRecoveryEnabled == false)
        #expect(off.problems.first?.contains("aws dynamodb update-continuous-backups --table-name Orders") == true)
        for code in ["TableNotFoundException", "ResourceNotFoundException"] {
            let gone = try status(.success(good), recovery: .failure(Self.error(code)))
            #expect(gone.verdict == .unhealthy)
            #expect(gone.problems == ["the table does not exist; `restore list Orders` shows its backups"])
            #expect(gone.unreadable.isEmpty)
            #expect(gone.newestCompleted != nil)
            // Of a table that is gone nobody is told to make a backup.
            let never = try status(.success([]), recovery: .failure(Self.error(code)))
            #expect(never.problems.last == "there is no backup")
        }
    }

    @Test("What could not be read is unknown, and what is known to be bad stays unhealthy")
    func unreadable() throws {
        let good = [Self.record(.completed, endedHoursAgo: 1)]
        let old = [Self.record(.completed, endedHoursAgo: 90)]
        let denied = Self.error("AccessDeniedException")
        let noHistory = try status(.failure(denied))
        #expect(noHistory.verdict == .unknown)
        #expect(!noHistory.isHistoryKnown)
        let told = try #require(noHistory.unreadable.first)
        #expect(told.hasPrefix("\(denied); allow dynamodb:X on "))
        #expect(noHistory.problems == [told])
        let noRecovery = try status(.success(good), recovery: .failure(denied))
        #expect(noRecovery.verdict == .unknown)
        #expect(noRecovery.isHistoryKnown)
        #expect(noRecovery.isPointInTimeRecoveryEnabled == nil)
        let oldBackup = try status(.success(old), recovery: .failure(denied))
        #expect(oldBackup.verdict == .unhealthy)
        #expect(oldBackup.unreadable.count == 1 && oldBackup.problems.count == 2)
        let off = try status(.failure(denied), recovery: .success(false))
        #expect(off.verdict == .unhealthy)
        #expect(!off.isHistoryKnown)
    }

    // MARK: The figures

    @Test("The figures leave out only tables whose backups could not be read")
    func metrics() throws {
        let denied = Self.error("AccessDeniedException")
        let old = Self.record(.completed, endedHoursAgo: 90)
        let statuses = [
            try status(
                .success([Self.record(.running, endedHoursAgo: 0), Self.record(.completed, endedHoursAgo: 1.5)])
            ),
            try status(.success([Self.record(.failed, endedHoursAgo: 1), old])),
            try status(.success([old]), recovery: .failure(denied)),
            try status(.failure(denied)),
        ]
        let answer = BackupAnswer(
            date: BackupDate(Self.now),
            results: [
                BackupAnswer.TableResult(table: "A", tableARN: "a", status: .started),
                BackupAnswer.TableResult(table: "B", tableARN: "b", status: .alreadyStarted),
                BackupAnswer.TableResult(table: "C", tableARN: "c", status: .failed),
                BackupAnswer.TableResult(table: "D", tableARN: "d", status: .notAttempted),
            ]
        )
        let metrics = BackupMetrics(answer: answer, statuses: statuses, now: Self.now)
        #expect(metrics.tables.map(\.hoursSinceLastCompletedBackup) == [1.5, 90, 90])
        #expect(metrics.tables.map(\.hasFailedExport) == [false, true, false])
        #expect(metrics.startedCount == 2)
        #expect(metrics.failedCount == 3)
        #expect(metrics.maximumHours == 90)
    }

    @Test("A table without a backup counts as older than any allowed age")
    func noBackup() throws {
        let metrics = BackupMetrics(
            answer: nil,
            statuses: [try status(.success([])), try status(.success([Self.record(.damaged, endedHoursAgo: 1)]))],
            now: Self.now
        )
        #expect(metrics.maximumHours == BackupMetrics.noBackupHours)
        #expect(metrics.tables.map(\.hoursSinceLastCompletedBackup) == [nil, nil])
        #expect(metrics.startedCount == 0)
        #expect(metrics.failedCount == 1)
    }
}
