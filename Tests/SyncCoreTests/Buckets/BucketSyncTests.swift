import AWSCore
import AWSTesting
import SyncCore
import Synchronization
import Testing

@Suite("A sync of two buckets")
struct BucketSyncTests {
    private static func small(_ options: inout BucketSyncOptions) {
        options.multipartCopyThreshold = 1000
        options.copyPartSize = 300
        options.streamPartThreshold = 1000
        options.partSize = 300
        options.transfersAtOnce = 8
    }

    @Test("copies every object with all that belongs to it, within S3 or through here", arguments: [false, true])
    func copies(streams: Bool) async throws {
        let seed = newSeed()
        print("seed \(seed)")
        var random = SeededGenerator(seed: seed)
        var harness = BucketSyncHarness()
        Self.small(&harness.options)
        harness.options.streams = streams
        harness.fake.update { $0.maximumCopySize = 1000 }
        harness.fake.update { $0.maximumKeys = 40 }
        let keys = AwkwardKeys.random(400, using: &random)
        harness.fill(keys, using: &random)
        let report = try await harness.run()
        #expect(report.failures == [])
        #expect(report.transferredObjects == keys.count)
        #expect(report.isComplete)
        harness.expectEqual("seed \(seed)")
        #expect((harness.fake.current.calls["CompleteMultipartUpload"] ?? 0) > 0)
        let again = try await harness.run()
        #expect(again.transferredObjects == 0)
        #expect(again.listed.unchanged == keys.count)
    }

    @Test("loses and changes nothing under faults and when it is killed, and goes on", arguments: [false, true])
    func faults(streams: Bool) async throws {
        let seed = newSeed()
        print("seed \(seed)")
        var random = SeededGenerator(seed: seed)
        let chance = Mutex(SeededGenerator(seed: seed &+ 1))
        let isTroubled = Mutex(true)
        let victim = Mutex<(at: Int, sync: Task<BucketSyncReport, any Error>?)>((.max, nil))
        var harness = BucketSyncHarness { call, number in
            guard isTroubled.withLock({ $0 }) else { return nil }
            victim.withLock { if number >= $0.at { $0.sync?.cancel() } }
            let number = chance.withLock { Int.random(in: 0..<100, using: &$0) }
            switch number {
            case 0..<3: return .error("SlowDown", status: 503)
            case 3..<5: return .error("InternalError", status: 500)
            case 5..<8: return .cut
            case 8..<11: return call.operation == "AbortMultipartUpload" ? nil : .lostAnswer
            case 11..<14:
                return ["CopyObject", "UploadPartCopy", "CompleteMultipartUpload"].contains(call.operation)
                    ? .lateError : nil
            case 14..<17: return ["GetObject", "ListObjectsV2"].contains(call.operation) ? .cutBody(number * 20) : nil
            case 17:
                return call.operation == "CompleteMultipartUpload"
                    ? .error("ConditionalRequestConflict", status: 409) : nil
            default: return nil
            }
        }
        Self.small(&harness.options)
        harness.options.streams = streams
        harness.options.deletion = .usual
        harness.fake.update { $0.maximumKeys = 30 }
        let keys = AwkwardKeys.random(200, using: &random)
        harness.fill(keys, using: &random)
        let extra = AwkwardKeys.fixed.map { "zz extra/" + $0 }
        for key in extra { harness.fake.put("target", key, [1]) }
        // Killed at random points: what was going on just stops.
        for _ in 0..<5 {
            let sync = Task { [harness] in try await harness.run() }
            let requests = Int.random(in: 20..<300, using: &random)
            let soFar = harness.fake.current.calls.values.reduce(0, +)
            victim.withLock { $0 = (soFar + requests, sync) }
            _ = try? await sync.value
        }
        isTroubled.withLock { $0 = false }
        let report = try await harness.run()
        #expect(report.failures == [])
        #expect(report.isComplete)
        // An upload whose beginning was answered into the void cannot be known; the bucket's lifecycle clears it up.
        harness.fake.update { $0.uploads = [:] }
        harness.expectEqual("seed \(seed)")
        #expect(harness.fake.current.buckets["target"]?.objects.count == keys.count)
    }

    @Test("takes equal keys for one only when their bytes are equal")
    func canonicallyEqualKeys() async throws {
        let harness = BucketSyncHarness()
        for key in ["e\u{301}", "\u{E9}", "\u{1112}\u{1161}\u{11AB}", "한"] {
            harness.fake.put("source", key, Array(key.utf8))
        }
        harness.fake.put("target", "\u{E9}", Array("\u{E9}".utf8))
        let report = try await harness.run()
        #expect(report.transferredObjects == 3)
        harness.expectEqual()
    }

    @Test("copies again what has another size, or was modified after its copy")
    func times() async throws {
        var harness = BucketSyncHarness()
        for key in ["same", "size", "older", "newer"] {
            harness.fake.put("source", key, [1])
            harness.fake.put("target", key, [1])
        }
        harness.fake.put("target", "size", [1, 2])
        harness.fake.put("source", "older", [2])
        harness.fake.put("target", "newer", [3])
        let report = try await harness.run()
        #expect(report.transferredObjects == 2)
        #expect(harness.fake.object("target", "size")?.bytes == [1])
        #expect(harness.fake.object("target", "older")?.bytes == [2])
        // As with aws: a target written later is taken for a copy.
        #expect(harness.fake.object("target", "newer")?.bytes == [3])
        harness.options.comparison = .size
        harness.fake.put("source", "same", [9])
        #expect(try await harness.run().transferredObjects == 0)
        harness.options.comparison = .etag
        #expect(try await harness.run().transferredObjects == 2)
        harness.expectEqual()
    }

    @Test("copies what was written in the same second, unless it has the same ETag")
    func sameSecond() async throws {
        let harness = BucketSyncHarness()
        for key in ["same", "other"] { harness.fake.put("source", key, [1]) }
        harness.fake.put("target", "same", [1])
        harness.fake.put("target", "other", [2])
        harness.fake.update { state in
            for bucket in ["source", "target"] {
                for key in ["same", "other"] {
                    state.buckets[bucket]?.objects[FakeS3Key(key)]?.lastModified = state.now
                }
            }
        }
        let report = try await harness.run()
        #expect(report.transferredObjects == 1)
        #expect(report.listed.unchanged == 1)
        #expect(harness.fake.object("target", "other")?.bytes == [1])
    }

    @Test("compares by checksum what was cut into other parts")
    func checksums() async throws {
        var harness = BucketSyncHarness()
        harness.options.comparison = .checksum
        let bytes = Array(repeating: UInt8(7), count: 100)
        harness.fake.put("source", "equal", bytes, parts: [50, 50])
        harness.fake.put("target", "equal", bytes)
        harness.fake.put("source", "different", bytes, parts: [50, 50])
        harness.fake.put("target", "different", Array(repeating: UInt8(8), count: 100))
        harness.fake.put("source", "unknown", bytes, parts: [50, 50]) { $0.checksums = [:] }
        harness.fake.put("target", "unknown", bytes)
        let report = try await harness.run()
        #expect(report.foundEqual == 1)
        #expect(report.transferredObjects == 2)
        harness.expectEqual()
    }

    @Test("names archived objects instead of failing, and copies those that are restored", arguments: [false, true])
    func archived(streams: Bool) async throws {
        var harness = BucketSyncHarness()
        harness.options.streams = streams
        harness.fake.put("source", "cold", [1]) { $0.storageClass = "GLACIER" }
        harness.fake.put("source", "thawing", [1]) {
            $0.storageClass = "DEEP_ARCHIVE"
            $0.restore = "ongoing-request=\"true\""
        }
        harness.fake.put("source", "thawed", [1]) {
            $0.storageClass = "GLACIER"
            $0.restore = "ongoing-request=\"false\", expiry-date=\"Fri, 21 Dec 2099 00:00:00 GMT\""
        }
        harness.fake.put("source", "warm", [1])
        let report = try await harness.run()
        #expect(report.archived == 2)
        #expect(report.archivedKeys.sorted() == ["cold", "thawing"])
        #expect(report.transferredObjects == 2)
        #expect(report.failed == 0)
        #expect(!report.isComplete)
        #expect(harness.fake.keys("target") == ["thawed", "warm"])
        // What the listing tells of is not tried.
        #expect(harness.fake.current.calls[streams ? "GetObject" : "CopyObject"] == 2)
    }

    @Test("names an object that is archived by the time that it is its turn", arguments: [false, true])
    func archivedSince(streams: Bool) async throws {
        var harness = BucketSyncHarness { call, _ in
            guard call.operation == (streams ? "GetObject" : "CopyObject") else { return nil }
            return .first { fake in
                fake.update { $0.buckets["source"]?.objects[FakeS3Key("cold")]?.storageClass = "DEEP_ARCHIVE" }
            }
        }
        harness.options.streams = streams
        harness.fake.put("source", "cold", [1])
        let report = try await harness.run()
        #expect(report.archivedKeys == ["cold"])
        #expect(report.failures == [])
        #expect(!report.isComplete)
        #expect(harness.fake.keys("target") == [])
    }

    @Test("only says what it would do in a dry run")
    func dryRun() async throws {
        var harness = BucketSyncHarness()
        harness.options.isDryRun = true
        harness.options.deletion = .usual
        harness.fake.put("source", "new", [1, 2])
        harness.fake.put("target", "old", [1])
        let events = Mutex<[String]>([])
        let report = try await harness.run { event in
            switch event {
            case .wouldTransfer(let key, let bytes): events.withLock { $0.append("+\(key) \(bytes)") }
            case .wouldDelete(let key): events.withLock { $0.append("-\(key)") }
            case .problem, .abortedUploads, .unreadableUploads: break
            }
        }
        #expect(events.withLock { $0 } == ["+new 2", "-old"])
        #expect(report.transferredObjects == 1)
        #expect(harness.fake.keys("target") == ["old"])
    }

    @Test("leaves alone what filters exclude, on both sides")
    func filters() async throws {
        var harness = BucketSyncHarness()
        harness.options.filter = KeyFilter([.exclude("*"), .include("*.txt")])
        harness.options.deletion = .usual
        for key in ["a.txt", "b.jpg"] { harness.fake.put("source", key, [1]) }
        for key in ["c.txt", "d.jpg"] { harness.fake.put("target", key, [1]) }
        let report = try await harness.run()
        #expect(report.listed.excluded == 2)
        #expect(harness.fake.keys("target") == ["a.txt", "d.jpg"])
    }

    @Test("stops with one error when a listing fails, or the bucket is gone")
    func fatal() async throws {
        let harness = BucketSyncHarness { call, _ in
            call.operation == "CopyObject" ? .error("NoSuchBucket", status: 404) : nil
        }
        for number in 0..<50 { harness.fake.put("source", "\(number)", []) }
        await #expect(throws: AWSError.self) { try await harness.run() }
        #expect((harness.fake.current.calls["CopyObject"] ?? 0) < 70)
    }

    @Test("counts what fails, with AWS's code and request id, and copies the rest")
    func failures() async throws {
        let harness = BucketSyncHarness { call, _ in
            call.operation == "CopyObject" && call.key == "b" ? .error("AccessDenied", status: 403) : nil
        }
        for key in ["a", "b", "c"] { harness.fake.put("source", key, [1]) }
        let report = try await harness.run()
        #expect(report.failed == 1)
        #expect(report.failures.map(\.key) == ["b"])
        #expect(report.failures.first?.code == "AccessDenied")
        #expect(report.failures.first?.message.contains("FAKE403") == true)
        #expect(harness.fake.keys("target") == ["a", "c"])
    }
}
