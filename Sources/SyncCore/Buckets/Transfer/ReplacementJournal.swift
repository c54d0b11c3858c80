import AWSCore
import Glibc
import Synchronization

/// The objects that a merge is replacing, on disk, so that the next merge settles those that this one was killed in, or
/// failed in.
///
/// Between the write and the look behind it only the merge knows that what it wrote may be older than what live sync had
/// brought there. A listing does not tell: the copy is newer than the source's object, and may have the same bytes.
///
/// A file of JSON lines for each process and pair of sides, locked while it lives, as ``UploadJournal`` has them.
final class ReplacementJournal: Sendable {
    private struct State: ~Copyable {
        var file: JournalFile?
        /// Each key with what the target had when it was listed.
        var open: [String: String?] = [:]
    }

    private let folder: String
    private let prefix: String
    private let path: String
    private let state = Mutex(State())

    /// Lines of what is settled are left in a file that is smaller.
    private static let compactedBytes = 1 << 20

    /// - Parameter folder: where all processes of this user have theirs; made when the first object is replaced.
    init(folder: String, source: BucketSide, target: BucketSide) {
        self.folder = folder
        let pair = [source, target].flatMap { [UploadJournal.endpoint(of: $0.s3), $0.name] }.joined(separator: "\n")
        prefix = "merge-\(Hexadecimal.string(MD5.digest(Array(pair.utf8))))-"
        path = "\(folder)/\(prefix)\(getpid())-\(String(UInt64.random(in: 0...UInt64.max), radix: 36)).jsonl"
    }

    /// Notes an object before it is replaced.
    ///
    /// - Throws: ``CheckpointError`` when that cannot be written.
    func began(_ key: String, etag: String?) throws {
        try state.withLock { state in
            if state.file == nil { state.file = try JournalFile(path: path) }
            try state.file?.append(Self.line(key, etag))
            state.open[key] = .some(etag)
        }
    }

    /// The object is settled, by whatever way; the file goes with the last one.
    func ended(_ key: String) {
        state.withLock { state in
            guard state.open.removeValue(forKey: key) != nil else { return }
            if state.open.isEmpty {
                state.file?.remove()
                state.file = nil
                return
            }
            // If it cannot be written, the next merge looks at an object that is settled, which does no harm.
            try? state.file?.append(Self.line(key, nil, isEnded: true))
            guard let count = state.file?.count, count > Self.compactedBytes, state.open.count < 1_000 else { return }
            try? state.file?.replaceContents(state.open.flatMap { Self.line($0.key, $0.value) })
        }
    }

    /// What merges of the same sides have left behind that are gone, and is this one's from now on.
    ///
    /// - Throws: ``CheckpointError`` when that cannot be written down.
    func takeLeftovers() throws -> [TransferTask] {
        var tasks: [String: TransferTask] = [:]
        for name in UploadJournal.names(in: folder, prefix: prefix) {
            // Whoever cannot have the lock finds a process at work, or another one that takes them.
            guard "\(folder)/\(name)" != path, let file = try? JournalFile(path: "\(folder)/\(name)") else { continue }
            for (key, etag) in Self.open(in: (try? file.contents()) ?? []) {
                try began(key, etag: etag)
                var task = TransferTask(key: key, source: ObjectState(size: 0))
                task.target = etag.map { ObjectState(size: 0, etag: $0) }
                task.isResumed = true
                tasks[key] = task
            }
            file.remove()
        }
        return tasks.values.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
    }

    private static func open(in bytes: [UInt8]) -> [String: String?] {
        var open: [String: String?] = [:]
        // A last line that breaks off is no JSON.
        for line in bytes.split(separator: UInt8(ascii: "\n")) {
            guard let value = try? JSONValue(parsing: line), let key = value["key"]?.string else { continue }
            if value["ended"] != nil {
                open.removeValue(forKey: key)
            } else {
                open[key] = .some(value["etag"]?.string)
            }
        }
        return open
    }

    private static func line(_ key: String, _ etag: String?, isEnded: Bool = false) -> [UInt8] {
        var members: JSONObject = ["key": .string(key)]
        members["etag"] = etag.map { .string($0) }
        if isEnded { members["ended"] = true }
        return JSONValue.object(members).serialized() + [UInt8(ascii: "\n")]
    }
}
