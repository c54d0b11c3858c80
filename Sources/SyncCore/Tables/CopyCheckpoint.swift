internal import AWSCore
import Synchronization

/// How far a copy is, on disk: after a crash at any point the same copy goes on from here.
///
/// A file of JSON lines. The first says of which copy it is. Each further one is a page all of whose items are done with,
/// as are all before it in its segment, with the segment's counts up to it: of a segment only the newest counts. A line
/// that breaks off, as a crash leaves it, costs its page another run and nothing else. Before a merge writes the items of
/// a page it notes their keys, because after a crash nobody else would know what it may have written.
///
/// What a lost line costs is work and not data, except for noted keys; so only these are waited for until they are on the
/// disk. The failures lie in a file beside it, and each page says how long that is.
package final class CopyCheckpoint: Sendable {
    static let format = "sync table checkpoint"
    /// How every checkpoint begins.
    static let header = "{\"format\":\"\(format)\""

    /// How far a segment is.
    struct Position: Sendable, Equatable {
        /// Where it goes on; `nil` at its beginning, and at its end.
        var key: [UInt8]?
        var isDone = false
        var counts = CopyCounts()
    }

    /// Keys of a page that a merge has begun to write.
    struct Intent: Sendable, Equatable {
        var segment: Int
        /// Pages of the segment before it.
        var page: Int
        /// The JSON texts of the keys.
        var keys: [[UInt8]]
    }

    package let path: String
    /// Where items are named that DynamoDB refuses.
    package var failuresPath: String { Self.failuresPath(path) }
    /// Whether it is that of a copy that has begun before.
    package let isResumed: Bool
    private let disk: DiskCalls
    private let files: Mutex<Files>

    /// Opens the checkpoint of a copy, or begins one.
    ///
    /// - Parameters:
    ///   - segments: for a copy that begins; one that goes on keeps its own number.
    ///   - requestedSegments: what the user asked for, which must not differ from what the copy has begun with.
    ///   - restarting: forgets what is there, whatever copy it is of.
    ///   - compactionBytes: how long the journal gets before it is written anew.
    /// - Throws: ``CheckpointError``.
    package init(
        path: String,
        identity: CopyIdentity,
        segments: Int,
        requestedSegments: Int? = nil,
        restarting: Bool = false,
        compactionBytes: Int = 8 << 20,
        disk: DiskCalls = DiskCalls()
    ) throws(CheckpointError) {
        let journal = try JournalFile(path: path, disk: disk)
        let reader = try CheckpointReader(restarting ? [] : try journal.contents(), path: path)
        if let found = reader.identity {
            if let difference = identity.difference(from: found) {
                throw CheckpointError.ofAnotherCopy(path: path, difference: difference)
            }
            if let requestedSegments, requestedSegments != reader.positions.count {
                throw CheckpointError.otherSegments(path: path, segments: reader.positions.count)
            }
        }
        self.path = path
        self.disk = disk
        isResumed = reader.identity != nil
        files = Mutex(
            try Files(
                journal: journal,
                identity: identity,
                positions: isResumed ? reader.positions : Array(repeating: Position(), count: segments),
                intents: reader.intents,
                failuresEnd: reader.failuresEnd,
                compactionBytes: compactionBytes
            )
        )
    }

    /// Begins the checkpoint of a copy of which parts are done, or are another's business.
    ///
    /// - Throws: ``CheckpointError``.
    init(path: String, identity: CopyIdentity, positions: [Position]) throws(CheckpointError) {
        self.path = path
        disk = DiskCalls()
        isResumed = false
        files = Mutex(
            try Files(
                journal: try JournalFile(path: path),
                identity: identity,
                positions: positions,
                intents: [],
                failuresEnd: 0,
                compactionBytes: 8 << 20
            )
        )
    }

    /// Whether there is a checkpoint of that copy to go on from.
    ///
    /// - Throws: ``CheckpointError`` when there is one of another copy.
    static func isThere(path: String, of identity: CopyIdentity) throws(CheckpointError) -> Bool {
        guard let contents = try JournalFile.contents(ofFile: path) else { return false }
        guard let found = try CheckpointReader(contents, path: path).identity else { return false }
        if let difference = identity.difference(from: found) {
            throw CheckpointError.ofAnotherCopy(path: path, difference: difference)
        }
        return true
    }

    var positions: [Position] { files.withLock { $0.positions } }
    var intents: [Intent] { files.withLock { $0.intents } }

    /// What is done, in this run and before.
    package var counts: CopyCounts {
        files.withLock { files in files.positions.reduce(into: CopyCounts()) { $0 += $1.counts } }
    }

    package var segmentCount: Int { files.withLock { $0.positions.count } }

    /// Takes note of a finished page.
    func record(_ page: CopyScheduler.FinishedPage) throws(CheckpointError) {
        try files.withLock { files throws(CheckpointError) in try files.record(page) }
    }

    /// Takes note, for good, of the keys that a merge is about to write.
    func note(_ intent: Intent) async throws(CheckpointError) {
        try files.withLock { files throws(CheckpointError) in try files.note(intent) }
        try await synchronize()
    }

    /// The noted keys of an earlier run have been looked at.
    func forgetIntents() throws(CheckpointError) {
        try files.withLock { files throws(CheckpointError) in try files.forgetIntents() }
    }

    /// Returns when all that was recorded would survive a power failure.
    package func synchronize() async throws(CheckpointError) {
        let duplicates = files.withLock { $0.duplicates() }
        for (descriptor, path) in duplicates {
            try await JournalFile.synchronize(descriptor, path: path, disk: disk)
        }
    }

    /// Removes it, because the copy is done; the failures, if there are any, stay.
    package func remove() {
        files.withLock { $0.journal.remove() }
    }

    static func failuresPath(_ path: String) -> String { path + ".failures" }
}

/// What a checkpoint keeps behind its lock.
private struct Files: ~Copyable {
    var journal: JournalFile
    private var failures: JournalFile?
    private let identity: CopyIdentity
    private(set) var positions: [CopyCheckpoint.Position]
    private(set) var intents: [CopyCheckpoint.Intent]
    private let compactionBytes: Int
    /// Length at which the journal is written anew.
    private var compactAt = 0

    init(
        journal: consuming JournalFile,
        identity: CopyIdentity,
        positions: [CopyCheckpoint.Position],
        intents: [CopyCheckpoint.Intent],
        failuresEnd: Int,
        compactionBytes: Int
    ) throws(CheckpointError) {
        let failuresPath = CopyCheckpoint.failuresPath(journal.path)
        self.journal = journal
        self.identity = identity
        self.positions = positions
        self.intents = intents
        self.compactionBytes = compactionBytes
        if failuresEnd > 0 {
            // Items that failed on a page that will be read again will be named again.
            var file = try JournalFile(path: failuresPath)
            try file.truncate(to: failuresEnd)
            failures = consume file
        } else {
            JournalFile.remove(failuresPath)
            failures = nil
        }
        try compact()
    }

    mutating func record(_ page: CopyScheduler.FinishedPage) throws(CheckpointError) {
        if !page.failures.isEmpty {
            if failures == nil { failures = try JournalFile(path: CopyCheckpoint.failuresPath(journal.path)) }
            try failures?.append(page.failures)
        }
        if page.counts.pages > positions[page.segment].counts.pages {
            positions[page.segment] = CopyCheckpoint.Position(
                key: page.lastEvaluatedKey,
                isDone: page.lastEvaluatedKey == nil,
                counts: page.counts
            )
            intents.removeAll { $0.segment == page.segment && $0.page < page.counts.pages }
        }
        try journal.append(line(page.segment, positions[page.segment]))
        if journal.count > compactAt { try compact() }
    }

    mutating func note(_ intent: CopyCheckpoint.Intent) throws(CheckpointError) {
        intents.append(intent)
        try journal.append(Self.line(intent))
    }

    mutating func forgetIntents() throws(CheckpointError) {
        guard !intents.isEmpty else { return }
        intents = []
        try compact()
    }

    func duplicates() -> [(Int32, String)] {
        var duplicates = [(journal.duplicate(), journal.path)]
        switch failures {
        case .some(let file): duplicates.append((file.duplicate(), file.path))
        case .none: break
        }
        return duplicates
    }

    /// Writes the journal anew, without what is out of date.
    private mutating func compact() throws(CheckpointError) {
        var header: JSONObject = [
            "format": .string(CopyCheckpoint.format), "version": 1, "copy": identity.json,
            "segments": .number(JSONNumber(positions.count)),
        ]
        header["failuresEnd"] = .number(JSONNumber(failuresEnd))
        var bytes = JSONValue.object(header).serialized() + [UInt8(ascii: "\n")]
        for (segment, position) in positions.enumerated() where position.counts.pages > 0 {
            bytes += line(segment, position)
        }
        for intent in intents { bytes += Self.line(intent) }
        try journal.replaceContents(bytes)
        compactAt = 4 * bytes.count + compactionBytes
    }

    private var failuresEnd: Int {
        switch failures {
        case .some(let file): file.count
        case .none: 0
        }
    }

    private func line(_ segment: Int, _ position: CopyCheckpoint.Position) -> [UInt8] {
        var line = Array("{\"segment\":\(segment),\"key\":".utf8)
        line += position.key.map(Self.onOneLine) ?? Array("null".utf8)
        for (name, path) in CopyCounts.members where position.counts[keyPath: path] != 0 {
            line += ",\"\(name)\":\(position.counts[keyPath: path])".utf8
        }
        if failuresEnd > 0 { line += ",\"failuresEnd\":\(failuresEnd)".utf8 }
        line += "}\n".utf8
        return line
    }

    private static func line(_ intent: CopyCheckpoint.Intent) -> [UInt8] {
        var line = Array("{\"segment\":\(intent.segment),\"page\":\(intent.page),\"keys\":[".utf8)
        for (place, key) in intent.keys.enumerated() {
            if place > 0 { line.append(UInt8(ascii: ",")) }
            line += onOneLine(key)
        }
        line += "]}\n".utf8
        return line
    }

    /// JSON text has line breaks between its tokens alone, where a blank means the same.
    private static func onOneLine(_ text: [UInt8]) -> [UInt8] {
        text.contains { $0 < 0x20 } ? text.map { $0 < 0x20 ? 0x20 : $0 } : text
    }
}
