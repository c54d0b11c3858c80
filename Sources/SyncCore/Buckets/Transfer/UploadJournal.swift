import AWSCore
import Glibc
import Synchronization

/// The uploads in parts that this process has begun and not ended, on disk, so that the next one clears up after a
/// process that was killed: parts that stay cost money every month, and no listing of objects shows them.
///
/// A file of JSON lines for each process, locked while it lives; the file of a process that is gone can be locked by
/// another. Only uploads that stand in such a file are ever aborted, never somebody else's. An upload that was begun a
/// moment before it could be noted has no parts, and costs nothing.
package final class UploadJournal: Sendable {
    private struct State: ~Copyable {
        var file: JournalFile?
        var open: Set<String> = []
    }

    /// An upload, and where its bucket is.
    private struct Entry {
        var endpoint: String
        var upload: S3MultipartUpload
    }

    private static let prefix = "uploads-"
    private let folder: String
    private let path: String
    private let disk: DiskCalls
    private let state = Mutex(State())

    /// - Parameter folder: where all processes of this user have theirs; made when the first upload begins.
    package init(folder: String, disk: DiskCalls = DiskCalls()) {
        self.folder = folder
        self.disk = disk
        let name = UInt64.random(in: 0...UInt64.max)
        path = "\(folder)/\(Self.prefix)\(getpid())-\(String(name, radix: 36)).jsonl"
    }

    /// Notes an upload before its first part is sent.
    ///
    /// - Throws: ``CheckpointError`` when that cannot be written.
    func began(_ upload: S3MultipartUpload, at s3: S3Client) throws {
        let line = Self.line([
            "endpoint": .string(Self.endpoint(of: s3)), "bucket": .string(upload.bucket), "key": .string(upload.key),
            "began": .string(upload.uploadID),
        ])
        try state.withLock { state in
            if state.file == nil { state.file = try JournalFile(path: path) }
            try state.file?.append(line)
            state.open.insert(upload.uploadID)
        }
    }

    /// The upload was completed or aborted; the file goes with the last one.
    func ended(_ upload: S3MultipartUpload) {
        state.withLock { state in
            guard state.open.remove(upload.uploadID) != nil else { return }
            if state.open.isEmpty {
                state.file?.remove()
                state.file = nil
            } else {
                // If it cannot be written, the next process aborts what is not there, which does no harm.
                try? state.file?.append(Self.line(["ended": .string(upload.uploadID)]))
            }
        }
    }

    /// Aborts what processes that are gone have left behind in a bucket.
    ///
    /// - Parameter onUnreadable: told of each journal that cannot be read, which is kept.
    /// - Returns: how many there were. What cannot be aborted is kept for the next time.
    func abortLeftovers(
        in bucket: String,
        at s3: S3Client,
        onUnreadable: (UnreadableUploadJournal) -> Void = { _ in }
    ) async throws -> Int {
        var aborted = 0
        func tell(_ reason: String) { onUnreadable(UnreadableUploadJournal(bucket: bucket, reason: reason)) }
        for name in Self.names(in: folder, prefix: Self.prefix) where "\(folder)/\(name)" != path {
            guard var file = leftover("\(folder)/\(name)", tell) else { continue }
            let contents: [UInt8]
            do {
                contents = try file.contents()
            } catch {
                // Taken for empty, one that cannot be read would be removed, and its uploads forgotten.
                tell("\(error)")
                continue
            }
            let lines = JournalLines(contents) { Self.entry($0) != nil || $0["ended"]?.string != nil }
            if let broken = lines.broken { tell("line \(broken) of \(file.path) cannot be read") }
            // What is appended must not become a part of a line that breaks off.
            try? file.truncate(to: lines.count)
            var open = Self.open(in: lines)
            for entry in open where entry.upload.bucket == bucket && entry.endpoint == Self.endpoint(of: s3) {
                do {
                    try await s3.abortMultipartUpload(entry.upload)
                } catch let error as AWSError where error.isS3NotFound {
                } catch is AWSError {
                    continue
                }
                aborted += 1
                open.removeAll { $0.upload == entry.upload }
                try? file.append(Self.line(["ended": .string(entry.upload.uploadID)]))
            }
            if open.isEmpty, lines.broken == nil { file.remove() }
        }
        return aborted
    }

    /// - Returns: `nil` as well when a process is at work with it, or another one clears up.
    private func leftover(_ path: String, _ tell: (String) -> Void) -> JournalFile? {
        do {
            return try JournalFile(path: path, disk: disk)
        } catch .inUse {
            return nil
        } catch {
            tell("\(error)")
            return nil
        }
    }

    private static func open(in lines: JournalLines) -> [Entry] {
        var entries: [Entry] = []
        for line in lines.values {
            if let ended = line["ended"]?.string { entries.removeAll { $0.upload.uploadID == ended } }
            if let entry = entry(line) { entries.append(entry) }
        }
        return entries
    }

    private static func entry(_ line: JSONValue) -> Entry? {
        guard let began = line["began"]?.string, let bucket = line["bucket"]?.string, let key = line["key"]?.string,
            let endpoint = line["endpoint"]?.string
        else { return nil }
        return Entry(endpoint: endpoint, upload: S3MultipartUpload(bucket: bucket, key: key, uploadID: began))
    }

    /// The journals in a folder whose names begin so.
    static func names(in folder: String, prefix: String) -> [String] {
        guard let directory = opendir(folder) else { return [] }
        defer { closedir(directory) }
        var names: [String] = []
        while let found = readdir(directory) {
            let name = withUnsafePointer(to: &found.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name.hasPrefix(prefix), name.hasSuffix(".jsonl") { names.append(name) }
        }
        return names.sorted()
    }

    /// A bucket's name means one bucket at each endpoint.
    static func endpoint(of s3: S3Client) -> String {
        s3.client.configuration.endpoints.override(for: .s3)?.url ?? "aws"
    }

    private static func line(_ members: JSONObject) -> [UInt8] {
        JSONValue.object(members).serialized() + [UInt8(ascii: "\n")]
    }
}

/// A journal of uploads that is kept, since nobody can read all that is in it.
package struct UnreadableUploadJournal: Sendable, CustomStringConvertible {
    /// The bucket whose uploads may be in it.
    var bucket: String
    var reason: String

    package var description: String {
        "\(reason); it may name uploads in parts that an earlier run was killed in, which stay and cost money: abort those that"
            + " aws s3api list-multipart-uploads --bucket \(bucket) shows and nobody works at, then delete the file"
    }
}
