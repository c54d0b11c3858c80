import AWSCore
import AWSTesting
import Synchronization
import Testing

@testable import SyncCore

@Suite("The pace of transfers")
struct TransferPaceTests {
    private static let slowDown = AWSError(
        code: "SlowDown",
        message: "Please reduce your request rate.",
        kind: .throttling,
        status: 503,
        service: "S3",
        operation: "CopyObject",
        region: "us-east-1",
        resource: nil
    )

    private final class Counts: Sendable {
        let state = Mutex((refusals: 200, lowest: Int.max, done: 0))
    }

    @Test("slackens while S3 asks to slow down, picks up again, and gives up nothing")
    func adapts() async throws {
        let pace = TransferPace(maximum: 64, clock: SyncClock(sleep: { _ in }, random: { 0.5 }))
        let counts = Counts()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<64 {
                group.addTask {
                    for _ in 0..<20 {
                        try await pace.run {
                            let limit = pace.limit
                            let isRefused = counts.state.withLock { state in
                                state.lowest = min(state.lowest, limit)
                                guard state.refusals > 0 else { return false }
                                state.refusals -= 1
                                return true
                            }
                            if isRefused { throw Self.slowDown }
                            counts.state.withLock { $0.done += 1 }
                        }
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(counts.state.withLock { $0.done } == 64 * 20)
        #expect(counts.state.withLock { $0.lowest } == 1)
        #expect(pace.limit > 16)
        #expect(pace.slowDowns == 200)
    }

    @Test("ends with S3's own words when nothing gets through for ten minutes")
    func stalls() async throws {
        let now = Mutex(ContinuousClock.now)
        let clock = SyncClock(
            now: { now.withLock { $0 } },
            sleep: { duration in now.withLock { $0 += duration } },
            random: { 0.5 }
        )
        let pace = TransferPace(maximum: 64, clock: clock)
        await #expect(throws: AWSError.self) { try await pace.run { throw Self.slowDown } }
        // Waits grow to five seconds at most.
        #expect(pace.slowDowns > 100)
    }

    @Test("leaves every other error to its caller, at once")
    func otherErrors() async throws {
        let pace = TransferPace(maximum: 1, clock: SyncClock(sleep: { _ in }, random: { 0.5 }))
        await #expect(throws: ObjectMoveError.self) { try await pace.run { throw ObjectMoveError.changed } }
        // The place was given back.
        #expect(try await pace.run { 1 } == 1)
    }

    @Test("copies an object that S3 refuses sixty times, and begins no upload anew for a part")
    func patience() async throws {
        let refusals = Mutex<[String: Int]>([:])
        let refused = ["CopyObject small ", "UploadPartCopy large 2", "CompleteMultipartUpload large "]
        var harness = BucketSyncHarness { call, _ in
            let what = "\(call.operation) \(call.key) \(call.query["partNumber"] ?? "")"
            guard refused.contains(what) else {
                return nil
            }
            let count = refusals.withLock { refusals in
                refusals[what, default: 0] += 1
                return refusals[what, default: 0]
            }
            return count <= 60 ? .error("SlowDown", status: 503) : nil
        }
        harness.options.multipartCopyThreshold = 1000
        harness.options.copyPartSize = 500
        harness.fake.put("source", "small", [1])
        harness.fake.put("source", "large", Array(repeating: 1, count: 2000))
        let report = try await harness.run()
        #expect(report.failures == [])
        #expect(report.slowDowns == 180)
        #expect(harness.fake.current.calls["CreateMultipartUpload"] == 1)
        harness.expectEqual()
    }
}
