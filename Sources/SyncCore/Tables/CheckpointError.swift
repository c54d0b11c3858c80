/// Why a checkpoint cannot be used; one line, which says what to do.
package enum CheckpointError: Error, Sendable, Equatable, CustomStringConvertible {
    /// Another process works with it.
    case inUse(path: String)
    /// It belongs to another copy.
    case ofAnotherCopy(path: String, difference: String)
    /// The number of segments differs from the one that the copy began with.
    case otherSegments(path: String, segments: Int)
    case notACheckpoint(path: String)
    /// A line of what a merge of buckets was writing is none; the first has number 1.
    case brokenLine(path: String, number: Int)
    /// A file cannot be opened, read or written.
    case file(path: String, action: String, reason: String)

    package var description: String {
        switch self {
        case .inUse(let path): "another sync is at work with the checkpoint \(path)"
        case .ofAnotherCopy(let path, let difference):
            "the checkpoint \(path) is \(difference): --restart begins anew, --checkpoint names another file"
        case .otherSegments(let path, let segments):
            "the checkpoint \(path) is of a copy with --segments \(segments): leave --segments out, or --restart"
        case .notACheckpoint(let path):
            "\(path) is no checkpoint of sync table: --checkpoint names another file"
        case .brokenLine(let path, let number):
            "line \(number) of \(path) cannot be read, and may name an object that an earlier merge was killed in: compare the"
                + " buckets with sync verify bucket --metadata --tags --repair --delete, delete the file, and run the same again"
        case .file(let path, let action, let reason):
            "cannot \(action) \(path): \(reason); what is copied is kept, run the same again when that is mended"
        }
    }
}
