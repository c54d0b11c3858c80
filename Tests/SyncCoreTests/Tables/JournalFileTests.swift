import FoundationEssentials
import Glibc
import Synchronization
import Testing

@testable import SyncCore

@Suite("A file of lines that is appended to")
struct JournalFileTests {
    @Test("holds no half line when a disk was full, which would spoil the next")
    func full() throws {
        let path = FileManager.default.temporaryDirectory.path + "/journal-\(UInt64.random(in: 0...UInt64.max))"
        defer { unlink(path) }
        let isFull = Mutex(false)
        var disk = DiskCalls()
        let whole = disk.write
        disk.write = { descriptor, bytes in
            guard isFull.withLock({ $0 }) else { return whole(descriptor, bytes) }
            guard bytes.count > 3 else {
                errno = ENOSPC
                return -1
            }
            return whole(descriptor, UnsafeRawBufferPointer(rebasing: bytes.dropLast(3)))
        }
        var file = try JournalFile(path: path, disk: disk)
        #expect(Self.error(ofAppending: "first\n", to: &file) == nil)
        isFull.withLock { $0 = true }
        let error = Self.error(ofAppending: "second\n", to: &file)
        #expect(error.map { "\($0)".hasPrefix("cannot write \(path): No space") } == true)
        isFull.withLock { $0 = false }
        #expect(Self.error(ofAppending: "third\n", to: &file) == nil)
        let count = file.count
        #expect(count == 12)
        let contents = try #require(try JournalFile.contents(ofFile: path))
        #expect(String(decoding: contents, as: UTF8.self) == "first\nthird\n")
    }

    private static func error(ofAppending text: String, to file: inout JournalFile) -> CheckpointError? {
        do {
            try file.append(Array(text.utf8))
            return nil
        } catch {
            return error
        }
    }
}
