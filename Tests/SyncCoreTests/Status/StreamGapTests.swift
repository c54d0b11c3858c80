import AWSCore
import AWSTesting
import FoundationEssentials
import Synchronization
import Testing

@testable import SyncCore

@Suite("What a stream has dropped")
struct StreamGapTests {
    private static let now = LiveAWS.noon

    private func status(
        at date: Date = now,
        verifiedAt: Date = now.addingTimeInterval(-3_600),
        _ change: (LiveAWS) -> Void
    ) async throws -> MappingStatus {
        let state = TemporaryState()
        try state.noteEqual(verifiedAt)
        let live = LiveAWS()
        change(live)
        let status = await SyncStatus.read(try live.clients(), records: state.records) { date }
        return try #require(status.mappings.first)
    }

    private static func disable(hoursAgo: Double) -> (LiveAWS) -> Void {
        { live in
            live.state.withLock { state in
                state.eventSource["State"] = "Disabled"
                state.eventSource["LastModified"] = .number(
                    JSONNumber(Int(now.addingTimeInterval(-hoursAgo * 3_600).timeIntervalSince1970))
                )
            }
        }
    }

    private static let command =
        "sync verify table arn:aws:dynamodb:us-east-1:123456789012:table/Orders"
        + " arn:aws:dynamodb:us-east-1:123456789012:table/Copy --repair"

    @Test(
        "Live sync that was off for longer than records are kept: the gap has its times and the command that closes it"
    )
    func disabled() async throws {
        // The comparison is older than the changes that were lost last.
        let mapping = try await status(
            verifiedAt: Self.now.addingTimeInterval(-25 * 3_600),
            Self.disable(hoursAgo: 48)
        )
        let reason = try #require(mapping.reasons.first { $0.contains("a gap") })
        #expect(reason.contains("from 2026-11-19 12:00:00 UTC to 2026-11-20 12:00:00 UTC"), "\(reason)")
        #expect(reason.contains("keeps them for 24 hours (live sync is Disabled)") && reason.contains(Self.command))
        #expect(mapping.reasons.contains { $0.contains("is Disabled since 2026-11-19 12:00:00 UTC") })
        // What is still there is no gap.
        let short = try await status(Self.disable(hoursAgo: 23))
        #expect(short.live.gaps.isEmpty && short.reasons.contains { $0.contains("is Disabled") })
    }

    @Test("A lag as long as records are kept is a gap whose beginning nobody knows; a long one is a warning")
    func lag() async throws {
        func behind(_ hours: Double) async throws -> MappingStatus {
            try await status(verifiedAt: Self.now.addingTimeInterval(-25 * 3_600)) { live in
                live.state.withLock { $0.metrics = ["Invocations": [1], "IteratorAge": [hours * 3_600_000]] }
            }
        }
        let reasons = try await behind(24).reasons
        #expect(
            reasons.contains {
                $0.contains("a gap: changes up to 2026-11-20 11:50:00 UTC are gone") && $0.contains("24 hours")
            },
            "\(reasons)"
        )
        let warned = try await behind(7)
        #expect(warned.live.gaps.isEmpty)
        #expect(warned.reasons.contains { $0.contains("drops changes that are 24 hours old") }, "\(warned.reasons)")
        #expect(try await !behind(1).reasons.contains { $0.contains("24 hours old") })
    }

    @Test("A batch that Lambda gave up is a gap once its records are gone, and until a comparison has closed it")
    func failedBatch() async throws {
        // Its records are of 10:00 to 10:05 on the 21st.
        func waits(_ live: LiveAWS) { live.sendBatch(1...3) }
        let early = try await status(waits)
        #expect(early.live.gaps.isEmpty && early.reasons.contains { $0.contains("run sync replay") })
        let late = Self.now.addingTimeInterval(86_400)
        let mapping = try await status(at: late, verifiedAt: Self.now.addingTimeInterval(-3 * 3_600), waits)
        let reason = try #require(mapping.reasons.first { $0.contains("a gap") }, "\(mapping.reasons)")
        #expect(reason.contains("from 2026-11-21 10:00:00 UTC to 2026-11-21 10:05:00 UTC"), "\(reason)")
        #expect(reason.contains("Lambda gave up 3 of them") && reason.contains(Self.command))
        let closed = try await status(at: late, verifiedAt: Self.now, waits)
        #expect(closed.live.gaps.count == 1 && closed.openGaps.isEmpty)
        #expect(!closed.reasons.contains { $0.contains("a gap") })
    }

    @Test("Failed batches that cannot be looked at are named, because a gap may be among them")
    func unreadable() async throws {
        let live = LiveAWS()
        live.sendBatch(1...3)
        live.state.withLock { $0.refused = ["ReceiveMessage"] }
        let status = await SyncStatus.read(
            try live.clients(),
            records: SyncRecordStore(folder: "/nonexistent"),
            now: { LiveAWS.noon }
        )
        let reasons = status.mappings.flatMap(\.reasons)
        let reason = try #require(reasons.first { $0.contains("tell of a gap is not known") }, "\(reasons)")
        #expect(reason.contains("SQS ReceiveMessage") && reason.contains("; allow sqs:ReceiveMessage"), "\(reason)")
        #expect(reason.contains("sync replay --dry-run"))
    }

    @Test("Looking at failed batches leaves them in the queue, for everybody to see")
    func untouched() async throws {
        let live = LiveAWS()
        live.sendBatch(1...3)
        _ = await SyncStatus.read(
            try live.clients(),
            records: SyncRecordStore(folder: "/nonexistent"),
            now: { LiveAWS.noon }
        )
        #expect(live.state.withLock { $0.calls }.contains("ReceiveMessage"))
        #expect(live.messages().map(\.isHidden) == [false])
    }

    @Test(
        "Each permission that status lacks is named as policies call it",
        arguments: [
            ("GetFunctionConfiguration", "lambda:GetFunctionConfiguration"),
            ("ListEventSourceMappings", "lambda:ListEventSourceMappings"), ("GetQueueUrl", "sqs:GetQueueUrl"),
            ("GetQueueAttributes", "sqs:GetQueueAttributes"), ("GetMetricData", "cloudwatch:GetMetricData"),
            ("DescribeTable", "dynamodb:DescribeTable"),
            ("GetBucketNotificationConfiguration", "s3:GetBucketNotification"),
        ]
    )
    func permissions(operation: String, action: String) async throws {
        let live = LiveAWS()
        live.state.withLock { state in
            state.refused = [operation]
            state.queues["Sync-bucket-events"] = [LiveAWS.Message(id: "m", body: "", sent: Self.now)]
        }
        let status = await SyncStatus.read(
            try live.clients([.table, .bucket]),
            records: SyncRecordStore(folder: "/nonexistent"),
            now: { Self.now }
        )
        let reasons = status.mappings.flatMap(\.reasons)
        #expect(!status.isSafe && reasons.contains { $0.contains("; allow \(action)") }, "\(reasons)")
        // It is not taken for something that is not there.
        #expect(!reasons.contains { $0.contains("has no stream") || $0.contains("there is no function") }, "\(reasons)")
    }
}
