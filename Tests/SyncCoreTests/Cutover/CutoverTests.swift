import AWSCore
import AWSTesting
import FoundationEssentials
import Synchronization
import Testing

@testable import SyncCore

@Suite("A cut-over")
struct CutoverTests {
    @Test("goes through every step, leaves nothing behind, and signs")
    func safe() async throws {
        let state = TemporaryState()
        let live = CutoverFixture.following()
        for number in 0..<30 { live.put("k\(number)", number) }
        live.apply()
        let report = try await CutoverFixture.run(live, state.records)
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
        let report = try await CutoverFixture.run(CutoverFixture.following(), state.records)
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

    @Test("is not safe when the operator does not stop the writers")
    func refusal() async throws {
        let state = TemporaryState()
        let report = try await CutoverFixture.run(CutoverFixture.following(), state.records, writers: { nil })
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
        let report = try await CutoverFixture.run(live, state.records)
        #expect(!report.isSafe && report.steps.last?.name == CutoverRun.lastStep)
        #expect(
            report.steps.last?.details.first?.contains("after the writers were said to have stopped") == true,
            "\(report.steps)"
        )
    }

    @Test("is not safe when the sides differ, and names what to do")
    func different() async throws {
        let state = TemporaryState()
        let live = CutoverFixture.following()
        live.put("a", 1)
        live.apply()
        live.dynamoDB.put([["pk": ["S": "extra"]]], into: "Copy")
        let report = try await CutoverFixture.run(live, state.records)
        #expect(!report.isSafe && report.isDifferent && report.steps.last?.name == "Both sides equal")
        #expect(report.steps.last?.details.last?.contains("--repair") == true)
        #expect(live.dynamoDB.table("Copy").count == 2)
    }

    @Test("is not safe while failed changes wait, before any canary is sent")
    func failures() async throws {
        let state = TemporaryState()
        let live = CutoverFixture.following()
        live.sendChange("a")
        let report = try await CutoverFixture.run(live, state.records)
        #expect(report.steps.map(\.result) == [.failed])
        #expect(report.steps[0].details[0].contains("run sync replay"))
        #expect(live.dynamoDB.calls("PutItem") == 0)
    }

    @Test("is not safe while invocations fail")
    func errors() async throws {
        let state = TemporaryState()
        let live = CutoverFixture.following()
        live.state.withLock { $0.metrics = ["Invocations": [1], "IteratorAge": [10], "Errors": [1]] }
        let report = try await CutoverFixture.run(live, state.records)
        #expect(report.steps.last?.name == "Lag zero" && report.steps.last?.result == .failed)
    }

    @Test("is not safe while changes are on their way after the writers were stopped")
    func lagging() async throws {
        let state = TemporaryState()
        let live = CutoverFixture.following()
        let writers: @Sendable () async throws -> String? = {
            live.state.withLock { $0.metrics = ["Invocations": [1], "IteratorAge": [300_000]] }
            return "said so"
        }
        let report = try await CutoverFixture.run(live, state.records, writers: writers)
        #expect(report.steps.last?.name == "Lag zero" && report.steps.last?.result == .failed && !report.isSafe)
        #expect(report.steps.last?.details.first?.contains("5 minutes behind") == true, "\(report.steps)")
    }

    @Test("is not safe while events of a bucket wait")
    func waitingEvents() async throws {
        let state = TemporaryState()
        let live = CutoverFixture.followingBuckets()
        let writers: @Sendable () async throws -> String? = {
            live.state.withLock { state in
                state.queues["Sync-bucket-events"] = [LiveAWS.Message(id: "m", body: "", sent: LiveAWS.noon)]
                state.metrics = ["ApproximateAgeOfOldestMessage": [1]]
            }
            return "said so"
        }
        let report = try await CutoverFixture.run(live, state.records, [.bucket], writers: writers)
        #expect(report.steps.last?.name == "Lag zero" && report.steps.last?.result == .failed, "\(report.steps)")
        #expect(report.steps.last?.details.first?.contains("1 events wait") == true)
    }

    @Test("says when no canary was sent")
    func withoutCanaries() async throws {
        let state = TemporaryState()
        let live = LiveAWS()
        let without = try await CutoverFixture.run(live, state.records, configure: { $0.sendsCanaries = false })
        #expect(without.isSafe && without.steps[1].result == .skipped && without.steps[3].result == .skipped)
        #expect(live.dynamoDB.calls("PutItem") == 0)
        let impossible = try await CutoverFixture.run(CutoverFixture.following(), state.records, filter: "pk = 'x'")
        #expect(impossible.isSafe && impossible.steps[1].details.first?.contains("NO CANARY") == true)
    }

    @Test("Only one cut-over at a time is at work with a configuration")
    func alone() async throws {
        let state = TemporaryState()
        let live = CutoverFixture.following()
        let log = try CanaryLog(path: "\(state.records.folder)/Sync.cutover")
        let report = try await CutoverFixture.run(live, state.records)
        #expect(report.steps.map(\.result) == [.failed] && live.dynamoDB.calls("PutItem") == 0, "\(report.steps)")
        #expect(report.steps.first?.details.first?.contains("Sync.cutover") == true)
        #expect(try log.entries().isEmpty)
    }
}
