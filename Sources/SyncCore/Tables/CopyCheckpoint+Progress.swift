internal import AWSCore
import Glibc

import struct FoundationEssentials.Date

extension CopyCheckpoint {
    /// What a checkpoint says to somebody who only looks.
    struct Progress {
        var identity: CopyIdentity
        var counts: CopyCounts
        var finishedSegments: Int
        var segments: Int
        /// Whether a process is at work with it.
        var isInUse: Bool
        var modificationDate: Date?
    }

    /// How far a copy is; `nil` when there is no checkpoint of such a copy.
    ///
    /// - Throws: ``CheckpointError`` when the file cannot be read.
    static func progress(path: String, of pair: SyncPair) throws(CheckpointError) -> Progress? {
        guard let contents = try JournalFile.contents(ofFile: path),
            let reader = try? CheckpointReader(contents, path: path), let identity = reader.identity,
            identity.source.arn == pair.source, identity.target.arn == pair.target
        else { return nil }
        var status = stat()
        let isThere = stat(path, &status) == 0
        return Progress(
            identity: identity,
            counts: reader.positions.reduce(into: CopyCounts()) { $0 += $1.counts },
            finishedSegments: reader.positions.count { $0.isDone },
            segments: reader.positions.count,
            isInUse: try JournalFile.isInUse(path),
            modificationDate: isThere ? Date(timeIntervalSince1970: Double(status.st_mtim.tv_sec)) : nil
        )
    }
}

extension CopyCounts {
    /// Items that are dealt with, one way or the other.
    var done: Int { written + kept + failed + filtered + expired }
}

extension JournalFile {
    /// Whether a process has the file open for writing; nobody has one that is not there.
    static func isInUse(_ path: String) throws(CheckpointError) -> Bool {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            if errno == ENOENT || errno == ENOTDIR { return false }
            throw .file(path: path, action: "open", reason: String(cString: strerror(errno)))
        }
        defer { close(descriptor) }
        return flock(descriptor, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK
    }
}
