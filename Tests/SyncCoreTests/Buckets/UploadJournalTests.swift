import AWSCore
import AWSTesting
import Glibc
import Synchronization
import Testing

@testable import SyncCore

@Suite("Uploads that a killed sync left behind")
struct UploadJournalTests {
    private static func withFolder(_ body: (String) async throws -> Void) async throws {
        var template = Array("/tmp/upload-journal-XXXXXX".utf8CString)
        let made = template.withUnsafeMutableBufferPointer { $0.baseAddress.flatMap { mkdtemp($0) } }
        let folder = String(cString: try #require(made))
        defer {
            for name in names(in: folder) { unlink("\(folder)/\(name)") }
            rmdir(folder)
        }
        try await body(folder)
    }

    private static func names(in folder: String) -> [String] {
        guard let directory = opendir(folder) else { return [] }
        defer { closedir(directory) }
        var names: [String] = []
        while let found = readdir(directory) {
            let name = withUnsafePointer(to: &found.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names
    }

    /// A sync that stops dead in its second part: no upload is aborted, and its journal stays behind, without its lock.
    ///
    /// - Returns: what S3 has then.
    private static func killed(_ folder: String) async throws -> FakeS3.State {
        let isDead = Mutex(false)
        let notes = Mutex<[Int]>([])
        var harness = BucketSyncHarness { call, _ in
            if call.operation == "UploadPartCopy" { notes.withLock { $0.append(names(in: folder).count) } }
            if call.operation == "UploadPartCopy", call.query["partNumber"] == "2" { isDead.withLock { $0 = true } }
            return isDead.withLock { $0 } ? .cut : nil
        }
        harness.options.multipartCopyThreshold = 1000
        harness.options.copyPartSize = 500
        harness.options.partsAtOnce = 1
        harness.options.uploads = UploadJournal(folder: folder)
        harness.fake.put("source", "large", Array(repeating: 1, count: 2000))
        _ = try? await harness.run()
        // Noted before the first part was sent.
        #expect(notes.withLock { $0.first } == 1)
        return harness.fake.current
    }

    private static func harness(_ state: FakeS3.State, _ folder: String) -> BucketSyncHarness {
        var harness = BucketSyncHarness()
        harness.fake.update { $0 = state }
        harness.options.multipartCopyThreshold = 1000
        harness.options.copyPartSize = 500
        harness.options.uploads = UploadJournal(folder: folder)
        return harness
    }

    @Test("are aborted by the next run, which leaves those of others alone")
    func next() async throws {
        try await Self.withFolder { folder in
            let left = try await Self.killed(folder)
            #expect(!left.uploads.isEmpty)
            let harness = Self.harness(left, folder)
            let foreign = try await harness.fake.s3().createMultipartUpload(bucket: "target", key: "large")
            let told = Mutex(0)
            let report = try await harness.run { event in
                if case .abortedUploads(let count) = event { told.withLock { $0 += count } }
            }
            #expect(report.isComplete)
            #expect(told.withLock { $0 } == left.uploads.count)
            #expect(Array(harness.fake.current.uploads.keys) == [foreign.uploadID])
            #expect(harness.fake.object("target", "large")?.bytes == harness.fake.object("source", "large")?.bytes)
            // Nothing is left to remember.
            #expect(Self.names(in: folder) == [])
        }
    }

    @Test("are left to a run for the same bucket at the same endpoint, and no dry one")
    func notOurs() async throws {
        try await Self.withFolder { folder in
            let left = try await Self.killed(folder)
            var harness = Self.harness(left, folder)
            harness.options.isDryRun = true
            _ = try await harness.run()
            let journal = UploadJournal(folder: folder)
            #expect(try await journal.abortLeftovers(in: "source", at: harness.fake.s3()) == 0)
            let client = harness.fake.client(endpoint: "http://127.0.0.1:2")
            let elsewhere = S3Client(client: client, region: try client.configuration.requiredRegion())
            #expect(try await journal.abortLeftovers(in: "target", at: elsewhere) == 0)
            #expect(harness.fake.current.uploads.count == left.uploads.count)
            #expect(try await journal.abortLeftovers(in: "target", at: harness.fake.s3()) == left.uploads.count)
            #expect(harness.fake.current.uploads.isEmpty)
        }
    }

    @Test("are none that it has completed or aborted itself")
    func ended() async throws {
        try await Self.withFolder { folder in
            let fake = FakeS3()
            fake.createBucket("target")
            let s3 = try fake.s3()
            var killed: UploadJournal? = UploadJournal(folder: folder)
            var left: [S3MultipartUpload] = []
            for key in ["a", "b", "c"] {
                left.append(try await s3.createMultipartUpload(bucket: "target", key: key))
                try killed?.began(left[left.count - 1], at: s3)
            }
            killed?.ended(left[1])
            killed = nil
            #expect(try await UploadJournal(folder: folder).abortLeftovers(in: "target", at: s3) == 2)
            #expect(Array(fake.current.uploads.keys) == [left[1].uploadID])
            #expect(Self.names(in: folder) == [])
        }
    }

    @Test("are not those of a run that is at work, and a line that breaks off does not matter")
    func atWork() async throws {
        try await Self.withFolder { folder in
            let fake = FakeS3()
            fake.createBucket("target")
            let s3 = try fake.s3()
            let upload = try await s3.createMultipartUpload(bucket: "target", key: "large")
            let other = UploadJournal(folder: folder)
            var running: UploadJournal? = UploadJournal(folder: folder)
            try running?.began(upload, at: s3)
            #expect(try await other.abortLeftovers(in: "target", at: s3) == 0)
            #expect(fake.current.uploads.count == 1)
            let name = try #require(Self.names(in: folder).first)
            let file = try #require(fopen("\(folder)/\(name)", "a"))
            fputs("{\"ended\":\"upl", file)
            fclose(file)
            running = nil
            #expect(try await other.abortLeftovers(in: "target", at: s3) == 1)
            #expect(fake.current.uploads.isEmpty)
            #expect(Self.names(in: folder) == [])
        }
    }

    @Test("are kept and told of where nobody can read which they are", arguments: ["open", "read"])
    func unreadable(action: String) async throws {
        try await Self.withFolder { folder in
            let left = try await Self.killed(folder)
            var harness = Self.harness(left, folder)
            let path = "\(folder)/\(try #require(Self.names(in: folder).first))"
            let isBroken = Mutex(true)
            if action == "read" {
                var disk = DiskCalls()
                let whole = disk.read
                disk.read = { descriptor, bytes, offset in
                    guard isBroken.withLock({ $0 }) else { return whole(descriptor, bytes, offset) }
                    errno = EIO
                    return -1
                }
                harness.options.uploads = UploadJournal(folder: folder, disk: disk)
            } else {
                // Links are not followed.
                #expect(rename(path, "\(folder)/kept") == 0 && symlink("kept", path) == 0)
            }
            let told = Mutex<[String]>([])
            let tell: @Sendable (BucketSync.Event) -> Void = { event in
                if case .unreadableUploads(let journal) = event { told.withLock { $0.append("\(journal)") } }
            }
            #expect(try await harness.run(onEvent: tell).isComplete)
            let line = try #require(told.withLock { $0.first })
            #expect(line.hasPrefix("cannot \(action) \(path): ") && line.hasSuffix(Self.remedy), "\(line)")
            #expect(harness.fake.current.uploads.count == left.uploads.count)
            // As it was before.
            isBroken.withLock { $0 = false }
            if action == "open" { #expect(unlink(path) == 0 && rename("\(folder)/kept", path) == 0) }
            _ = try await harness.run(onEvent: tell)
            #expect(harness.fake.current.uploads.isEmpty && Self.names(in: folder) == [])
            #expect(told.withLock { $0.count } == 1)
        }
    }

    private static let remedy =
        "; it may name uploads in parts that an earlier run was killed in, which stay and cost money: abort those that aws s3api"
        + " list-multipart-uploads --bucket target shows and nobody works at, then delete the file"

    @Test("are aborted bucket by bucket behind a line that breaks off, which spoils none of the next")
    func brokenOff() async throws {
        try await Self.withFolder { folder in
            let fake = FakeS3()
            let s3 = try fake.s3()
            var killed: UploadJournal? = UploadJournal(folder: folder)
            for bucket in ["target", "other"] {
                fake.createBucket(bucket)
                try killed?.began(try await s3.createMultipartUpload(bucket: bucket, key: "large"), at: s3)
            }
            killed = nil
            let name = try #require(Self.names(in: folder).first)
            let file = try #require(fopen("\(folder)/\(name)", "a"))
            fputs("{\"began\":\"br", file)
            fclose(file)
            for bucket in ["target", "other"] {
                let count = try await UploadJournal(folder: folder).abortLeftovers(in: bucket, at: s3) { journal in
                    Issue.record("\(journal)")
                }
                #expect(count == 1)
            }
            #expect(fake.current.uploads.isEmpty && Self.names(in: folder) == [])
        }
    }

    @Test("are aborted as far as lines can be read, and the journal is kept and told of where one cannot")
    func brokenLine() async throws {
        try await Self.withFolder { folder in
            let left = try await Self.killed(folder)
            let harness = Self.harness(left, folder)
            let path = "\(folder)/\(try #require(Self.names(in: folder).first))"
            let file = try #require(fopen(path, "a"))
            fputs("{\"began\":\"upl\n{\"ended\":\"none\"}\n{\"began\":\"br", file)
            fclose(file)
            let told = Mutex<[String]>([])
            for run in 1...2 {
                _ = try await harness.run { event in
                    if case .unreadableUploads(let journal) = event { told.withLock { $0.append("\(journal)") } }
                }
                #expect(harness.fake.current.uploads.isEmpty && Self.names(in: folder).count == 1)
                // The same line both times: what was appended stands for itself.
                let number = left.uploads.count + 1
                let line = "line \(number) of \(path) cannot be read" + Self.remedy
                #expect(told.withLock { $0 } == Array(repeating: line, count: run))
            }
        }
    }
}
