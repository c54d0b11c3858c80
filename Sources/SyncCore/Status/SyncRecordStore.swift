internal import AWSCore
import BackupCore

package import struct FoundationEssentials.Date

/// The state folder as far as it tells how copies and comparisons went, one small file for each pair and kind.
///
/// The files hold names and numbers and no items; they are written at one stroke and readable by their owner alone.
package struct SyncRecordStore: Sendable {
    package let folder: String

    package init(folder: String) {
        self.folder = folder
    }

    /// - Throws: ``CheckpointError`` when the file cannot be written.
    package func save(_ record: HistoryRecord) throws(CheckpointError) {
        try write(record.json, to: path(record.pair, "history"))
    }

    /// See ``save(_:)-(HistoryRecord)``.
    package func save(_ record: VerificationRecord) throws(CheckpointError) {
        try write(record.json, to: path(record.pair, "verification"))
    }

    /// The last comparison; `nil` when there is none in this folder.
    ///
    /// - Throws: ``CheckpointError`` when the file cannot be read.
    package func verification(of pair: SyncPair) throws(CheckpointError) -> VerificationRecord? {
        try read(path(pair, "verification")).flatMap { VerificationRecord(json: $0, pair: pair) }
    }

    /// The last copy; `nil` when there is none in this folder.
    ///
    /// - Throws: ``CheckpointError`` when a file cannot be read.
    package func history(of pair: SyncPair) throws(CheckpointError) -> HistoryProgress? {
        let record = try read(path(pair, "history")).flatMap { HistoryRecord(json: $0, pair: pair) }
        // A checkpoint is there as long as a copy is not finished, and whatever is finished besides is older than it.
        if pair.kind == .table, let copy = try CopyCheckpoint.progress(path: path(pair, "checkpoint"), of: pair) {
            return HistoryProgress(
                state: copy.isInUse ? .running : .interrupted,
                mode: copy.identity.mode.rawValue,
                filter: copy.identity.filter,
                done: copy.counts.done,
                total: nil,
                failed: copy.counts.failed,
                segments: (copy.finishedSegments, copy.segments),
                startDate: nil,
                date: copy.modificationDate
            )
        }
        guard let record else { return nil }
        let isInUse = try JournalFile.isInUse(lockPath(pair))
        return HistoryProgress(
            state: record.state == .finished ? .finished : isInUse ? .running : .interrupted,
            mode: record.mode,
            filter: record.filter,
            done: record.done,
            total: record.total,
            failed: record.failed,
            segments: nil,
            startDate: record.startDate,
            date: record.date
        )
    }

    /// What a copy without a checkpoint holds while it runs, so that others can tell it from one that was cut off.
    package func path(ofLockFor pair: SyncPair) -> String { lockPath(pair) }

    private func lockPath(_ pair: SyncPair) -> String { path(pair, "running") }

    private func path(_ pair: SyncPair, _ ending: String) -> String { "\(folder)/\(pair.fileName).\(ending)" }

    private func write(_ json: JSONValue, to path: String) throws(CheckpointError) {
        var file = try JournalFile(path: path)
        try file.replaceContents(json.serialized() + [UInt8(ascii: "\n")])
    }

    /// What is not JSON counts as not there: the file is ours, and the next copy or comparison writes it anew.
    private func read(_ path: String) throws(CheckpointError) -> JSONValue? {
        try JournalFile.contents(ofFile: path).flatMap { try? JSONValue(parsing: $0) }
    }
}

/// How far a copy is.
package struct HistoryProgress: Sendable {
    package enum State: String, Sendable {
        case running
        /// Begun, not finished, and no process works at it on this machine.
        case interrupted
        case finished
    }

    package var state: State
    package var mode: String
    package var filter: String?
    package var done: Int
    package var total: Int?
    package var failed: Int
    /// Of a table that is being copied: segments that are read to their end, of how many.
    package var segments: (finished: Int, all: Int)?
    package var startDate: Date?
    /// When something was written last; the end of a copy that is finished.
    package var date: Date?
}
