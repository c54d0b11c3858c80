import AWSCore
import AWSTesting
import FoundationEssentials
import Synchronization
import Testing

@testable import SyncCore

@Suite("A cut-over")
struct CutoverTests {
    /// Waits take no time; what would wait for minutes waits until it is no longer needed.
    private static let clock = clock()

    private static func clock(onSleep: @escaping @Sendable () -> Void = {}) -> SyncClock {
        let now = Mutex(ContinuousClock.now)
        return SyncClock(
            now: { now.withLock { $0 } },
            sleep: { duration in
                onSleep()
                guard duration < .seconds(60) else { return try await Gate().pass() }
                now.withLock { $0 = $0.advanced(by: duration) }
                try Task.checkCancellation()
                await Task.yield()
            }
        )
    }

    private func run(
        _ live: LiveAWS,
        _ records: SyncRecordStore,
        _ kinds: Set<SyncPair.Kind> = [.table],
        filter: String? = nil,
        isProven: Bool = true,
        clock: SyncClock = Self.clock,
        configure: (inout CutoverRun.Options) -> Void = { _ in },
        writers: @escaping @Sendable () async throws -> String? = { "said so" }
    ) async throws -> CutoverReport {
        let clients = try live.clients(kinds, filter: filter)
        if isProven {
            let state = SavedState(records: records)
            try state.noteEqual(LiveAWS.noon.addingTimeInterval(-600), filter: filter)
            try state.noteEqual(LiveAWS.noon.addingTimeInterval(-600), of: LiveAWS.bucketPair)
        }
        var options = CutoverRun.Options()
        options.settle = .seconds(10)
        options.timeout = .seconds(40)
        configure(&options)
        var report = CutoverReport(
            signer: .init(user: "ü", host: "h", identity: "arn:aws:iam::123456789012:user/x"),
            startDate: LiveAWS.noon,
            configurationHash: "00",
            configuration: clients.configuration
        )
        try await CutoverRun(clients, records: records, options: options, clock: clock) { LiveAWS.noon }
            .run(into: &report, observer: CutoverRun.Observer(writersAreStopped: writers))
        return report
    }

    /// Live sync that comes along whenever the target is looked at.
    private static func following() -> LiveAWS {
        LiveAWS { live, operation in
            if operation == "GetItem" { live.apply() }
        }
    }

    @Test("goes through every step, leaves nothing behind, and signs")
    func safe() async throws {
        let state = TemporaryState()
        let live = Self.following()
        for number in 0..<30 { live.put("k\(number)", number) }
        live.apply()
        let report = try await run(live, state.records)
        #expect(report.isSafe, "\(report.steps)")
        #expect(
            report.steps.map(\.name) == [
                "Deployment", "Canaries", "Writers stopped", "Last changes", "Lag zero", "Both sides equal",
                "No change since",
            ]
        )
        #expect(report.steps.allSatisfy { $0.result == .passed } && report.verifications.map(\.equal) == [30])
        #expect(live.dynamoDB.table("Orders").count == 30 && live.dynamoDB.table("Copy").count == 30)
        #expect(report.functionHashes.map(\.hash) == ["aGFzaA=="])
        // What it found is what sync status shows next.
        #expect(try state.records.verification(of: LiveAWS.pair)?.verdict == "EQUAL")
        #expect(try CanaryLog(path: "\(state.records.folder)/Sync.cutover").entries().isEmpty)
    }

    @Test("The hash of a report is that of its text without the hash")
    func hash() async throws {
        let state = TemporaryState()
        let report = try await run(Self.following(), state.records)
        guard case .object(var object) = report.json else { throw CancellationError() }
        let hash = try #require(object["sha256"]?.string)
        object["sha256"] = nil
        var digest = SHA256()
        digest.update(JSONValue.object(object).text(.compact, keys: .sorted).utf8)
        #expect(digest.finalize().hexadecimal == hash)
        object["result"] = "NOT SAFE"
        var other = SHA256()
        other.update(JSONValue.object(object).text(.compact, keys: .sorted).utf8)
        #expect(other.finalize().hexadecimal != hash)
    }

    @Test("ends at a canary that does not arrive, and takes it away again")
    func lostCanary() async throws {
        let state = TemporaryState()
        let live = LiveAWS()
        let report = try await run(live, state.records)
        #expect(!report.isSafe && report.steps.map(\.result) == [.passed, .failed])
        #expect(report.steps.last?.details.contains { $0.contains("did not arrive") } == true)
        #expect(live.dynamoDB.table("Orders").count == 0)
    }

    @Test("ends at a canary that does not go again")
    func lastingCanary() async throws {
        let state = TemporaryState()
        let live = LiveAWS { live, operation in
            // Live sync that takes no deletes.
            if operation == "GetItem", live.dynamoDB.table("Orders").count > 0 { live.apply() }
        }
        let report = try await run(live, state.records)
        #expect(report.steps.map(\.result) == [.passed, .failed])
        #expect(report.steps.last?.details.contains { $0.contains("still at the target") } == true)
    }

    @Test("is not safe when the operator does not stop the writers")
    func refusal() async throws {
        let state = TemporaryState()
        let report = try await run(Self.following(), state.records, writers: { nil })
        #expect(!report.isSafe && report.steps.last?.name == "Writers stopped" && report.steps.last?.result == .failed)
    }

    @Test("is not safe when somebody writes after the writers were stopped, although live sync brings it over")
    func busyWriters() async throws {
        let state = TemporaryState()
        let written = Mutex(false)
        let live = LiveAWS { live, operation in
            if operation == "Scan", !written.withLock({ $0 }) {
                written.withLock { $0 = true }
                live.put("late", 1)
            }
            if operation == "GetItem" || operation == "Scan" { live.apply() }
        }
        let report = try await run(live, state.records)
        #expect(!report.isSafe && report.steps.last?.name == CutoverRun.lastStep)
        #expect(
            report.steps.last?.details.first?.contains("after the writers were said to have stopped") == true,
            "\(report.steps)"
        )
    }

    @Test("is not safe when the sides differ, and names what to do")
    func different() async throws {
        let state = TemporaryState()
        let live = Self.following()
        live.put("a", 1)
        live.apply()
        live.dynamoDB.put([["pk": ["S": "extra"]]], into: "Copy")
        let report = try await run(live, state.records)
        #expect(!report.isSafe && report.isDifferent && report.steps.last?.name == "Both sides equal")
        #expect(report.steps.last?.details.last?.contains("--repair") == true)
        #expect(live.dynamoDB.table("Copy").count == 2)
    }

    @Test("is not safe while failed changes wait, before any canary is sent")
    func failures() async throws {
        let state = TemporaryState()
        let live = Self.following()
        live.sendChange("a")
        let report = try await run(live, state.records)
        #expect(report.steps.map(\.result) == [.failed])
        #expect(report.steps[0].details[0].contains("run sync replay"))
        #expect(live.dynamoDB.calls("PutItem") == 0)
    }

    @Test("is not safe while invocations fail")
    func errors() async throws {
        let state = TemporaryState()
        let live = Self.following()
        live.state.withLock { $0.metrics = ["Invocations": [1], "IteratorAge": [10], "Errors": [1]] }
        let report = try await run(live, state.records)
        #expect(report.steps.last?.name == "Lag zero" && report.steps.last?.result == .failed)
    }

    @Test("is not safe while changes are on their way after the writers were stopped")
    func lagging() async throws {
        let state = TemporaryState()
        let live = Self.following()
        let writers: @Sendable () async throws -> String? = {
            live.state.withLock { $0.metrics = ["Invocations": [1], "IteratorAge": [300_000]] }
            return "said so"
        }
        let report = try await run(live, state.records, writers: writers)
        #expect(report.steps.last?.name == "Lag zero" && report.steps.last?.result == .failed && !report.isSafe)
        #expect(report.steps.last?.details.first?.contains("5 minutes behind") == true, "\(report.steps)")
    }

    @Test("is not safe while events of a bucket wait")
    func waitingEvents() async throws {
        let state = TemporaryState()
        let live = Self.followingBuckets()
        let writers: @Sendable () async throws -> String? = {
            live.state.withLock { state in
                state.queues["Sync-bucket-events"] = [LiveAWS.Message(id: "m", body: "", sent: LiveAWS.noon)]
                state.metrics = ["ApproximateAgeOfOldestMessage": [1]]
            }
            return "said so"
        }
        let report = try await run(live, state.records, [.bucket], writers: writers)
        #expect(report.steps.last?.name == "Lag zero" && report.steps.last?.result == .failed, "\(report.steps)")
        #expect(report.steps.last?.details.first?.contains("1 events wait") == true)
    }

    @Test("says when no canary was sent")
    func withoutCanaries() async throws {
        let state = TemporaryState()
        let live = LiveAWS()
        let without = try await run(live, state.records, configure: { $0.sendsCanaries = false })
        #expect(without.isSafe && without.steps[1].result == .skipped && without.steps[3].result == .skipped)
        #expect(live.dynamoDB.calls("PutItem") == 0)
        let impossible = try await run(Self.following(), state.records, filter: "pk = 'x'")
        #expect(impossible.isSafe && impossible.steps[1].details.first?.contains("NO CANARY") == true)
    }

    @Test("takes away what a run that was killed has left")
    func leftovers() async throws {
        let state = TemporaryState()
        let live = Self.following()
        let item = Array(#"{"pk":{"S":"sync-canary-1"}}"#.utf8)
        do {
            let log = try CanaryLog(path: "\(state.records.folder)/Sync.cutover")
            let source = try #require(try live.clients().configuration.tables.first?.source)
            try log.note(.item(source: source, item: item, key: item))
        }
        live.dynamoDB.put([["pk": ["S": "sync-canary-1"]]], into: "Orders")
        let report = try await run(live, state.records)
        #expect(report.isSafe, "\(report.steps)")
        #expect(
            report.steps[0].details.contains {
                $0.contains("an earlier run had left")
                    && $0.contains(#"Orders (us-east-1): {"pk":{"S":"sync-canary-1"}}"#)
            },
            "\(report.steps[0])"
        )
        #expect(live.dynamoDB.table("Orders").count == 0)
        // Nothing is left to be named.
        let again = try await run(live, state.records)
        #expect(!again.steps[0].details.contains { $0.contains("earlier") })
    }

    @Test("takes away the object that a run that was killed has left, and names it")
    func leftObject() async throws {
        let state = TemporaryState()
        let live = Self.followingBuckets()
        do {
            let log = try CanaryLog(path: "\(state.records.folder)/Sync.cutover")
            let mapping = try #require(try live.clients([.bucket]).configuration.buckets.first)
            for key in [".sync-canary/1", ".sync-canary/gone"] {
                try log.note(.object(source: mapping.source, region: mapping.sourceRegion, key: key))
            }
        }
        live.s3.put("old", "kept/.sync-canary/1", [1])
        let report = try await run(live, state.records, [.bucket])
        #expect(report.isSafe, "\(report.steps)")
        #expect(report.steps[0].details.dropFirst().count == 1, "\(report.steps[0])")
        #expect(report.steps[0].details.last?.contains("s3://old/kept/.sync-canary/1") == true)
        #expect(live.s3.keys("old").isEmpty && live.s3.keys("new").isEmpty)
    }

    /// Live sync of the bucket that comes along whenever the target is looked at.
    private static func followingBuckets() -> LiveAWS {
        LiveAWS { live, operation in
            if operation.hasPrefix("S3 HEAD /new/") { live.followBuckets() }
        }
    }

    @Test("A bucket's canary comes and goes, and nothing is left of it")
    func bucketCanary() async throws {
        let state = TemporaryState()
        let live = Self.followingBuckets()
        for number in 0..<5 { live.s3.put("old", "kept/\(number)", [UInt8(number)]) }
        live.s3.put("old", "other", [1])
        live.followBuckets()
        let report = try await run(live, state.records, [.bucket])
        #expect(report.isSafe && report.verifications.map(\.equal) == [5], "\(report.steps)")
        #expect(report.steps[1].details.first?.contains(".sync-canary/") == true)
        #expect(live.s3.keys("old").count == 6 && live.s3.keys("new").count == 5)
    }

    @Test("ends at a bucket's canary that does not arrive, and takes it away again")
    func lostBucketCanary() async throws {
        let state = TemporaryState()
        let live = LiveAWS()
        let report = try await run(live, state.records, [.bucket])
        #expect(report.steps.map(\.result) == [.passed, .failed])
        #expect(report.steps.last?.details.contains { $0.contains("did not arrive") } == true)
        #expect(live.s3.keys("old").isEmpty)
        #expect(try CanaryLog(path: "\(state.records.folder)/Sync.cutover").entries().isEmpty)
    }

    @Test("ends at a bucket's canary that does not go again")
    func lastingBucketCanary() async throws {
        let state = TemporaryState()
        let live = LiveAWS { live, operation in
            if operation.hasPrefix("S3 HEAD /new/"), !live.s3.keys("old").isEmpty { live.followBuckets() }
        }
        let report = try await run(live, state.records, [.bucket])
        #expect(report.steps.map(\.result) == [.passed, .failed])
        #expect(report.steps.last?.details.contains { $0.contains("still at the target") } == true)
    }

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
        let live = Self.following()
        try refusal.prepare(live, state.records)
        let writers: @Sendable () async throws -> String? = {
            Issue.record("the writers were asked for")
            return nil
        }
        let report = try await run(live, state.records, isProven: false, writers: writers)
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
        let live = Self.following()
        live.state.withLock { $0.metrics = ["Invocations": [1], "IteratorAge": lag] }
        let clock = Self.clock {
            live.state.withLock { $0.metrics = ["Invocations": [1], "IteratorAge": [800]] }
        }
        let report = try await run(live, state.records, clock: clock)
        #expect(report.isSafe, "\(report.steps)")
    }

    @Test("Items that kept changing under the last comparison are compared once nobody writes")
    func undecided() async throws {
        let state = TemporaryState()
        try state.records.save(Self.verification("UNDECIDED"))
        let report = try await run(Self.following(), state.records, isProven: false)
        #expect(report.isSafe, "\(report.steps)")
    }

    @Test("An interruption takes the canary away")
    func interrupted() async throws {
        let state = TemporaryState()
        let records = state.records
        let reached = Gate()
        let isFirst = Mutex(true)
        let live = LiveAWS { live, operation in
            guard operation == "GetItem", live.dynamoDB.table("Orders").count > 0,
                isFirst.withLock({ first in
                    defer { first = false }
                    return first
                })
            else { return }
            reached.open()
            try await Gate().pass()
        }
        let task = Task { try await run(live, records) }
        try await reached.pass()
        task.cancel()
        await #expect(throws: CancellationError.self) { _ = try await task.value }
        #expect(live.dynamoDB.table("Orders").count == 0)
        _ = consume state
    }

    @Test("An interruption takes the canary of a bucket away")
    func interruptedBucket() async throws {
        let state = TemporaryState()
        let records = state.records
        let reached = Gate()
        let live = LiveAWS { live, operation in
            guard operation.hasPrefix("S3 HEAD /new/"), !live.s3.keys("old").isEmpty else { return }
            reached.open()
            try await Gate().pass()
        }
        let task = Task { try await run(live, records, [.bucket]) }
        try await reached.pass()
        task.cancel()
        await #expect(throws: CancellationError.self) { _ = try await task.value }
        #expect(live.s3.keys("old").isEmpty)
        _ = consume state
    }

    @Test("What CloudWatch tells late is waited for")
    func lateErrors() async throws {
        let state = TemporaryState()
        let live = Self.following()
        let sleeps = Mutex<Int?>(nil)
        let clock = Self.clock {
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
        let report = try await run(
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
        let report = try await run(live, state.records, [isTable ? .table : .bucket])
        #expect(report.steps.last?.name == CutoverRun.lastStep && !report.isSafe, "\(report.steps)")
        #expect(report.steps.last?.details.first?.contains("changes wait or have failed") == true, "\(report.steps)")
    }

    @Test("Only one cut-over at a time is at work with a configuration")
    func alone() async throws {
        let state = TemporaryState()
        let live = Self.following()
        let log = try CanaryLog(path: "\(state.records.folder)/Sync.cutover")
        let report = try await run(live, state.records)
        #expect(report.steps.map(\.result) == [.failed] && live.dynamoDB.calls("PutItem") == 0, "\(report.steps)")
        #expect(report.steps.first?.details.first?.contains("Sync.cutover") == true)
        #expect(try log.entries().isEmpty)
    }

    @Test("leaves a canary of an earlier run that somebody has changed, and says so", arguments: ["v", "sync-canary"])
    func changedLeftover(attribute: String) async throws {
        let state = TemporaryState()
        let live = Self.following()
        let key = Array(#"{"pk":{"S":"sync-canary-1"}}"#.utf8)
        let item = Array(#"{"pk":{"S":"sync-canary-1"},"sync-canary":{"S":"x"}}"#.utf8)
        do {
            let log = try CanaryLog(path: "\(state.records.folder)/Sync.cutover")
            let source = try #require(try live.clients().configuration.tables.first?.source)
            try log.note(.item(source: source, item: item, key: key))
        }
        // It has gained an attribute, or one of its own is another.
        var changed: JSONObject = ["pk": ["S": "sync-canary-1"], "sync-canary": ["S": "x"]]
        changed[attribute] = ["S": "precious"]
        live.dynamoDB.put([changed], into: "Orders")
        live.apply()
        let report = try await run(live, state.records)
        #expect(report.isSafe && live.dynamoDB.table("Orders").count == 1, "\(report.steps)")
        #expect(report.steps[0].details.contains { $0.contains("left where it is") && $0.contains("sync-canary-1") })
        #expect(try CanaryLog(path: "\(state.records.folder)/Sync.cutover").entries().isEmpty)
    }
}
