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
    private let state = Mutex(State())

    /// - Parameter folder: where all processes of this user have theirs; made when the first upload begins.
    package init(folder: String) {
        self.folder = folder
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
    /// - Returns: how many there were. What cannot be aborted is kept for the next time.
    func abortLeftovers(in bucket: String, at s3: S3Client) async throws -> Int {
        var aborted = 0
        for name in Self.names(in: folder, prefix: Self.prefix) {
            // Whoever cannot have the lock finds a process at work, or another one that clears up.
            guard "\(folder)/\(name)" != path, var file = try? JournalFile(path: "\(folder)/\(name)") else { continue }
            // Taken for empty, one that cannot be read would be removed, and its uploads forgotten.
            guard let contents = try? file.contents() else { continue }
            var open = Self.open(in: contents)
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
            if open.isEmpty { file.remove() }
        }
        return aborted
    }

    private static func open(in bytes: [UInt8]) -> [Entry] {
        var entries: [Entry] = []
        // A last line that breaks off is no JSON.
        for line in bytes.split(separator: UInt8(ascii: "\n")) {
            guard let value = try? JSONValue(parsing: line) else { continue }
            if let ended = value["ended"]?.string { entries.removeAll { $0.upload.uploadID == ended } }
            guard let began = value["began"]?.string, let bucket = value["bucket"]?.string,
                let key = value["key"]?.string, let endpoint = value["endpoint"]?.string
            else { continue }
            let upload = S3MultipartUpload(bucket: bucket, key: key, uploadID: began)
            entries.append(Entry(endpoint: endpoint, upload: upload))
        }
        return entries
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
