import AWSCore
import AWSTesting
import FoundationEssentials
import Glibc
import SyncCore
import Synchronization
import Testing

@Suite("A sync with a folder in which something changes or breaks")
struct FolderSyncFaultTests {
    @Test(
        "leaves no part of a file when the bytes are damaged or break off, and says so",
        arguments: [(500, "DamagedCopy"), (2000, "InterruptedStream")],
        [false, true]
    )
    func partial(kind: (size: Int, code: String), hasChecksum: Bool) async throws {
        let size = kind.size
        let scratch = try ScratchFolder()
        let fake = FakeS3 { call, _ in
            guard call.operation == "GetObject" else { return nil }
            return size == 500 ? .replacedBody { $0.map { $0 ^ 1 } } : .cutBody(0)
        }
        fake.createBucket("bucket")
        fake.put("bucket", "key", Array(repeating: 7, count: size)) { if !hasChecksum { $0.checksums = [:] } }
        let report = try await FolderSync.run(FolderSync.bucket(fake), .folder(scratch.path))
        #expect(report.failures.map(\.code) == [kind.code])
        #expect(scratch.files == [])
    }

    @Test(
        "checks the file by its ETag where S3 has no checksum of the object, however that was cut",
        arguments: [nil, [], [500, 500, 500, 500], [600, 400, 500, 500], [600, 500, 400, 500], [2000]] as [[Int]?],
        [false, true]
    )
    func checkedFile(parts: [Int]?, isDamaged: Bool) async throws {
        let calls = Mutex(0)
        let fake = FakeS3 { call, _ in
            guard call.operation == "GetObject" else { return nil }
            let number = calls.withLock { calls in
                calls += 1
                return calls
            }
            return isDamaged && number == 2 ? .replacedBody { $0.map { $0 ^ 1 } } : nil
        }
        fake.createBucket("bucket")
        let bytes = (0..<2000).map { UInt8(truncatingIfNeeded: $0 % 251) }
        fake.put("bucket", "key", bytes, parts: parts ?? []) { if parts != nil { $0.checksums = [:] } }
        let scratch = try ScratchFolder()
        let report = try await FolderSync.run(FolderSync.bucket(fake), .folder(scratch.path))
        #expect(report.failures == [])
        #expect(scratch.read("key") == bytes)
        // 7 parts of 300 bytes, twice when they were not what they should be.
        #expect(calls.withLock { $0 } == (isDamaged ? 14 : 7))
    }

    @Test("deletes files that the bucket does not have, and none that changed meanwhile")
    func deletes() async throws {
        let scratch = try ScratchFolder()
        let path = scratch.path
        let fake = FakeS3 { call, _ in
            // The second look at the source.
            guard call.operation == "HeadObject", call.key == "new" else { return nil }
            return .first { _ in try? Data([2, 2]).write(to: URL(filePath: path + "/new")) }
        }
        fake.createBucket("bucket")
        fake.put("bucket", "key", [1])
        try scratch.write("old/file", [1])
        try scratch.write("new", [1])
        let report = try await FolderSync.run(FolderSync.bucket(fake), .folder(scratch.path)) { $0.deletion = .usual }
        #expect(report.deleted == 1)
        #expect(report.conflicts == 1)
        #expect(scratch.files == ["key", "new"])
        #expect(scratch.read("new") == [2, 2])
    }

    @Test("uploads a file that changes while it is read as it is then, or not at all")
    func changingFile() async throws {
        let scratch = try ScratchFolder()
        let isDone = Mutex(false)
        let path = scratch.path
        let fake = FakeS3 { call, _ in
            guard call.operation == "CreateMultipartUpload",
                isDone.withLock({ done in
                    defer { done = true }
                    return !done
                })
            else { return nil }
            return .first { _ in
                try? Data(repeating: 9, count: 2500).write(to: URL(filePath: path + "/file"))
            }
        }
        fake.createBucket("bucket")
        try scratch.write("file", Array(repeating: 1, count: 2000))
        let report = try await FolderSync.run(.folder(scratch.path), FolderSync.bucket(fake))
        #expect(report.failures == [])
        #expect(report.conflicts >= 1)
        #expect(fake.object("bucket", "file")?.bytes == Array(repeating: 9, count: 2500))
        #expect(fake.current.uploads.isEmpty)
    }

    @Test("looks again before it uploads over what somebody else has put there meanwhile", arguments: [1, 2000])
    func objectOfSomebodyElse(size: Int) async throws {
        let isDone = Mutex(false)
        let fake = FakeS3 { call, _ in
            guard ["PutObject", "CompleteMultipartUpload"].contains(call.operation),
                isDone.withLock({ done in
                    defer { done = true }
                    return !done
                })
            else { return nil }
            return .first { $0.put("bucket", "file", [9]) }
        }
        fake.createBucket("bucket")
        let scratch = try ScratchFolder()
        try scratch.write("file", Array(repeating: 1, count: size))
        let report = try await FolderSync.run(.folder(scratch.path), FolderSync.bucket(fake)) { $0.comparison = .etag }
        #expect(report.failures == [])
        #expect(report.conflicts == 1)
        #expect(fake.object("bucket", "file")?.bytes == Array(repeating: 1, count: size))
    }

    @Test("takes nothing back in a dry run")
    func dryRunOfMerge() async throws {
        let scratch = try ScratchFolder()
        let path = scratch.path
        let fake = FakeS3 { call, _ in
            guard call.operation == "HeadObject" else { return nil }
            return .first { fake in
                guard (try? FileManager.default.removeItem(atPath: path + "/key")) != nil else { return }
                fake.put("bucket", "key", [3])
            }
        }
        fake.createBucket("bucket")
        fake.put("bucket", "key", [2])
        try scratch.write("key", [1])
        let report = try await FolderSync.run(.folder(path), FolderSync.bucket(fake)) {
            $0.isDryRun = true
            $0.mergesWithLiveSync = true
            $0.comparison = .etag
        }
        #expect(report.vanished == 1)
        #expect(fake.object("bucket", "key")?.bytes == [3])
        #expect(scratch.files == [])
    }

    @Test("takes away what an interrupted download left")
    func leftovers() async throws {
        let scratch = try ScratchFolder()
        try scratch.write("sub/.sync-partial-abc", [1])
        // Of another sync that is still at it.
        try scratch.write("sub/.sync-partial-def", [1])
        let other = open(scratch.path + "/sub/.sync-partial-def", O_RDWR)
        defer { close(other) }
        #expect(flock(other, LOCK_EX | LOCK_NB) == 0)
        let fake = FakeS3()
        fake.createBucket("bucket")
        fake.put("bucket", "sub/key", [1])
        _ = try await FolderSync.run(FolderSync.bucket(fake), .folder(scratch.path)) { $0.deletion = .usual }
        #expect(scratch.files == ["sub/.sync-partial-def", "sub/key"])
    }

    /// Counts calls, from 1.
    private final class Counter: Sendable {
        private let count = Mutex(0)

        func next() -> Int {
            count.withLock { count in
                count += 1
                return count
            }
        }
    }

    /// An object that S3 has neither a checksum nor an MD5 of.
    private static func putUnknown(_ fake: FakeS3, _ byte: UInt8) {
        fake.put("bucket", "key", Array(repeating: byte, count: 2000), parts: [500, 500, 500, 500]) {
            $0.checksums = [:]
            $0.encryption = "aws:kms"
        }
    }

    @Test("downloads one version of an object, however it changes while its parts are read (H8)", arguments: 1...3)
    func changedObject(call number: Int) async throws {
        let calls = Counter()
        let fake = FakeS3 { call, _ in
            guard ["GetObject", "HeadObject"].contains(call.operation), calls.next() == number else { return nil }
            return .first { Self.putUnknown($0, 2) }
        }
        fake.createBucket("bucket")
        Self.putUnknown(fake, 1)
        let scratch = try ScratchFolder()
        let report = try await FolderSync.run(FolderSync.bucket(fake), .folder(scratch.path)) { $0.partsAtOnce = 1 }
        #expect(report.failures == [])
        #expect(report.conflicts == 1)
        #expect(scratch.read("key") == Array(repeating: 2, count: 2000))
        #expect(scratch.files == ["key"])
    }

    @Test("downloads a small object that changed since it was listed with its new time")
    func changedSmallObject() async throws {
        let calls = Counter()
        let fake = FakeS3 { call, _ in
            guard call.operation == "GetObject", calls.next() == 1 else { return nil }
            return .first { $0.put("bucket", "key", [2]) }
        }
        fake.createBucket("bucket")
        fake.put("bucket", "key", [1])
        let scratch = try ScratchFolder()
        let report = try await FolderSync.run(FolderSync.bucket(fake), .folder(scratch.path))
        #expect(report.conflicts == 1)
        #expect(scratch.read("key") == [2])
        let again = try await FolderSync.run(FolderSync.bucket(fake), .folder(scratch.path))
        #expect(again.listed.unchanged == 1)
    }

    @Test("takes a part with other bytes than were asked for for damaged", arguments: [-1, 1])
    func otherRange(excess: Int) async throws {
        let calls = Counter()
        let fake = FakeS3 { call, _ in
            guard call.operation == "GetObject", calls.next() == 2 else { return nil }
            return .replacedBody { excess < 0 ? $0.dropLast() : $0 + [9] }
        }
        fake.createBucket("bucket")
        Self.putUnknown(fake, 1)
        let scratch = try ScratchFolder()
        let report = try await FolderSync.run(FolderSync.bucket(fake), .folder(scratch.path))
        #expect(report.failures == [])
        #expect(scratch.read("key") == Array(repeating: 1, count: 2000))
        #expect(calls.next() > 8)
    }

    @Test("looks again before it replaces a file that somebody has written meanwhile", arguments: [false, true])
    func fileOfSomebodyElse(isThere: Bool) async throws {
        let scratch = try ScratchFolder()
        let path = scratch.path
        let calls = Counter()
        let fake = FakeS3 { call, _ in
            guard call.operation == "GetObject", calls.next() == 1 else { return nil }
            return .first { _ in try? Data([3, 3, 3]).write(to: URL(filePath: path + "/key")) }
        }
        fake.createBucket("bucket")
        fake.put("bucket", "key", [1])
        if isThere { try scratch.write("key", [2, 2]) }
        let report = try await FolderSync.run(FolderSync.bucket(fake), .folder(scratch.path))
        #expect(report.failures == [])
        #expect(report.conflicts == 1)
        #expect(scratch.read("key") == [1])
    }

    @Test("writes nothing over a link, nor through it")
    func link() async throws {
        let (scratch, outside) = (try ScratchFolder(), try ScratchFolder())
        try outside.write("file", [1])
        try FileManager.default.createSymbolicLink(
            atPath: scratch.path + "/key",
            withDestinationPath: outside.path + "/file"
        )
        let fake = FakeS3()
        fake.createBucket("bucket")
        fake.put("bucket", "key", [2])
        let report = try await FolderSync.run(FolderSync.bucket(fake), .folder(scratch.path))
        #expect(report.failures.map(\.code) == ["SymbolicLink"])
        #expect(outside.read("file") == [1])
        #expect(try FileManager.default.destinationOfSymbolicLink(atPath: scratch.path + "/key").hasSuffix("/file"))
    }

    @Test("uploads a file as it is by then when it changed since it was listed", arguments: [1, 2000])
    func changedFile(size: Int) async throws {
        let scratch = try ScratchFolder()
        let path = scratch.path
        let calls = Counter()
        let fake = FakeS3 { call, _ in
            // The closer look, behind the listings.
            guard call.operation == "HeadObject", calls.next() == 1 else { return nil }
            return .first { _ in try? Data(repeating: 3, count: size + 1).write(to: URL(filePath: path + "/key")) }
        }
        fake.createBucket("bucket")
        fake.put("bucket", "key", Array(repeating: 1, count: size))
        try scratch.write("key", Array(repeating: 2, count: size))
        let report = try await FolderSync.run(.folder(scratch.path), FolderSync.bucket(fake)) {
            $0.comparison = .checksum
        }
        #expect(report.failures == [])
        #expect(report.conflicts == 1)
        #expect(fake.object("bucket", "key")?.bytes == Array(repeating: 3, count: size + 1))
    }
}
