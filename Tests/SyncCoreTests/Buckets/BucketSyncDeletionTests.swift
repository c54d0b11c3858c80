import AWSCore
import AWSTesting
import SyncCore
import Synchronization
import Testing

@Suite("What a sync deletes")
struct BucketSyncDeletionTests {
    private func filled(
        extra: Int = 3,
        fault: @escaping @Sendable (FakeS3Call, Int) -> FakeS3.Fault? = { _, _ in nil }
    ) -> BucketSyncHarness {
        var harness = BucketSyncHarness(fault: fault)
        harness.options.deletion = .usual
        for number in 0..<20 { harness.fake.put("source", "key-\(number)", [1]) }
        for number in 0..<extra { harness.fake.put("target", "extra-\(number)", [1]) }
        return harness
    }

    @Test("is what only the target has, and nothing when nobody asked")
    func deletes() async throws {
        var harness = filled()
        harness.options.deletion = nil
        #expect(try await harness.run().deleted == 0)
        #expect(harness.fake.keys("target").count == 23)
        harness.options.deletion = .usual
        let report = try await harness.run()
        #expect(report.deleted == 3)
        #expect(report.isComplete)
        #expect(harness.fake.keys("target") == harness.fake.keys("source"))
    }

    @Test(
        "is nothing at all beyond the limit",
        arguments: [(DeletionLimit.objects(2), 3), (.percent(10), 3), (.objects(3), 0), (.percent(100), 0)]
    )
    func limit(limit: DeletionLimit, kept: Int) async throws {
        var harness = filled()
        harness.options.deletion = limit
        let report = try await harness.run()
        #expect(harness.fake.keys("target").count == 20 + kept)
        #expect((report.deletionRefusal == nil) == (kept == 0))
        #expect(report.isComplete == (kept == 0))
    }

    @Test("is nothing by itself when the source is empty")
    func emptySource() async throws {
        var harness = BucketSyncHarness()
        harness.options.deletion = .usual
        harness.fake.put("target", "a", [1])
        #expect(try await harness.run().deletionRefusal != nil)
        #expect(harness.fake.keys("target") == ["a"])
        harness.options.deletion = .percent(100)
        #expect(try await harness.run().deleted == 1)
    }

    @Test(
        "is nothing when a listing ended in any but a clean way (H23)",
        arguments: ["error", "cut", "short", "empty"]
    )
    func brokenListing(kind: String) async throws {
        let harness = filled { call, _ in
            guard call.operation == "ListObjectsV2", call.bucket == "source" else { return nil }
            switch kind {
            case "error": return .error("InternalError", status: 500)
            case "cut": return .cutBody(300)
            case "short":
                // An end tag is all that a listing needs to look complete.
                return .replacedBody {
                    Array(String(decoding: $0.prefix(400), as: UTF8.self).utf8) + Array("</ListBucketResult>".utf8)
                }
            default: return .replacedBody { _ in [] }
            }
        }
        await #expect(throws: (any Error).self) { try await harness.run() }
        #expect(harness.fake.keys("target").filter { $0.hasPrefix("extra") }.count == 3)
        #expect(harness.fake.current.calls["DeleteObject"] == nil)
    }

    @Test("is nothing that a second look finds at the source, though the listing left it out")
    func secondLook() async throws {
        let harness = filled { call, _ in
            guard call.operation == "ListObjectsV2", call.bucket == "source" else { return nil }
            return .replacedBody { body in
                let text = String(decoding: body, as: UTF8.self)
                guard let key = text.firstRange(of: "<Contents><Key>key-0<"),
                    let end = text[key.upperBound...].firstRange(of: "</Contents>")
                else { return body }
                let shorter = text[..<key.lowerBound] + text[end.upperBound...]
                return Array(String(shorter).replacing("<KeyCount>20<", with: "<KeyCount>19<").utf8)
            }
        }
        harness.fake.put("target", "key-0", [1])
        let report = try await harness.run()
        #expect(report.deleted == 3)
        #expect(harness.fake.keys("target").contains("key-0"))
    }

    @Test("is nothing of which the listing does not tell what it is")
    func withoutETag() async throws {
        let harness = filled { call, _ in
            guard call.operation == "ListObjectsV2", call.bucket == "target" else { return nil }
            return .replacedBody { body in
                var text = String(decoding: body, as: UTF8.self)
                while let start = text.firstRange(of: "<ETag>"), let end = text.firstRange(of: "</ETag>") {
                    text.removeSubrange(start.lowerBound..<end.upperBound)
                }
                return Array(text.utf8)
            }
        }
        let report = try await harness.run()
        #expect(report.deleted == 0)
        #expect(report.conflicts == 3)
        #expect(harness.fake.keys("target").filter { $0.hasPrefix("extra") }.count == 3)
    }

    @Test("is nothing that was written since it was listed")
    func writtenSince() async throws {
        let isDone = Mutex(false)
        let harness = filled(extra: 1) { call, _ in
            guard call.operation == "DeleteObject",
                isDone.withLock({ done in
                    defer { done = true }; return !done
                })
            else {
                return nil
            }
            return .first { $0.put("target", "extra-0", [2]) }
        }
        let report = try await harness.run()
        #expect(report.deleted == 0)
        #expect(report.conflicts == 1)
        #expect(harness.fake.object("target", "extra-0")?.bytes == [2])
    }

    @Test("comes back beside live sync when the source got the same bytes again meanwhile (H10)")
    func backAgain() async throws {
        // Live sync found both sides equal before the deletion was through.
        var harness = filled(extra: 1) { call, _ in
            call.operation == "DeleteObject" ? .first { $0.put("source", "extra-0", [1]) } : nil
        }
        harness.options.mergesWithLiveSync = true
        let report = try await harness.run()
        #expect(report.deleted == 1 && report.conflicts == 1 && report.isComplete)
        harness.expectEqual()
    }

    @Test(
        "is nothing of live sync's when a merge takes back what may be its own (H10)",
        arguments: ["HeadObject", "DeleteObject"]
    )
    func liveCopy(operation: String) async throws {
        let copies = Mutex(0)
        let isBack = Mutex(false)
        var harness = BucketSyncHarness { call, _ in
            if call.operation == "CopyObject" {
                let number = copies.withLock { copies in
                    copies += 1
                    return copies
                }
                // The answer of a copy that was made is lost, and the source with it when it is asked for again.
                return number == 1 ? .lostAnswer : number == 2 ? .first { $0.delete("source", "key") } : nil
            }
            guard call.operation == operation, call.bucket == "target", copies.withLock({ $0 }) == 2 else { return nil }
            return isBack.withLock { isBack in
                defer { isBack = true }
                // It comes to the source anew, and live sync is faster than the merge.
                return isBack
                    ? nil
                    : .first { fake in
                        fake.put("source", "key", [2])
                        fake.put("target", "key", [2])
                    }
            }
        }
        harness.options.mergesWithLiveSync = true
        harness.fake.put("source", "key", [1])
        let report = try await harness.run()
        #expect(isBack.withLock { $0 } && report.isComplete && report.takenBack == 0)
        // Written once by the merge and once by live sync, and never gone in between.
        #expect(harness.fake.object("target", "key")?.bytes == [2])
        #expect(copies.withLock { $0 } == 2)
        #expect(harness.fake.current.calls["DeleteObject"] == (operation == "DeleteObject" ? 1 : nil))
    }

    @Test("is nothing while not every object could be copied")
    func failedCopies() async throws {
        let harness = filled { call, _ in
            call.operation == "CopyObject" && call.key == "key-7" ? .error("AccessDenied", status: 403) : nil
        }
        let report = try await harness.run()
        #expect(report.deleted == 0)
        #expect(report.deletionRefusal != nil)
        #expect(harness.fake.keys("target").filter { $0.hasPrefix("extra") }.count == 3)
    }
}
