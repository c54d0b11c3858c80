import AWSTesting
import FoundationEssentials
import Glibc
import Testing

@testable import SyncCore

@Suite("Temporary files of a comparison")
struct TemporarySpaceTests {
    @Test("have no name in their folder and are readable by nobody else")
    func unlinked() throws {
        let folder = FileManager.default.temporaryDirectory.path + "/verify-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let space = TemporarySpace(directory: folder)
        var file = try space.makeFile()
        try Array("secret".utf8).withUnsafeBytes { raw in try file.append(raw) }
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == [])
        // Found again through the process's own descriptors, to see its mode.
        let links = try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")
        var modes: [mode_t] = []
        for link in links {
            guard let name = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\(link)"),
                name.hasPrefix(folder)
            else { continue }
            var status = stat()
            #expect(fstat(try #require(Int32(link)), &status) == 0)
            modes.append(status.st_mode & 0o777)
        }
        #expect(modes == [0o600])
        var read = [UInt8](repeating: 0, count: 3)
        try read.withUnsafeMutableBytes { raw in try file.read(into: raw, at: 3) }
        #expect(String(decoding: read, as: UTF8.self) == "ret")
        #expect(space.bytesWritten == 6)
        #expect(try #require(space.bytesFree) > 0)
    }

    @Test("fail with a line that names the folder where there is none")
    func noFolder() throws {
        let space = TemporarySpace(directory: "/nonexistent/folder")
        let failure = #expect(throws: TemporarySpace.Failure.self) { _ = try space.makeFile() }
        #expect(
            "\(try #require(failure))"
                == "the temporary files of the comparison in /nonexistent/folder cannot be made: No such file or directory"
        )
        #expect(space.bytesFree == nil)
    }

    @Test("give records back in their order, whatever fits in memory", arguments: [1, 7, 100, 4_096, 1 << 20])
    func spool(bufferLimit: Int) throws {
        let seed = UInt64.random(in: 0 ... .max)
        var random = SeededGenerator(seed: seed)
        let space = TemporarySpace(directory: FileManager.default.temporaryDirectory.path)
        var spool = RecordSpool(space: space, bufferLimit: bufferLimit)
        let records = (0..<500).map { _ in
            (0..<Int.random(in: 0...300, using: &random)).map { _ in UInt8.random(in: 0 ... .max, using: &random) }
        }
        for record in records { try record.withUnsafeBytes { raw in try spool.append(raw) } }
        #expect(spool.count == records.count)
        #expect((space.bytesWritten == 0) == (bufferLimit == 1 << 20))
        var reader = spool.makeReader()
        var read: [[UInt8]] = []
        while let record = try reader.next() { read.append(record) }
        #expect(read == records, "seed \(seed)")
        #expect(try reader.next() == nil)
    }
}
