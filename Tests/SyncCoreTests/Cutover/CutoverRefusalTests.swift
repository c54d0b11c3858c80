import AWSCore
import AWSTesting
import FoundationEssentials
import Synchronization
import Testing

@testable import SyncCore

@Suite("What a cut-over waits for, and what ends it")
struct CutoverRefusalTests {
    /// Why nobody is asked to stop the writers.
    struct Refusal: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var reason: String
        var prepare: @Sendable (LiveAWS, SyncRecordStore) throws -> Void
    }

    private static func history(_ state: HistoryRecord.State) -> HistoryRecord {
        HistoryRecord(
            LiveAWS.pair,
            state: state,
            mode: "merge",
            filter: nil,
            startDate: LiveAWS.noon.addingTimeInterval(-7_200),
            date: LiveAWS.noon.addingTimeInterval(-3_600),
            done: 1,
            total: nil,
            failed: 0
        )
    }

    private static func verification(_ verdict: String, hoursAgo: Double = 0.1) -> VerificationRecord {
        let date = LiveAWS.noon.addingTimeInterval(-hoursAgo * 3_600)
        return VerificationRecord(
            LiveAWS.pair,
            verdict: verdict,
            filter: nil,
            startDate: date,
            endDate: date,
            equal: 1,
            missing: verdict == "DIFFERENT" ? 1 : 0,
            extra: 0,
            different: 0,
            undecided: verdict == "UNDECIDED" ? 1 : 0
        )
    }

    private static let refusals = [
        Refusal(testDescription: "nothing is known of the history", reason: "no copy of what was there before") {
            _,
            _ in
        },
        Refusal(testDescription: "a history without a comparison", reason: "were never compared") { _, records in
            try records.save(history(.finished))
        },
        Refusal(testDescription: "an interrupted history", reason: "was interrupted") { _, records in
            try records.save(history(.running))
            try records.save(verification("EQUAL"))
        },
        Refusal(testDescription: "a comparison that is too old", reason: "was 25 hours ago") { _, records in
            try records.save(verification("EQUAL", hoursAgo: 25))
        },
        Refusal(testDescription: "a comparison older than the history", reason: "is older than the copy") {
            _,
            records in
            try records.save(history(.finished))
            try records.save(verification("EQUAL", hoursAgo: 1.5))
        },
        Refusal(testDescription: "sides that differ", reason: "found the sides DIFFERENT") { _, records in
            try records.save(verification("DIFFERENT"))
        },
        Refusal(testDescription: "a lag that nobody knows", reason: "the lag is not known: CloudWatch GetMetricData") {
            live,
            records in
            try records.save(verification("EQUAL"))
            live.state.withLock { $0.metricFailure = "AccessDenied" }
        },
        Refusal(testDescription: "a lag that is too large", reason: "live sync is 5 minutes behind") { live, records in
            try records.save(verification("EQUAL"))
            live.state.withLock { $0.metrics = ["Invocations": [1], "IteratorAge": [300_000]] }
        },
    ]

    @Test("Nobody is asked to stop the writers, and no canary is sent, while it cannot succeed", arguments: refusals)
    func refused(refusal: Refusal) async throws {
        let state = TemporaryState()
        let live = CutoverFixture.following()
        try refusal.prepare(live, state.records)
        let writers: @Sendable () async throws -> String? = {
            Issue.record("the writers were asked for")
            return nil
        }
        let report = try await CutoverFixture.run(live, state.records, isProven: false, writers: writers)
        #expect(report.steps.map(\.result) == [.failed] && !report.isSafe)
        #expect(report.steps[0].details.contains { $0.contains(refusal.reason) }, "\(report.steps[0].details)")
        #expect(live.dynamoDB.calls("PutItem") == 0)
    }

    @Test(
        "A lag is waited for before the writers stop, whether it is large or not told yet",
        arguments: [[300_000], []]
    )
    func lateFigures(lag: [Double]) async throws {
        let state = TemporaryState()
        let live = CutoverFixture.following()
        live.state.withLock { $0.metrics = ["Invocations": [1], "IteratorAge": lag] }
        let clock = CutoverFixture.clock {
            live.state.withLock { $0.metrics = ["Invocations": [1], "IteratorAge": [800]] }
        }
        let report = try await CutoverFixture.run(live, state.records, clock: clock)
        #expect(report.isSafe, "\(report.steps)")
    }

    @Test("What CloudWatch tells late is waited for")
    func lateErrors() async throws {
        let state = TemporaryState()
        let live = CutoverFixture.following()
        let sleeps = Mutex<Int?>(nil)
        let clock = CutoverFixture.clock {
            let count = sleeps.withLock { count in
                count = count.map { $0 + 1 }
                return count
            }
            if count == 3 {
                live.state.withLock { $0.metrics = ["Invocations": [1], "IteratorAge": [10], "Errors": [1]] }
            }
        }
        let writers: @Sendable () async throws -> String? = {
            sleeps.withLock { $0 = 0 }
            return "said so"
        }
        let report = try await CutoverFixture.run(
            live,
            state.records,
            clock: clock,
            configure: { $0.sendsCanaries = false },
            writers: writers
        )
        #expect(report.steps.last?.name == "Lag zero" && report.steps.last?.result == .failed, "\(report.steps)")
    }

    @Test("is not safe when changes fail, or events wait, after both sides were compared", arguments: [true, false])
    func lateFailures(isTable: Bool) async throws {
        let state = TemporaryState()
        let live = LiveAWS { live, operation in
            if operation == "GetItem" { live.apply() }
            if operation.hasPrefix("S3 HEAD /new/") { live.followBuckets() }
            if operation == "Scan", live.messages().isEmpty { live.sendChange("a") }
            // The listing of the comparison.
            if operation == "S3 GET /new" || operation == "S3 GET /new/" { live.send("{}", to: "Sync-bucket-events") }
        }
        let report = try await CutoverFixture.run(live, state.records, [isTable ? .table : .bucket])
        #expect(report.steps.last?.name == CutoverRun.lastStep && !report.isSafe, "\(report.steps)")
        #expect(report.steps.last?.details.first?.contains("changes wait or have failed") == true, "\(report.steps)")
    }

    @Test("Items that kept changing under the last comparison are compared once nobody writes")
    func undecided() async throws {
        let state = TemporaryState()
        try state.records.save(Self.verification("UNDECIDED"))
        let report = try await CutoverFixture.run(CutoverFixture.following(), state.records, isProven: false)
        #expect(report.isSafe, "\(report.steps)")
    }
}
