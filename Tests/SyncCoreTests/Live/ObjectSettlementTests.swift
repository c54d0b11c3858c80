import AWSCore
import AWSTesting
import Synchronization
import Testing

@testable import SyncCore

@Suite("Settling one object")
struct ObjectSettlementTests {
    private typealias Fault = @Sendable (FakeS3Call, Int) -> FakeS3.Fault?

    /// A settlement between two buckets of one S3, with the function's own identity or with another for the target.
    private func settlement(
        role: String? = nil,
        options: BucketSyncOptions = BucketSyncOptions(),
        fault: @escaping Fault = { _, _ in nil }
    ) throws -> (ObjectSettlement, FakeS3) {
        let fake = FakeS3(fault: fault)
        fake.createBucket("source")
        fake.createBucket("target")
        let region = try #require(Region("us-east-1"))
        let mapping = BucketMapping(
            source: BucketPrefix(bucket: "source"),
            sourceRegion: region,
            target: BucketPrefix(bucket: "target"),
            targetRegion: region,
            role: role
        )
        let configuration = SyncConfiguration(buckets: [mapping])
        let connections = BucketConnections(configuration, own: fake.client()) { fake.client(accessKeyID: $0) }
        let live = LiveBucketMapping(mapping, connections: connections, options: options)
        return (live.settlement, fake)
    }

    /// Before the nth call of an operation on a bucket.
    private static func before(
        _ moment: String,
        _ action: @escaping @Sendable (FakeS3) -> Void
    ) -> Fault {
        let counts = Mutex<[String: Int]>([:])
        return { call, _ in
            let name = "\(call.operation) \(call.bucket)"
            let number = counts.withLock { counts in
                counts[name, default: 0] += 1
                return counts[name] ?? 0
            }
            return "\(name) \(number)" == moment ? .first(action) : nil
        }
    }

    private static func writes(_ fake: FakeS3) -> Int {
        let calls = fake.current.calls
        return [
            "PutObject", "CopyObject", "CompleteMultipartUpload", "DeleteObject", "PutObjectTagging",
            "DeleteObjectTagging",
        ].reduce(0) { $0 + (calls[$1] ?? 0) }
    }

    @Test("copies what is missing or different, deletes what is gone, and then finds nothing to do")
    func outcomes() async throws {
        let (settlement, fake) = try settlement()
        #expect(try await settlement.settle(key: "a") == .vanished)
        fake.put("source", "a", [1, 2])
        #expect(try await settlement.settle(key: "a") == .copied(bytes: 2))
        fake.put("source", "a", [3, 4])
        #expect(try await settlement.settle(key: "a") == .copied(bytes: 2))
        #expect(fake.object("target", "a")?.bytes == [3, 4])
        let writes = Self.writes(fake)
        #expect(try await settlement.settle(key: "a") == .unchanged)
        #expect(Self.writes(fake) == writes)
        fake.delete("source", "a")
        #expect(try await settlement.settle(key: "a") == .deleted)
        #expect(fake.keys("target") == [])
    }

    @Test("follows tags and metadata of an object whose bytes stay the same (H6)")
    func properties() async throws {
        let (settlement, fake) = try settlement()
        fake.put("source", "a", [1]) { $0.tags = [S3Tag("t", "1")] }
        #expect(try await settlement.settle(key: "a") == .copied(bytes: 1))
        for tags in [[S3Tag("t", "2"), S3Tag("u", "")], [], [S3Tag("v", "3")]] {
            fake.update { $0.buckets["source"]?.objects[FakeS3Key("a")]?.tags = tags }
            #expect(try await settlement.settle(key: "a") == .tagged)
            #expect(fake.object("target", "a")?.tags == tags)
            #expect(try await settlement.settle(key: "a", comparesTags: true) == .unchanged)
        }
        fake.put("source", "a", [1]) { $0.metadata = ["owner": "me"] }
        #expect(try await settlement.settle(key: "a") == .copied(bytes: 1))
        #expect(fake.object("target", "a")?.essence == fake.object("source", "a")?.essence)
    }

    @Test("sees tags also where HEAD does not count them, when the event is about tags")
    func uncountedTags() async throws {
        let (settlement, fake) = try settlement()
        fake.update { $0.tellsTagCounts = false }
        fake.put("source", "a", [1])
        _ = try await settlement.settle(key: "a")
        fake.update { $0.buckets["source"]?.objects[FakeS3Key("a")]?.tags = [S3Tag("t", "1")] }
        #expect(try await settlement.settle(key: "a") == .unchanged)
        #expect(try await settlement.settle(key: "a", comparesTags: true) == .tagged)
    }

    @Test("copies what S3 has computed nothing of once, and not again after its own copy")
    func unknownContents() async throws {
        let (settlement, fake) = try settlement()
        let bare: @Sendable (inout FakeS3Object) -> Void = { object in
            object.checksums = [:]
            object.encryption = "aws:kms"
            object.etag = "\"opaque\""
        }
        fake.put("source", "a", [1], change: bare)
        #expect(try await settlement.settle(key: "a") == .copied(bytes: 1))
        #expect(fake.current.calls["CopyObject"] == 1)
    }

    @Test(
        "is right in the end whatever others write meanwhile, and whenever",
        arguments: [
            "HeadObject target 1", "HeadObject source 1", "CopyObject target 1", "HeadObject target 2",
            "HeadObject source 2",
        ],
        ["newer", "deleted", "metadata", "tags", "back"]
    )
    func concurrentWriters(moment: String, change: String) async throws {
        let (settlement, fake) = try settlement(
            fault: Self.before(moment) { fake in
                // The source changes, and another invocation brings the change over at once.
                for bucket in ["source", "target"] {
                    switch change {
                    case "newer": fake.put(bucket, "a", [2])
                    case "deleted": fake.delete(bucket, "a")
                    case "metadata": fake.put(bucket, "a", [1]) { $0.metadata = ["v": "2"] }
                    case "tags": fake.put(bucket, "a", [1]) { $0.tags = [S3Tag("v", "2")] }
                    // As the target was when it was looked at: its ETag cannot tell.
                    default: fake.put(bucket, "a", [0])
                    }
                }
            }
        )
        fake.put("source", "a", [1])
        fake.put("target", "a", [0])
        _ = try await settlement.settle(key: "a")
        #expect(fake.object("target", "a")?.essence == fake.object("source", "a")?.essence)
    }

    @Test("never takes the target back, not even for a moment")
    func neverBack() async throws {
        let put: @Sendable (FakeS3) -> Void = { fake in
            for bucket in ["source", "target"] { fake.put(bucket, "a", [2]) }
        }
        // Brought over by another before we look: nothing is left to do.
        let (settlement, fake) = try settlement(fault: Self.before("HeadObject target 1", put))
        fake.put("source", "a", [1])
        _ = try await settlement.settle(key: "a")
        #expect(fake.current.calls["CopyObject"] == nil)
        // Or before we write: what we meant to write, or to delete, does not happen.
        for (moment, size) in [
            ("CopyObject target 1", 1), ("PutObject target 1", 1), ("CompleteMultipartUpload target 1", 60),
            ("DeleteObject target 1", 0),
        ] {
            var options = BucketSyncOptions()
            options.streams = moment.hasPrefix("Put")
            options.multipartCopyThreshold = 50
            options.copyPartSize = 20
            let wasGone = Mutex(false)
            let isPut = Mutex(false)
            let before = Self.before(moment) { fake in
                put(fake)
                isPut.withLock { $0 = true }
            }
            let (settlement, fake) = try self.settlement(options: options) { call, number in
                if let fault = before(call, number) { return fault }
                return .first { fake in
                    guard isPut.withLock({ $0 }), fake.object("target", "a")?.bytes != [2] else { return }
                    wasGone.withLock { $0 = true }
                }
            }
            if size > 0 { fake.put("source", "a", Array(repeating: 1, count: size)) }
            fake.put("target", "a", [0])
            _ = try await settlement.settle(key: "a")
            #expect(!wasGone.withLock { $0 }, "\(moment)")
            #expect(fake.object("target", "a")?.bytes == [2])
        }
    }

    @Test("never takes the target back by a copy for which S3 took its time (H1)")
    func slowCopy() async throws {
        let isSlow = Mutex(true)
        let wasGone = Mutex(false)
        let (settlement, fake) = try settlement { call, _ in
            if call.operation == "CopyObject", isSlow.withLock({ isSlow in (isSlow, isSlow = false).0 }) {
                // The source is read already when it changes, and another invocation brings the change over.
                return .slow { fake in
                    for bucket in ["source", "target"] { fake.put(bucket, "a", [2]) }
                }
            }
            return .first { fake in
                guard !isSlow.withLock({ $0 }), fake.object("target", "a")?.bytes != [2] else { return }
                wasGone.withLock { $0 = true }
            }
        }
        fake.put("source", "a", [1])
        fake.put("target", "a", [0])
        #expect(try await settlement.settle(key: "a") == .unchanged)
        #expect(fake.object("target", "a")?.bytes == [2] && !wasGone.withLock { $0 })
    }

    @Test("is not deceived by a target that changed and changed back while S3 copied")
    func changedBack() async throws {
        let isSlow = Mutex(true)
        let (settlement, fake) = try settlement { call, _ in
            guard call.operation == "CopyObject", isSlow.withLock({ isSlow in (isSlow, isSlow = false).0 }) else {
                return nil
            }
            return .slow { fake in
                for byte: UInt8 in [2, 0] {
                    for bucket in ["source", "target"] { fake.put(bucket, "a", [byte]) }
                }
            }
        }
        fake.put("source", "a", [1])
        fake.put("target", "a", [0])
        _ = try await settlement.settle(key: "a")
        #expect(fake.object("target", "a")?.bytes == [0])
    }

    @Test("leaves no older tags, which no condition can keep away")
    func concurrentTags() async throws {
        let (settlement, fake) = try settlement(
            fault: Self.before("PutObjectTagging target 1") { fake in
                fake.update { state in
                    for bucket in ["source", "target"] {
                        state.buckets[bucket]?.objects[FakeS3Key("a")]?.tags = [S3Tag("t", "2")]
                    }
                }
            }
        )
        for (bucket, tag) in [("source", "1"), ("target", "0")] {
            fake.put(bucket, "a", [1]) { $0.tags = [S3Tag("t", tag)] }
        }
        #expect(try await settlement.settle(key: "a") == .tagged)
        #expect(fake.object("target", "a")?.tags == [S3Tag("t", "2")])
    }

    @Test("puts no parts of two versions together, not even for a moment (H8)", arguments: [false, true])
    func pinnedParts(streams: Bool) async throws {
        var options = BucketSyncOptions()
        options.streams = streams
        options.multipartCopyThreshold = 50
        options.copyPartSize = 20
        options.streamPartThreshold = 50
        options.partSize = 20
        let isMixed = Mutex(false)
        let second = Self.before(streams ? "GetObject source 2" : "UploadPartCopy target 2") { fake in
            fake.put("source", "a", Array(repeating: 2, count: 60))
        }
        let (settlement, fake) = try settlement(options: options) { call, number in
            second(call, number)
                ?? .first { fake in
                    guard let bytes = fake.object("target", "a")?.bytes, Set(bytes).count > 1 else { return }
                    isMixed.withLock { $0 = true }
                }
        }
        fake.put("source", "a", Array(repeating: 1, count: 60))
        #expect(try await settlement.settle(key: "a") == .copied(bytes: 60))
        #expect(fake.object("target", "a")?.bytes == Array(repeating: 2, count: 60))
        #expect(!isMixed.withLock { $0 })
        #expect(fake.current.uploads.isEmpty)
    }

    @Test("reads nothing but the version that it has looked at (H8)", arguments: [10, 60])
    func pinnedReads(size: Int) async throws {
        var options = BucketSyncOptions()
        options.streams = true
        options.streamPartThreshold = 50
        options.partSize = 20
        let pins = Mutex<[String?]>([])
        let (settlement, fake) = try settlement(options: options) { call, _ in
            if call.operation == "GetObject" { pins.withLock { $0.append(call.headers["If-Match"]) } }
            return nil
        }
        fake.put("source", "a", Array(repeating: 1, count: size))
        _ = try await settlement.settle(key: "a")
        let etag = try #require(fake.object("source", "a")?.etag)
        #expect(pins.withLock { $0 } == Array(repeating: etag, count: size == 10 ? 1 : 3))
    }

    @Test("deletes nothing that came back, and copies it again if it was deleted nevertheless (H5)")
    func deletionUndone() async throws {
        for moment in ["HeadBucket source 1", "DeleteObject target 1", "HeadObject source 2"] {
            let (settlement, fake) = try settlement(fault: Self.before(moment) { $0.put("source", "a", [1]) })
            fake.put("target", "a", [1])
            _ = try await settlement.settle(key: "a")
            #expect(fake.object("target", "a")?.bytes == [1], "\(moment)")
        }
    }

    @Test("deletes nothing when it is the source's bucket that is gone")
    func bucketGone() async throws {
        let (settlement, fake) = try settlement()
        fake.put("target", "a", [1])
        fake.update { $0.buckets["source"] = nil }
        let error = await #expect(throws: ObjectSettlementError.self) { try await settlement.settle(key: "a") }
        #expect(error?.description.contains("of s3://source/ is not there any more, so nothing is deleted") == true)
        #expect(fake.keys("target") == ["a"])
    }

    @Test("deletes nothing when it may not look")
    func denied() async throws {
        let (settlement, fake) = try settlement()
        fake.put("target", "a", [1])
        fake.update { $0.buckets["source"]?.refusedAccessKeys = ["AKIAEXAMPLE0"] }
        await #expect(throws: AWSError.self) { try await settlement.settle(key: "a") }
        #expect(fake.keys("target") == ["a"])
    }

    @Test("carries the bytes itself when the target's role may not read the source, and remembers that")
    func streamed() async throws {
        var options = BucketSyncOptions()
        options.streamPartThreshold = 100
        options.partSize = 40
        let (settlement, fake) = try settlement(role: "ROLE", options: options)
        fake.update { $0.buckets["source"]?.refusedAccessKeys = ["ROLE"] }
        fake.put("source", "a", [1, 2]) { object in
            object.tags = [S3Tag("t", "1")]
            object.metadata = ["m": "1"]
        }
        fake.put("source", "b", Array(repeating: 7, count: 250))
        for key in ["a", "b"] {
            _ = try await settlement.settle(key: key)
            #expect(fake.object("target", key)?.essence == fake.object("source", key)?.essence)
            #expect(try await settlement.settle(key: key) == .unchanged)
        }
        #expect(fake.current.calls["CopyObject"] == 1)
        #expect(fake.current.calls["UploadPart"] == 7)
    }

    @Test("does not carry bytes where both sides are reached with one identity, but says what is missing")
    func refused() async throws {
        let (settlement, fake) = try settlement { call, _ in
            call.operation == "CopyObject" ? .error("AccessDenied", status: 403) : nil
        }
        fake.put("source", "a", [1])
        let error = await #expect(throws: AWSError.self) { try await settlement.settle(key: "a") }
        #expect(error?.code == "AccessDenied" && error?.operation == "CopyObject")
        #expect(fake.current.calls["PutObject"] == nil)
    }

    @Test("copies in parts what is too large for one copy")
    func parts() async throws {
        var options = BucketSyncOptions()
        options.multipartCopyThreshold = 100
        options.copyPartSize = 30
        let (settlement, fake) = try settlement(options: options)
        fake.put("source", "a", Array(0..<200)) { $0.tags = [S3Tag("t", "1")] }
        #expect(try await settlement.settle(key: "a") == .copied(bytes: 200))
        #expect(fake.object("target", "a")?.essence == fake.object("source", "a")?.essence)
        #expect(fake.current.calls["UploadPartCopy"] == 7)
    }

    @Test("says of an archived object that it must be restored")
    func archived() async throws {
        let (settlement, fake) = try settlement()
        fake.put("source", "a", [1]) { $0.storageClass = "GLACIER" }
        let error = await #expect(throws: ObjectSettlementError.self) { try await settlement.settle(key: "a") }
        #expect(error?.reason == .archived)
    }

    @Test("gives up, with a word, on an object that changes for ever")
    func restless() async throws {
        let (settlement, fake) = try settlement { call, number in
            call.operation == "CopyObject" ? .first { $0.put("source", "a", Array("\(number)".utf8)) } : nil
        }
        fake.put("source", "a", [1])
        let error = await #expect(throws: ObjectSettlementError.self) { try await settlement.settle(key: "a") }
        #expect(error?.reason == .restless && error?.description.contains("s3://source/a changed 25 times") == true)
    }

    @Test("takes over where the website's visitors are sent, which S3 leaves out of copies")
    func redirect() async throws {
        let (settlement, fake) = try settlement()
        fake.put("source", "a", [1]) { object in
            object.content["x-amz-website-redirect-location"] = "/b"
            object.metadata = ["m": "1"]
        }
        #expect(try await settlement.settle(key: "a") == .copied(bytes: 1))
        #expect(fake.object("target", "a")?.essence == fake.object("source", "a")?.essence)
        #expect(try await settlement.settle(key: "a") == .unchanged)
    }

    @Test("leaves alone the marker of the folder that is copied to the root of a bucket")
    func folderMarker() async throws {
        let (settlement, fake) = try settlement()
        #expect(try await settlement.settle(key: "") == .unchanged)
        #expect(fake.current.calls.isEmpty)
    }
}
