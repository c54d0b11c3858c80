import AWSCore
import AWSTesting
import FoundationEssentials
import Glibc
import SyncCore
import Synchronization
import Testing

@Suite("A sync with a folder")
struct FolderSyncTests {
    @Test("brings files up and down again unchanged, and then has nothing to do")
    func roundTrip() async throws {
        let seed = newSeed()
        print("seed \(seed)")
        var random = SeededGenerator(seed: seed)
        let (from, to) = (try ScratchFolder(), try ScratchFolder())
        var contents: [String: [UInt8]] = [:]
        for name in ["a", "a-b/c", "a.b", "b/c/d", "e\u{301}", "sp ace", "x+y", "index.html"] {
            contents[name] = AwkwardKeys.bytes(Int.random(in: 0...2500, using: &random), using: &random)
        }
        contents["a/b"] = nil
        for (name, bytes) in contents { try from.write(name, bytes) }
        let fake = FakeS3()
        fake.createBucket("bucket")
        let pageSize = Int.random(in: 1...4, using: &random)
        fake.update { $0.maximumKeys = pageSize }
        let up = try await FolderSync.run(.folder(from.path), FolderSync.bucket(fake, "p/"))
        #expect(up.failures == [])
        #expect(up.transferredObjects == contents.count)
        #expect(fake.object("bucket", "p/index.html")?.content["content-type"] == "text/html")
        // What is uploaded is as old as the upload, which is later than any file of a test.
        fake.update { $0.now = Date(timeIntervalSinceNow: 1000) }
        let down = try await FolderSync.run(FolderSync.bucket(fake, "p/"), .folder(to.path))
        #expect(down.failures == [])
        for (name, bytes) in contents { #expect(to.read(name) == bytes, "\(name), seed \(seed)") }
        #expect(to.files.count == contents.count)
        let again = try await FolderSync.run(FolderSync.bucket(fake, "p/"), .folder(to.path))
        #expect(again.listed.unchanged == contents.count)
        #expect(try await FolderSync.run(.folder(to.path), FolderSync.bucket(fake, "p/")).transferredObjects == 0)
        let checked = try await FolderSync.run(.folder(from.path), FolderSync.bucket(fake, "p/")) {
            $0.comparison = .checksum
        }
        #expect(checked.foundEqual == contents.count)
        let etags = try await FolderSync.run(.folder(from.path), FolderSync.bucket(fake, "p/")) {
            $0.comparison = .etag
        }
        #expect(etags.foundEqual == contents.count)
    }

    @Test("lists files in the order of keys: a-b before a/b before a0")
    func order() async throws {
        let scratch = try ScratchFolder()
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
        let (outside, inside) = (try ScratchFolder(), try ScratchFolder())
        try FileManager.default.createSymbolicLink(atPath: inside.path + "/link", withDestinationPath: outside.path)
        let fake = FakeS3()
        fake.createBucket("bucket")
        fake.put("bucket", key, [1])
        fake.put("bucket", "good", [2])
        let report = try await FolderSync.run(FolderSync.bucket(fake), .folder(inside.path))
        #expect(report.failed == 1)
        #expect(outside.files == [])
        #expect(inside.read("good") == [2])
        #expect(report.failures.first?.key == key)
    }

    @Test("refuses the one of a key that is a file and a folder, and skips what only stands for a folder")
    func fileAndFolder() async throws {
        let scratch = try ScratchFolder()
        let fake = FakeS3()
        fake.createBucket("bucket")
        try scratch.write("a", [1])
        for key in ["a/b", "folder/", "folder/x"] { fake.put("bucket", key, key == "folder/" ? [] : [2]) }
        let report = try await FolderSync.run(FolderSync.bucket(fake), .folder(scratch.path))
        #expect(report.folderMarkers == 1)
        #expect(report.failures.map(\.code) == ["FileAndFolder"])
        #expect(scratch.read("a") == [1])
        #expect(scratch.read("folder/x") == [2])
    }

    @Test("follows links of the source as aws does, leaves devices and dead links out, and reports bad names")
    func specialFiles() async throws {
        let (scratch, other) = (try ScratchFolder(), try ScratchFolder())
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
        let report = try await FolderSync.run(.folder(scratch.path), FolderSync.bucket(fake)) {
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
        #expect(report.deletionRefusal == "some of the source could not be read")
        let without = try await FolderSync.run(.folder(scratch.path), FolderSync.bucket(fake, "w/")) {
            $0.followsLinks = false
        }
        #expect(without.transferredObjects == 1)
    }
}
