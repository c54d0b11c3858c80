import AWSCore
import Glibc
import Synchronization

import struct FoundationEssentials.Date
import typealias FoundationEssentials.TimeInterval

/// The objects that a merge is writing, on disk, so that the next merge settles those that this one was killed in, or
/// failed in.
///
/// Between the write and the look behind it only the merge knows that what it wrote may be older than what live sync had
/// brought there, or that live sync had deleted it. A listing does not tell: the copy is newer than the source's object,
/// may have the same bytes, and what the source has no more may be somebody else's.
///
/// A file of JSON lines for each process and pair of sides, locked while it lives, as ``UploadJournal`` has them.
final class MergeJournal: Sendable {
    private struct State: ~Copyable {
        var file: JournalFile?
        var open: [String: Entry] = [:]
    }

    private struct Entry {
        /// What the target had when it was listed.
        var etag: String?
        var began: Date
    }

    private let folder: String
    private let prefix: String
    private let path: String
    private let date: @Sendable () -> Date
    private let state = Mutex(State())

    /// How long a write may take, whatever the clocks say.
    ///
    /// What was written later is an application's, for example, that has moved to the target since: neither to be deleted
    /// nor to be replaced by what the source has of it.
    private static let longestWrite: TimeInterval = 3_600

    /// Lines of what is settled are left in a file that is smaller.
    private static let compactedBytes = 1 << 20

    /// - Parameters:
    ///   - folder: where all processes of this user have theirs; made when the first object is written.
    ///   - date: what the time is.
    init(folder: String, source: BucketSide, target: BucketSide, date: @escaping @Sendable () -> Date) {
        self.date = date
        self.folder = folder
        let pair = [source, target].flatMap { [UploadJournal.endpoint(of: $0.s3), $0.name] }.joined(separator: "\n")
        prefix = "merge-\(Hexadecimal.string(MD5.digest(Array(pair.utf8))))-"
        path = "\(folder)/\(prefix)\(getpid())-\(String(UInt64.random(in: 0...UInt64.max), radix: 36)).jsonl"
    }

    /// Notes an object before it is written.
    ///
    /// - Parameter etag: what the target had when it was listed; `nil` for nothing.
    /// - Throws: ``CheckpointError`` when that cannot be written.
    func began(_ key: String, etag: String?) throws {
        // Tried again, it is still what was listed first that tells whether something was written.
        try note(key) { Entry(etag: $0.map(\.etag) ?? etag, began: date()) }
    }

    private func note(_ key: String, _ entry: (Entry?) -> Entry) throws {
        try state.withLock { state in
            if state.file == nil { state.file = try JournalFile(path: path) }
            let entry = entry(state.open[key])
            try state.file?.append(Self.line(key, entry))
            state.open[key] = entry
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
            // If it cannot be written, the next merge looks at an object that is settled, which does no harm; nor does a
            // file that stays large.
            try? state.file?.append(Self.line(key, nil))
            guard let count = state.file?.count, count > Self.compactedBytes, state.open.count < 1_000 else { return }
            try? state.file?.replaceContents(state.open.flatMap { Self.line($0.key, $0.value) })
        }
    }

    /// What merges of the same sides have left behind that are gone, and is this one's from now on.
    ///
    /// - Throws: ``CheckpointError`` when a file or a line of it cannot be read, or that cannot be written down; nothing is
    ///   forgotten then.
    func takeLeftovers() throws -> [TransferTask] {
        var tasks: [String: TransferTask] = [:]
        for name in UploadJournal.names(in: folder, prefix: prefix) {
            guard "\(folder)/\(name)" != path, let file = try Self.leftover("\(folder)/\(name)") else { continue }
            for (key, entry) in try Self.open(in: try file.contents(), of: file.path) {
                try note(key) { _ in entry }
                var task = TransferTask(key: key, source: ObjectState(size: 0))
                task.target = entry.etag.map { ObjectState(size: 0, etag: $0) }
                task.isResumed = true
                task.mayBeOursUntil = entry.began.addingTimeInterval(Self.longestWrite)
                tasks[key] = task
            }
            file.remove()
        }
        return tasks.values.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
    }

    /// - Returns: `nil` when a process is at work with it, or another one takes it.
    private static func leftover(_ path: String) throws(CheckpointError) -> JournalFile? {
        do {
            return try JournalFile(path: path)
        } catch .inUse {
            return nil
        }
    }

    private static func open(in bytes: [UInt8], of path: String) throws(CheckpointError) -> [String: Entry] {
        let lines = JournalLines(bytes) { line in
            line["key"]?.string != nil && (line["ended"] != nil || line["began"]?.integer != nil)
        }
        if let broken = lines.broken { throw .brokenLine(path: path, number: broken) }
        var open: [String: Entry] = [:]
        for line in lines.values {
            guard let key = line["key"]?.string else { continue }
            if let began = line["began"]?.integer {
                open[key] = Entry(
                    etag: line["etag"]?.string,
                    began: Date(timeIntervalSince1970: TimeInterval(began))
                )
            } else {
                open.removeValue(forKey: key)
            }
        }
        return open
    }

    /// - Parameter entry: `nil` for what is settled.
    private static func line(_ key: String, _ entry: Entry?) -> [UInt8] {
        var members: JSONObject = ["key": .string(key)]
        if let entry {
            members["etag"] = entry.etag.map { .string($0) }
            members["began"] = .number(JSONNumber(Int(entry.began.timeIntervalSince1970)))
        } else {
            members["ended"] = true
        }
        return JSONValue.object(members).serialized() + [UInt8(ascii: "\n")]
    }
}
