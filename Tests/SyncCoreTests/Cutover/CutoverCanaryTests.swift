import AWSCore
import AWSTesting
import FoundationEssentials
import Synchronization
import Testing

@testable import SyncCore

@Suite("The canaries of a cut-over")
struct CutoverCanaryTests {
    @Test("ends at a canary that does not arrive, and takes it away again")
    func lostCanary() async throws {
        let state = TemporaryState()
        let live = LiveAWS()
        let report = try await CutoverFixture.run(live, state.records)
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
        let report = try await CutoverFixture.run(live, state.records)
        #expect(report.steps.map(\.result) == [.passed, .failed])
        #expect(report.steps.last?.details.contains { $0.contains("still at the target") } == true)
    }

    @Test("takes away what a run that was killed has left")
    func leftovers() async throws {
        let state = TemporaryState()
        let live = CutoverFixture.following()
        let item = Array(#"{"pk":{"S":"sync-canary-1"}}"#.utf8)
        do {
            let log = try CanaryLog(path: "\(state.records.folder)/Sync.cutover")
            let source = try #require(try live.clients().configuration.tables.first?.source)
            try log.note(.item(source: source, item: item, key: item))
        }
        live.dynamoDB.put([["pk": ["S": "sync-canary-1"]]], into: "Orders")
        let report = try await CutoverFixture.run(live, state.records)
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
        let again = try await CutoverFixture.run(live, state.records)
        #expect(!again.steps[0].details.contains { $0.contains("earlier") })
    }

    @Test("takes away the object that a run that was killed has left, and names it")
    func leftObject() async throws {
        let state = TemporaryState()
        let live = CutoverFixture.followingBuckets()
        do {
            let log = try CanaryLog(path: "\(state.records.folder)/Sync.cutover")
            let mapping = try #require(try live.clients([.bucket]).configuration.buckets.first)
            for key in [".sync-canary/1", ".sync-canary/gone"] {
                try log.note(.object(source: mapping.source, region: mapping.sourceRegion, key: key))
            }
        }
        live.s3.put("old", "kept/.sync-canary/1", [1])
        let report = try await CutoverFixture.run(live, state.records, [.bucket])
        #expect(report.isSafe, "\(report.steps)")
        #expect(report.steps[0].details.dropFirst().count == 1, "\(report.steps[0])")
        #expect(report.steps[0].details.last?.contains("s3://old/kept/.sync-canary/1") == true)
        #expect(live.s3.keys("old").isEmpty && live.s3.keys("new").isEmpty)
    }

    @Test("A bucket's canary comes and goes, and nothing is left of it")
    func bucketCanary() async throws {
        let state = TemporaryState()
        let live = CutoverFixture.followingBuckets()
        for number in 0..<5 { live.s3.put("old", "kept/\(number)", [UInt8(number)]) }
        live.s3.put("old", "other", [1])
        live.followBuckets()
        let report = try await CutoverFixture.run(live, state.records, [.bucket])
        #expect(report.isSafe && report.verifications.map(\.equal) == [5], "\(report.steps)")
        #expect(report.steps[1].details.first?.contains(".sync-canary/") == true)
        #expect(live.s3.keys("old").count == 6 && live.s3.keys("new").count == 5)
    }

    @Test("ends at a bucket's canary that does not arrive, and takes it away again")
    func lostBucketCanary() async throws {
        let state = TemporaryState()
        let live = LiveAWS()
        let report = try await CutoverFixture.run(live, state.records, [.bucket])
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
        let report = try await CutoverFixture.run(live, state.records, [.bucket])
        #expect(report.steps.map(\.result) == [.passed, .failed])
        #expect(report.steps.last?.details.contains { $0.contains("still at the target") } == true)
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
        let task = Task { try await CutoverFixture.run(live, records) }
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
        let task = Task { try await CutoverFixture.run(live, records, [.bucket]) }
        try await reached.pass()
        task.cancel()
        await #expect(throws: CancellationError.self) { _ = try await task.value }
        #expect(live.s3.keys("old").isEmpty)
        _ = consume state
    }

    @Test("leaves a canary of an earlier run that somebody has changed, and says so", arguments: ["v", "sync-canary"])
    func changedLeftover(attribute: String) async throws {
        let state = TemporaryState()
        let live = CutoverFixture.following()
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
        let report = try await CutoverFixture.run(live, state.records)
        #expect(report.isSafe && live.dynamoDB.table("Orders").count == 1, "\(report.steps)")
        #expect(report.steps[0].details.contains { $0.contains("left where it is") && $0.contains("sync-canary-1") })
        #expect(try CanaryLog(path: "\(state.records.folder)/Sync.cutover").entries().isEmpty)
    }
}
