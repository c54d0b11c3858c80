import AWSCore
import AWSTesting
import FoundationEssentials
import Synchronization
import Testing

@testable import BackupCore

@Suite("Following exports")
struct ExportWatchTests {
    @Test("Exports are followed until all have ended, seldom in the long run; failed ones are results")
    func follow() async throws {
        let fixture = try BackupFixture(["Orders", "Users"])
        _ = await fixture.run()
        let arns = fixture.aws.current.exports.map(\.arn).sorted()
        let aws = fixture.aws
        let slept = Mutex<[Duration]>([])
        let watch = ExportWatch(client: fixture.client()) { duration in
            let count = slept.withLock { slept in
                slept.append(duration)
                return slept.count
            }
            if count == 2 { aws.endExport(arns[0]) }
            if count == 9 { aws.endExport(arns[1], failureCode: "S3NoSuchBucket") }
        }
        let running = try await watch.running(of: fixture.configuration.tables)
        #expect(running.map(\.exportARN) == arns)
        let rounds = Mutex(0)
        let items = try await watch.follow(running) { _ in rounds.withLock { $0 += 1 } }
        #expect(items.map(\.export.status) == [.completed, .failed])
        #expect(items.map(\.table.tableName) == ["Orders", "Users"])
        #expect(items.last?.export.failureCode == "S3NoSuchBucket")
        #expect(rounds.withLock { $0 } == 10)
        #expect(slept.withLock { $0.first } == .seconds(2))
        #expect(slept.withLock { $0.last } == .seconds(20))
        // The ended one is not asked about again.
        #expect(aws.calls("DescribeExport", arns[0]).count == 3)
        #expect(try await watch.running(of: fixture.configuration.tables).isEmpty)
    }

    /// A watch whose connection fails between two sleeps, and the export it follows.
    private func watch(
        gone: ClosedRange<Int>,
        endsAfter: Int
    ) async throws -> (ExportWatch, (table: TableARN, exportARN: String), BackupFixture) {
        let isGone = Mutex(false)
        let fixture = try BackupFixture { call in
            call.operation == "DescribeExport" && isGone.withLock { $0 } ? .cut : nil
        }
        _ = await fixture.run()
        let aws = fixture.aws
        let arn = try #require(aws.current.exports.first?.arn)
        let sleeps = Mutex(0)
        let watch = ExportWatch(client: fixture.client()) { _ in
            let count = sleeps.withLock { sleeps in
                sleeps += 1
                return sleeps
            }
            isGone.withLock { $0 = gone.contains(count) }
            if count == endsAfter { aws.endExport(arn) }
        }
        return (watch, (try #require(fixture.configuration.tables.first), arn), fixture)
    }

    @Test("A failure that passes does not end a watch of hours")
    func passingFailure() async throws {
        let (watch, export, fixture) = try await watch(gone: 2...9, endsAfter: 12)
        let items = try await watch.follow([export]) { _ in }
        #expect(items.map(\.export.status) == [.completed])
        #expect(fixture.aws.calls("DescribeExport").count > 12)
    }

    @Test("A failure that stays ends it")
    func lastingFailure() async throws {
        let (watch, export, _) = try await watch(gone: 2...1_000, endsAfter: 12)
        let error = await #expect(throws: AWSError.self) { try await watch.follow([export]) { _ in } }
        #expect(error?.code == "ConnectionLost")
    }
}
