import AWSCore
import AWSTesting
import FoundationEssentials
import Testing

@testable import SyncCore

@Suite("Replaying what has failed of buckets")
struct BucketReplayTests {
    private func run(_ live: LiveAWS, _ configure: (inout Replay.Options) -> Void = { _ in }) async throws
        -> ReplayReport
    {
        var options = Replay.Options()
        configure(&options)
        var report = ReplayReport()
        try await Replay(
            try live.clients([.bucket]),
            records: SyncRecordStore(folder: "/nonexistent"),
            options: options,
            environment: AWSClient.Environment(sleep: { _ in await Task.yield() })
        ).run(into: &report)
        return report
    }

    private func send(_ live: LiveAWS, _ keys: String..., bucket: String = "old", name: String = "ObjectCreated:Put") {
        live.send(
            BucketEvents.records(keys.map { BucketEvents.s3("kept/\($0)", bucket: bucket, name: name) }).text(),
            to: "Sync-bucket-failures"
        )
    }

    @Test("An object is made as the source is now, whatever the event was about, and its message deleted")
    func settled() async throws {
        let live = LiveAWS()
        live.s3.put("old", "kept/new one", [1])
        live.s3.put("old", "kept/changed", [2])
        live.s3.put("new", "changed", [9])
        live.s3.put("new", "gone", [3])
        live.s3.put("old", "kept/same", [4])
        live.followBuckets()
        live.s3.put("new", "changed", [9])
        live.s3.delete("new", "new one")
        live.s3.put("new", "gone", [3])
        // Its creation is in the queue, and it was deleted since.
        send(live, "new one", "gone")
        // Its deletion is in the queue, and it was made again since.
        send(live, "changed", name: "ObjectRemoved:Delete")
        send(live, "same")
        let report = try await run(live)
        #expect(report.messages == 3 && report.done == 3 && report.isComplete && report.remaining == 0, "\(report)")
        #expect(report.counts.written == 2 && report.counts.deleted == 1 && report.counts.unchanged == 1)
        #expect(live.s3.keys("new") == ["changed", "new one", "same"])
        #expect(live.s3.object("new", "changed")?.bytes == [2])
        #expect(live.messages("Sync-bucket-failures").isEmpty)
    }

    @Test("A message stays, visible, as long as one of its objects could not be settled")
    func left() async throws {
        let live = LiveAWS(s3Fault: { call, _ in
            call.bucket == "new" && call.key == "refused" && call.operation != "HeadObject"
                ? .error("AccessDenied", status: 403) : nil
        })
        live.s3.put("old", "kept/refused", [1])
        live.s3.put("old", "kept/fine", [2])
        send(live, "refused", "fine")
        let report = try await run(live)
        #expect(report.done == 0 && report.left.count == 1 && !report.isComplete && report.remaining == 1)
        #expect(report.left.first?.reason.contains("AccessDenied") == true, "\(report.left)")
        #expect(report.left.first?.queue == "Sync-bucket-failures")
        #expect(live.s3.keys("new") == ["fine"])
        #expect(live.messages("Sync-bucket-failures").map(\.isHidden) == [false])
    }

    @Test(
        "What is not understood, or about nothing that is mapped, stays and says so",
        arguments: [("{", "is not understood"), (#"{"Records":[{"eventSource":"aws:sqs"}]}"#, "is not one of S3")]
    )
    func unknown(body: String, reason: String) async throws {
        let live = LiveAWS()
        live.send(body, to: "Sync-bucket-failures")
        let report = try await run(live)
        #expect(report.left.count == 1 && report.left[0].reason.contains(reason), "\(report.left)")
        #expect(live.messages("Sync-bucket-failures").map(\.body) == [body])
        let other = LiveAWS()
        send(other, "a", bucket: "another")
        let unmapped = try await run(other)
        #expect(unmapped.left.first?.reason.contains("another") == true && unmapped.done == 0, "\(unmapped)")
        #expect(other.messages("Sync-bucket-failures").count == 1)
    }

    @Test("A dry run changes neither buckets nor queues, and other mappings' messages are not taken")
    func untouched() async throws {
        let live = LiveAWS()
        live.s3.put("old", "kept/a", [1])
        send(live, "a", "b")
        let report = try await run(live) { $0.isDryRun = true }
        #expect(report.planned == 2 && report.done == 0 && live.s3.keys("new").isEmpty)
        let other = try await run(live) { $0.pairs = [SyncPair(places: "s3://x/", "s3://y/")] }
        #expect(other.skipped == 1 && other.done == 0)
        #expect(live.messages("Sync-bucket-failures").map(\.isHidden) == [false])
    }

    @Test("Objects for which there was no time are not done")
    func outOfTime() async throws {
        let live = LiveAWS()
        live.s3.put("old", "kept/a", [1])
        send(live, "a")
        let body = try #require(live.messages("Sync-bucket-failures").first?.body)
        let replay = BucketReplay(try live.clients([.bucket]), isDryRun: false, timeLimit: -1)
        let event = try BucketEvent(parsingMessage: Array(body.utf8))
        await #expect(throws: ReplayError("there was not enough time; run sync replay again")) {
            try await replay.replay(event)
        }
    }
}
