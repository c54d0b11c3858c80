import AWSCore
import AWSTesting
import FoundationEssentials
import Glibc
import Synchronization
import Testing

@testable import SyncCore

@Suite("Comparing two buckets of which not everything can be known")
struct BucketVerificationDoubtTests {
    private typealias Pair = BucketVerificationTests.Pair

    @Test("looks behind equal ETags for whatever it was asked to compare", arguments: [(true, false), (false, true)])
    func propertiesAlone(metadata: Bool, tags: Bool) async throws {
        var pair = Pair()
        for key in ["same", "headers", "metadata", "tags"] { pair.put(key, [1]) }
        pair.change("target", "headers") { $0.content = ["content-type": "text/plain"] }
        pair.change("target", "metadata") { $0.metadata = ["a": "b"] }
        pair.change("target", "tags") { $0.tags = [S3Tag("a", "b")] }
        pair.options.comparesMetadata = metadata
        pair.options.comparesTags = tags
        let differences = try await pair.verify().differences
        let expected = metadata ? ["headers": ["headers"], "metadata": ["metadata"]] : ["tags": ["tags"]]
        #expect(differences.mapValues(\.aspects) == expected)
    }

    @Test("takes no two objects for equal because of an ETag that says nothing of their bytes")
    func equalETags() async throws {
        let pair = Pair()
        pair.put("key", [1, 2])
        pair.fake.put("target", "key", [1, 2, 3])
        for bucket in ["source", "target"] {
            pair.change(bucket, "key") {
                $0.etag = "\"0123456789abcdef0123456789abcdef\""
                $0.encryption = "aws:kms"
            }
        }
        let (result, differences) = try await pair.verify()
        #expect(differences.mapValues(\.aspects) == ["key": ["size"]])
        #expect(result.verdict == .different)
    }

    @Test("takes no two objects for equal of which a listing says no ETags")
    func noETags() async throws {
        let pair = Pair { call, _ in
            guard call.operation == "ListObjectsV2" else { return nil }
            return .replacedBody { body in
                var text = String(decoding: body, as: UTF8.self)
                while let start = text.firstRange(of: "<ETag>"), let end = text.firstRange(of: "</ETag>") {
                    text.removeSubrange(start.lowerBound..<end.upperBound)
                }
                return Array(text.utf8)
            }
        }
        pair.put("equal", [1, 2])
        pair.put("different", [1, 2])
        pair.fake.put("target", "different", [1, 3])
        let (result, differences) = try await pair.verify()
        #expect(differences.mapValues(\.kind) == ["different": .different])
        #expect(result.equal == [.etag: 1])
    }

    @Test("names a file that cannot be listed, and says that not everything was compared")
    func unlistedFile() async throws {
        let folder = try ScratchFolder()
        try folder.write("same", [1])
        let name = (folder.path + "/bad-").utf8.map { CChar(bitPattern: $0) } + [CChar(bitPattern: 0xFF), 0]
        close(open(name, O_CREAT | O_WRONLY, 0o600))
        let pair = Pair()
        pair.fake.put("target", "same", [1])
        let (result, differences) = try await pair.verify(.folder(folder.path), try pair.side("target"))
        #expect(differences.values.map(\.kind) == [.unverified])
        #expect(result.verdict == .undecided)
        #expect(folder.files.count == 2)
    }

    @Test(
        "does not call a difference what was another object at each reading, or shorter than it was said to be",
        arguments: [false, true]
    )
    func neverRead(isShort: Bool) async throws {
        var pair = Pair { call, _ in
            guard call.bucket == "source", isShort || call.operation == "GetObject" else { return nil }
            if !isShort { return .error("PreconditionFailed", status: 412) }
            let bytes: [UInt8] = call.operation == "GetObject" ? [1, 2] : [1, 2, 3]
            return .first { fake in
                fake.update { $0.buckets["source"]?.objects[FakeS3Key("key")]?.bytes = bytes }
            }
        }
        pair.put("key", [1, 2, 3])
        pair.options.comparison = .content
        let (result, differences) = try await pair.verify()
        #expect(differences.mapValues(\.kind) == ["key": .changing])
        #expect(result.verdict == .undecided && result.equal.isEmpty)
        // Not before the last look.
        #expect(pair.sleeper.recorded.count == 4)
    }

    @Test("reads the object that was looked at, and no other of its name")
    func readsOneVersion() async throws {
        let pair = Pair()
        pair.put("key", [1, 2, 3])
        let side = BucketSide(s3: try pair.fake.s3(), bucket: "source")
        let state = try #require(try await SyncSide.bucket(side).state(of: "key", isSource: true))
        _ = try #require(try await ContentDigest.of("key", state, .bucket(side), isSource: true))
        pair.fake.put("source", "key", [4, 5, 6])
        let error = await #expect(throws: AWSError.self) {
            try await ContentDigest.of("key", state, .bucket(side), isSource: true)
        }
        #expect(error?.isS3PreconditionFailed == true)
    }

    @Test("reads the file that was looked at, and none that was written since")
    func readsOneFile() async throws {
        let folder = FileManager.default.temporaryDirectory.path + "/content-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try Data([1, 2, 3]).write(to: URL(filePath: folder + "/key"))
        let side = SyncSide.folder(folder)
        let state = try #require(try await side.state(of: "key", isSource: true))
        #expect(try await ContentDigest.of("key", state, side, isSource: true) != nil)
        // Of the same size, and modified at another time.
        try Data([4, 5, 6]).write(to: URL(filePath: folder + "/key"))
        try FileManager.default.setAttributes(
            [.modificationDate: Date(timeIntervalSince1970: 1)],
            ofItemAtPath: folder + "/key"
        )
        #expect(try await ContentDigest.of("key", state, side, isSource: true) == nil)
    }

    @Test("does not read an archived object, and says so")
    func archived() async throws {
        var pair = Pair()
        pair.put("key", [1, 2, 3])
        pair.change("target", "key") { $0.storageClass = "GLACIER" }
        pair.options.comparison = .content
        let (result, differences) = try await pair.verify()
        #expect(differences["key"]?.kind == .unverified)
        #expect(differences["key"]?.reason == "only the size could be compared, because the object is archived")
        #expect(result.verdict == .undecided)
        #expect(pair.fake.current.calls["GetObject"] == nil)
    }

    @Test("repairs to what the source has when that changes behind the copy")
    func changedBehindRepair() async throws {
        let isCopied = Mutex(false)
        var pair = Pair { call, _ in
            if call.operation == "CopyObject" { isCopied.withLock { $0 = true } }
            guard call.operation == "HeadObject", call.bucket == "source",
                isCopied.withLock({ copied in
                    defer { copied = false }
                    return copied
                })
            else { return nil }
            return .first { fake in
                // Once only: the second copy is of this one.
                guard fake.object("source", "key")?.bytes == [1] else { return }
                fake.put("source", "key", [2])
            }
        }
        pair.fake.put("source", "key", [1])
        pair.options.repairs = true
        let (result, differences) = try await pair.verify()
        #expect(differences["key"]?.repair == .written)
        #expect(result.verdict == .equal)
        #expect(pair.fake.object("target", "key")?.bytes == [2])
    }

    @Test("repairs nothing over what live sync has written since the objects were compared")
    func writtenSince() async throws {
        let isDone = Mutex(false)
        var pair = Pair { call, _ in
            guard call.operation == "CopyObject",
                isDone.withLock({ done in
                    defer { done = true }
                    return !done
                })
            else { return nil }
            return .first { fake in for bucket in ["source", "target"] { fake.put(bucket, "key", [3]) } }
        }
        pair.fake.put("source", "key", [1])
        pair.fake.put("target", "key", [2])
        pair.options.repairs = true
        _ = try await pair.verify()
        #expect(pair.fake.object("target", "key")?.bytes == [3])
        #expect(pair.fake.current.calls["CopyObject"] == 1)
    }
}
