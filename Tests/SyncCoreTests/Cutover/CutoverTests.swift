import AWSCore
import AWSTesting
import FoundationEssentials
import Synchronization
import Testing

@testable import SyncCore

@Suite("A cut-over")
struct CutoverTests {
    /// Waits take no time; what would wait for minutes waits until it is no longer needed.
    private static let clock: SyncClock = {
        let now = Mutex(ContinuousClock.now)
        return SyncClock(
            now: { now.withLock { $0 } },
            sleep: { duration in
                guard duration < .seconds(60) else { return try await Gate().pass() }
                now.withLock { $0 = $0.advanced(by: duration) }
                try Task.checkCancellation()
                await Task.yield()
            }
        )
    }()

    private func run(
        _ live: LiveAWS,
        _ records: SyncRecordStore,
        filter: String? = nil,
        configure: (inout CutoverRun.Options) -> Void = { _ in },
        writers: @escaping @Sendable () async throws -> String? = { "said so" }
    ) async throws -> CutoverReport {
        let clients = try live.clients(filter: filter)
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
        try await CutoverRun(clients, records: records, options: options, clock: Self.clock) { LiveAWS.noon }
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
        #expect(report.isSafe && report.steps[0].details.contains { $0.contains("1 canaries of an earlier run") })
        #expect(live.dynamoDB.table("Orders").count == 0)
    }

    @Test("An interruption takes the canary away")
    func interrupted() async throws {
        let state = TemporaryState()
        let records = state.records
        let reached = Gate()
        let live = LiveAWS { live, operation in
            guard operation == "GetItem", live.dynamoDB.table("Orders").count > 0 else { return }
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
}
