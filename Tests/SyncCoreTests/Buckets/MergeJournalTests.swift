import AWSCore
import AWSTesting
import FoundationEssentials
import Synchronization
import Testing

@testable import SyncCore

@Suite("Objects that a merge was killed in writing")
struct MergeJournalTests {
    private static func withFolder(_ body: (String) async throws -> Void) async throws {
        let folder = FileManager.default.temporaryDirectory.path + "/replacements-\(UInt64.random(in: 0...UInt64.max))"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try await body(folder)
    }

    private static func names(in folder: String) -> [String] {
        (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    }

    /// What a merge leaves that is killed behind a write, during which live sync brought something newer.
    private static func killed(_ folder: String) async throws -> FakeS3.State {
        let isDead = Mutex(false)
        var harness = BucketSyncHarness { call, _ in
            if isDead.withLock({ $0 }) { return .cut }
            guard call.operation == "CopyObject" else { return nil }
            return .slow { fake in
                #expect(names(in: folder).count == 1)
                for bucket in ["source", "target"] {
                    fake.put(bucket, "key", [1]) { $0.metadata = ["by": "live"] }
                }
                isDead.withLock { $0 = true }
            }
        }
        harness.options.mergesWithLiveSync = true
        harness.options.journalFolder = folder
        harness.fake.put("target", "key", [1])
        harness.fake.put("target", "other", [1])
        harness.fake.put("source", "key", [1]) { $0.metadata = ["by": "history"] }
        _ = try? await harness.run()
        #expect(harness.fake.object("target", "key")?.metadata == ["by": "history"])
        return harness.fake.current
    }

    private static func harness(_ state: FakeS3.State, _ folder: String) -> BucketSyncHarness {
        var harness = BucketSyncHarness()
        harness.fake.update { $0 = state }
        harness.options.mergesWithLiveSync = true
        harness.options.journalFolder = folder
        return harness
    }

    @Test("are settled by the next merge, although the listings call them equal")
    func next() async throws {
        try await Self.withFolder { folder in
            let harness = Self.harness(try await Self.killed(folder), folder)
            let report = try await harness.run()
            #expect(report.isComplete && report.listed.unchanged == 1 && report.transferredObjects == 0)
            #expect(harness.fake.object("target", "key")?.metadata == ["by": "live"])
            // Nothing is left to remember.
            #expect(Self.names(in: folder) == [])
        }
    }

    /// What a merge leaves that is killed behind its first copy of an object, which the source has lost meanwhile.
    private static func killedInFirstCopy(_ folder: String) async throws -> FakeS3.State {
        let isDead = Mutex(false)
        var harness = BucketSyncHarness { call, _ in
            if isDead.withLock({ $0 }) { return .cut }
            guard call.operation == "CopyObject" else { return nil }
            return .slow { fake in
                fake.delete("source", "key")
                isDead.withLock { $0 = true }
            }
        }
        harness.options.mergesWithLiveSync = true
        harness.options.journalFolder = folder
        harness.fake.put("source", "key", [1])
        harness.fake.put("source", "other", [1])
        harness.fake.put("target", "other", [1])
        _ = try? await harness.run()
        #expect(harness.fake.object("target", "key") != nil && harness.fake.object("source", "key") == nil)
        return harness.fake.current
    }

    @Test("are taken back by the next merge where the source has lost them, which no listing shows")
    func takenBack() async throws {
        try await Self.withFolder { folder in
            let harness = Self.harness(try await Self.killedInFirstCopy(folder), folder)
            let report = try await harness.run()
            #expect(report.isComplete && report.takenBack == 1)
            #expect(harness.fake.object("target", "key") == nil)
            #expect(harness.fake.object("target", "other") != nil)
            #expect(Self.names(in: folder) == [])
        }
    }

    @Test("end the next merge when nobody can read which they are, and are not forgotten")
    func unreadable() async throws {
        try await Self.withFolder { folder in
            let harness = Self.harness(try await Self.killedInFirstCopy(folder), folder)
            let path = "\(folder)/\(try #require(Self.names(in: folder).first))"
            // A folder in its place can be opened by nobody as a file, not even by root.
            try FileManager.default.moveItem(atPath: path, toPath: "\(folder)/kept")
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
            await #expect(throws: CheckpointError.self) { try await harness.run() }
            try FileManager.default.removeItem(atPath: path)
            try FileManager.default.moveItem(atPath: "\(folder)/kept", toPath: path)
            #expect(try await harness.run().takenBack == 1)
        }
    }

    @Test("are left alone where somebody has written them to the target long after", arguments: [true, false])
    func writtenLater(isFirstCopy: Bool) async throws {
        try await Self.withFolder { folder in
            let left = try await isFirstCopy ? Self.killedInFirstCopy(folder) : Self.killed(folder)
            let harness = Self.harness(left, folder)
            harness.fake.update { $0.now = $0.now.addingTimeInterval(2 * 3_600) }
            // An application that has moved to the target.
            harness.fake.put("target", "key", [9])
            #expect(try await harness.run().isComplete)
            #expect(harness.fake.object("target", "key")?.bytes == [9])
            #expect(Self.names(in: folder) == [])
        }
    }

    @Test("stay noted until they are settled, and until then no merge is complete")
    func failing() async throws {
        try await Self.withFolder { folder in
            let left = try await Self.killed(folder)
            let isRefused = Mutex(true)
            var harness = BucketSyncHarness { call, _ in
                call.operation == "CopyObject" && isRefused.withLock { $0 } ? .error("AccessDenied", status: 403) : nil
            }
            harness.fake.update { $0 = left }
            harness.options.mergesWithLiveSync = true
            harness.options.journalFolder = folder
            for _ in 0..<2 {
                let report = try await harness.run()
                #expect(!report.isComplete && report.failures.map(\.key) == ["key"])
                #expect(Self.names(in: folder).count == 1)
            }
            isRefused.withLock { $0 = false }
            #expect(try await harness.run().isComplete)
            #expect(harness.fake.object("target", "key")?.metadata == ["by": "live"])
        }
    }

    @Test("are those of the same sides, and of no merge that is at work or dry")
    func notOurs() async throws {
        try await Self.withFolder { folder in
            let left = try await Self.killed(folder)
            var harness = Self.harness(left, folder)
            harness.options.isDryRun = true
            _ = try await harness.run()
            let s3 = try harness.fake.s3()
            let (source, target) = (BucketSide(s3: s3, bucket: "source"), BucketSide(s3: s3, bucket: "target"))
            let other = MergeJournal(folder: folder, source: source, target: source, date: { Date() })
            #expect(try other.takeLeftovers().isEmpty)
            let journal = MergeJournal(folder: folder, source: source, target: target, date: { Date() })
            #expect(try journal.takeLeftovers().map(\.key) == ["key"])
            // It is the first one's until that is gone.
            let second = MergeJournal(folder: folder, source: source, target: target, date: { Date() })
            #expect(try second.takeLeftovers().isEmpty)
            journal.ended("key")
            #expect(Self.names(in: folder) == [])
        }
    }

    @Test("are forgotten one by one, and a file of many settled ones does not grow without end")
    func compacted() async throws {
        try await Self.withFolder { folder in
            let s3 = try FakeS3().s3()
            let (source, target) = (BucketSide(s3: s3, bucket: "source"), BucketSide(s3: s3, bucket: "target"))
            var journal: MergeJournal? = MergeJournal(folder: folder, source: source, target: target, date: { Date() })
            try journal?.began("a", etag: "\"1\"")
            try journal?.began("b", etag: nil)
            let long = String(repeating: "k", count: 1_000)
            for number in 0..<1_200 {
                try journal?.began("\(long)\(number)", etag: nil)
                journal?.ended("\(long)\(number)")
            }
            let name = try #require(Self.names(in: folder).first)
            let size = try FileManager.default.attributesOfItem(atPath: "\(folder)/\(name)")[.size] as? Int
            #expect(try #require(size) < 1 << 20)
            journal?.ended("b")
            journal = nil
            let next = MergeJournal(folder: folder, source: source, target: target, date: { Date() })
            let left = try next.takeLeftovers()
            #expect(left.map(\.key) == ["a"] && left.first?.target?.etag == "\"1\"" && left.first?.isResumed == true)
        }
    }

    @Test("are settled many at a time, and many that fail once more do not keep the others from being copied")
    func many() async throws {
        try await Self.withFolder { folder in
            let underWay = Mutex((now: 0, most: 0, isRefused: true))
            var harness = BucketSyncHarness { call, _ in
                guard call.operation == "CopyObject" else { return nil }
                if underWay.withLock({ $0.isRefused }) { return .error("AccessDenied", status: 403) }
                return .slow { _ in
                    underWay.withLock { ($0.now, $0.most) = ($0.now + 1, max($0.most, $0.now + 1)) }
                    // Another one comes, unless it waits for this one.
                    for _ in 0..<100_000 where underWay.withLock({ $0.most < 2 }) { await Task.yield() }
                    underWay.withLock { $0.now -= 1 }
                }
            }
            harness.options.mergesWithLiveSync = true
            harness.options.journalFolder = folder
            harness.fake.put("source", "a new one", [1])
            let s3 = try harness.fake.s3()
            var journal: MergeJournal? = MergeJournal(
                folder: folder,
                source: BucketSide(s3: s3, bucket: "source"),
                target: BucketSide(s3: s3, bucket: "target"),
                date: { [fake = harness.fake] in fake.current.now }
            )
            // More than those with which a run that copies nothing gives up.
            for number in 0..<120 {
                harness.fake.put("source", "left \(number)", [1])
                try journal?.began("left \(number)", etag: nil)
            }
            journal = nil
            harness.options.filter = KeyFilter([.exclude("left*")])
            var report = try await harness.run()
            #expect(report.failed == 121 && report.transferredObjects == 0)
            underWay.withLock { $0.isRefused = false }
            report = try await harness.run()
            #expect(report.isComplete && harness.fake.keys("target").count == 121)
            #expect(underWay.withLock { $0.most } > 1)
            #expect(Self.names(in: folder) == [])
        }
    }

    @Test(
        "may be named by any line but a last one that breaks off: another one ends the next merge, and the file stays"
    )
    func brokenLine() async throws {
        try await Self.withFolder { folder in
            let harness = Self.harness(try await Self.killedInFirstCopy(folder), folder)
            let path = "\(folder)/\(try #require(Self.names(in: folder).first))"
            let lines = String(decoding: try Data(contentsOf: URL(filePath: path)), as: UTF8.self)
            let number = lines.count { $0 == "\n" } + 1
            #expect(number > 1 && lines.hasSuffix("\n"))
            for broken in ["{\"key\":\"le", "{\"key\":\"left\"}", "{\"began\":1}", ""] {
                let contents = lines + broken + "\n" + lines
                try Data(contents.utf8).write(to: URL(filePath: path))
                let error = await #expect(throws: CheckpointError.self) { try await harness.run() }
                #expect(
                    error?.description
                        == "line \(number) of \(path) cannot be read, and may name an object that an earlier merge was killed in: compare"
                        + " the buckets with sync verify bucket --metadata --tags --repair --delete, delete the file, and run the"
                        + " same again"
                )
                #expect(String(decoding: try Data(contentsOf: URL(filePath: path)), as: UTF8.self) == contents)
                #expect(harness.fake.object("target", "key") != nil)
            }
            // What was not noted to its end was not begun.
            try Data((lines + "{\"key\":\"other\",\"began\":9999999999").utf8).write(to: URL(filePath: path))
            #expect(try await harness.run().takenBack == 1)
            #expect(harness.fake.object("target", "other") != nil && Self.names(in: folder) == [])
        }
    }

    @Test("are looked at once more where settling them is not answered, although our own write is a late one")
    func unanswered() async throws {
        try await Self.withFolder { folder in
            let left = try await Self.killedInFirstCopy(folder)
            let isFirst = Mutex(true)
            var harness = BucketSyncHarness { call, _ in
                guard call.operation == "CopyObject" else { return nil }
                let isFirst = isFirst.withLock { isFirst in
                    defer { isFirst = false }
                    return isFirst
                }
                // It is copied again, the source loses it, and nobody is told that the copy is there.
                return isFirst ? .slow(losesAnswer: true) { $0.delete("source", "key") } : .cut
            }
            harness.fake.update { $0 = left }
            harness.options.mergesWithLiveSync = true
            harness.options.journalFolder = folder
            harness.fake.delete("target", "key")
            harness.fake.put("source", "key", [2])
            harness.fake.update { $0.now = $0.now.addingTimeInterval(2 * 3_600) }
            _ = try await harness.run()
            #expect(harness.fake.object("target", "key") == nil)
            #expect(Self.names(in: folder) == [])
        }
    }
}
