import AWSCore
import AWSTesting
import FoundationEssentials
import Glibc
import SyncCore
import Synchronization
import Testing

@Suite("A sync with a folder")
struct FolderSyncTests {
    /// A folder that is gone at the end of the test.
    private final class Scratch {
        let path: String

        init() throws {
            path = FileManager.default.temporaryDirectory.path() + "/sync-test-\(UInt64.random(in: .min ... .max))"
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        }

        deinit { try? FileManager.default.removeItem(atPath: path) }

        func write(_ name: String, _ bytes: [UInt8]) throws {
            let file = path + "/" + name
            let folder = String(file[..<(file.lastIndex(of: "/") ?? file.endIndex)])
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            try Data(bytes).write(to: URL(filePath: file))
        }

        func read(_ name: String) -> [UInt8]? {
            FileManager.default.contents(atPath: path + "/" + name).map { Array($0) }
        }

        /// All files below, partial ones too.
        var files: [String] {
            ((try? FileManager.default.subpathsOfDirectory(atPath: path)) ?? []).filter { name in
                var isFolder = false
                _ = FileManager.default.fileExists(atPath: path + "/" + name, isDirectory: &isFolder)
                return !isFolder
            }.sorted()
        }
    }

    private func sync(
        _ source: SyncSide,
        _ target: SyncSide,
        _ change: (inout BucketSyncOptions) -> Void = { _ in },
        onEvent: @escaping @Sendable (BucketSync.Event) -> Void = { _ in }
    ) async throws -> BucketSyncReport {
        var options = BucketSyncOptions()
        options.streamPartThreshold = 1000
        options.partSize = 300
        options.transfersAtOnce = 4
        change(&options)
        return try await BucketSync(
            source: source,
            target: target,
            options: options,
            clock: SyncClock(sleep: { _ in try Task.checkCancellation() }),
            onEvent: onEvent
        ).run()
    }

    private func bucket(_ fake: FakeS3, _ prefix: String = "") throws -> SyncSide {
        .bucket(BucketSide(s3: try fake.s3(), bucket: "bucket", prefix: prefix))
    }

    @Test("brings files up and down again unchanged, and then has nothing to do")
    func roundTrip() async throws {
        let seed = newSeed()
        print("seed \(seed)")
        var random = SeededGenerator(seed: seed)
        let (from, to) = (try Scratch(), try Scratch())
        var contents: [String: [UInt8]] = [:]
        for name in ["a", "a-b/c", "a.b", "b/c/d", "e\u{301}", "sp ace", "x+y", "index.html"] {
            contents[name] = AwkwardKeys.bytes(Int.random(in: 0...2500, using: &random), using: &random)
        }
        contents["a/b"] = nil
        for (name, bytes) in contents { try from.write(name, bytes) }
        let fake = FakeS3()
        fake.createBucket("bucket")
        let up = try await sync(.folder(from.path), bucket(fake, "p/"))
        #expect(up.failures == [])
        #expect(up.transferredObjects == contents.count)
        #expect(fake.object("bucket", "p/index.html")?.content["content-type"] == "text/html")
        // What is uploaded is as old as the upload, which is later than any file of a test.
        fake.update { $0.now = Date(timeIntervalSinceNow: 1000) }
        let down = try await sync(bucket(fake, "p/"), .folder(to.path))
        #expect(down.failures == [])
        for (name, bytes) in contents { #expect(to.read(name) == bytes, "\(name), seed \(seed)") }
        #expect(to.files.count == contents.count)
        let again = try await sync(bucket(fake, "p/"), .folder(to.path))
        #expect(again.listed.unchanged == contents.count)
        #expect(try await sync(.folder(to.path), bucket(fake, "p/")).transferredObjects == 0)
        let checked = try await sync(.folder(from.path), bucket(fake, "p/")) { $0.comparison = .checksum }
        #expect(checked.foundEqual == contents.count)
        let etags = try await sync(.folder(from.path), bucket(fake, "p/")) { $0.comparison = .etag }
        #expect(etags.foundEqual == contents.count)
    }

    @Test("lists files in the order of keys: a-b before a/b before a0")
    func order() async throws {
        let scratch = try Scratch()
        for name in ["a/b", "a-b", "a0", "a.b/c", "aa", "a/b.c/d", "a/b.c-"] { try scratch.write(name, []) }
        let listing = FolderListing(path: scratch.path, followsLinks: true, mayBeMissing: false) { _ in }
        let page = try await listing.page(after: [], continuing: nil)
        let keys = page.objects.map(\.key)
        #expect(keys == ["a-b", "a.b/c", "a/b", "a/b.c-", "a/b.c/d", "a0", "aa"])
    }

    @Test(
        "writes nothing outside of the folder, and says so",
        arguments: ["../x", "a/../../x", "/x", "a//b", "./x", "..", "a/", "link/x", "x\u{0}y"]
    )
    func unsafeKeys(key: String) async throws {
        let (outside, inside) = (try Scratch(), try Scratch())
        try FileManager.default.createSymbolicLink(atPath: inside.path + "/link", withDestinationPath: outside.path)
        let fake = FakeS3()
        fake.createBucket("bucket")
        fake.put("bucket", key, [1])
        fake.put("bucket", "good", [2])
        let report = try await sync(bucket(fake), .folder(inside.path))
        #expect(report.failed == 1)
        #expect(outside.files == [])
        #expect(inside.read("good") == [2])
        #expect(report.failures.first?.key == key)
    }

    @Test("refuses the one of a key that is a file and a folder, and skips what only stands for a folder")
    func fileAndFolder() async throws {
        let scratch = try Scratch()
        let fake = FakeS3()
        fake.createBucket("bucket")
        try scratch.write("a", [1])
        for key in ["a/b", "folder/", "folder/x"] { fake.put("bucket", key, key == "folder/" ? [] : [2]) }
        let report = try await sync(bucket(fake), .folder(scratch.path))
        #expect(report.folderMarkers == 1)
        #expect(report.failures.map(\.code) == ["FileAndFolder"])
        #expect(scratch.read("a") == [1])
        #expect(scratch.read("folder/x") == [2])
    }

    @Test("leaves no part of a file when the bytes are damaged or break off", arguments: [500, 2000])
    func partial(size: Int) async throws {
        let scratch = try Scratch()
        let fake = FakeS3 { call, _ in
            guard call.operation == "GetObject" else { return nil }
            return size == 500 ? .replacedBody { $0.map { $0 ^ 1 } } : .cutBody(0)
        }
        fake.createBucket("bucket")
        fake.put("bucket", "key", Array(repeating: 7, count: size))
        let report = try await sync(bucket(fake), .folder(scratch.path))
        #expect(report.failed == 1)
        #expect(scratch.files == [])
    }

    @Test("follows links of the source as aws does, leaves devices and dead links out, and reports bad names")
    func specialFiles() async throws {
        let (scratch, other) = (try Scratch(), try Scratch())
        try other.write("linked", [5])
        try scratch.write("file", [1])
        for (name, target) in [
            ("link", other.path + "/linked"), ("dir", other.path), ("dead", "/nowhere"), ("loop", scratch.path),
        ] {
            try FileManager.default.createSymbolicLink(atPath: scratch.path + "/" + name, withDestinationPath: target)
        }
        mkfifo(scratch.path + "/pipe", 0o600)
        let bad = (scratch.path + "/bad-").utf8.map { CChar(bitPattern: $0) } + [CChar(bitPattern: 0xFF), 0]
        close(open(bad, O_CREAT | O_WRONLY, 0o600))
        let fake = FakeS3()
        fake.createBucket("bucket")
        fake.put("bucket", "extra", [])
        let problems = Mutex<[String]>([])
        let report = try await sync(.folder(scratch.path), bucket(fake)) {
            $0.deletion = .usual
        } onEvent: { event in
            if case .problem(let problem) = event {
                problems.withLock { $0.append(problem.path.split(separator: "/").last.map(String.init) ?? "") }
            }
        }
        #expect(fake.keys("bucket") == ["dir/linked", "extra", "file", "link"])
        #expect(problems.withLock { $0.sorted() } == ["dead", "loop", "pipe"])
        #expect(report.failures.map(\.code) == ["CannotBeListed"])
        // Nothing is deleted for what could not be read.
        #expect(report.deletionRefusal != nil)
        let without = try await sync(.folder(scratch.path), bucket(fake, "w/")) { $0.followsLinks = false }
        #expect(without.transferredObjects == 1)
    }

    @Test("deletes files that the bucket does not have, and none that changed meanwhile")
    func deletes() async throws {
        let scratch = try Scratch()
        let fake = FakeS3()
        fake.createBucket("bucket")
        fake.put("bucket", "key", [1])
        try scratch.write("old/file", [1])
        let report = try await sync(bucket(fake), .folder(scratch.path)) { $0.deletion = .usual }
        #expect(report.deleted == 1)
        #expect(scratch.files == ["key"])
    }

    @Test("uploads a file that changes while it is read as it is then, or not at all")
    func changingFile() async throws {
        let scratch = try Scratch()
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
        let report = try await sync(.folder(scratch.path), bucket(fake))
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
        let scratch = try Scratch()
        try scratch.write("file", Array(repeating: 1, count: size))
        let report = try await sync(.folder(scratch.path), bucket(fake)) { $0.comparison = .etag }
        #expect(report.failures == [])
        #expect(report.conflicts == 1)
        #expect(fake.object("bucket", "file")?.bytes == Array(repeating: 1, count: size))
    }

    @Test("takes away what an interrupted download left")
    func leftovers() async throws {
        let scratch = try Scratch()
        try scratch.write("sub/.sync-partial-abc", [1])
        let fake = FakeS3()
        fake.createBucket("bucket")
        fake.put("bucket", "sub/key", [1])
        _ = try await sync(bucket(fake), .folder(scratch.path)) { $0.deletion = .usual }
        #expect(scratch.files == ["sub/key"])
    }
}
