import AWSCore
import Synchronization

import struct FoundationEssentials.Date

/// The target's objects that the source does not have, kept until both listings have ended.
///
/// In one piece of memory, about a hundred bytes each, because there may be many; and only as many as may be deleted.
final class DeletionList: Sendable {
    private struct State {
        /// Key, ETag and time of each, one behind the other.
        var bytes: [UInt8] = []
        var entries: [Entry] = []
        var isOverLimit = false
    }

    private struct Entry {
        var key: Range<Int>
        var etag: Range<Int>
        var lastModified: Range<Int>
        var size: Int
    }

    private let state = Mutex(State())
    /// More than these are never deleted, so more are never kept.
    private let limit: Int

    init(limit: Int) {
        self.limit = limit
    }

    func append(_ object: ListedObject, prefixLength: Int) {
        state.withLock { state in
            guard state.entries.count < limit else {
                state.isOverLimit = true
                return
            }
            let start = state.bytes.count
            state.bytes += object.keyBytes.dropFirst(prefixLength)
            let keyEnd = state.bytes.count
            state.bytes += object.etagBytes
            let etagEnd = state.bytes.count
            state.bytes += object.bytes[object.entry.lastModified]
            state.entries.append(
                Entry(
                    key: start..<keyEnd,
                    etag: keyEnd..<etagEnd,
                    lastModified: etagEnd..<state.bytes.count,
                    size: object.size
                )
            )
        }
    }

    var count: Int { state.withLock { $0.entries.count } }
    /// Whether there were more than may be kept.
    var isOverLimit: Bool { state.withLock { $0.isOverLimit } }

    /// The object's key without the target's prefix, and what it was when it was listed.
    subscript(index: Int) -> (key: String, state: ObjectState) {
        state.withLock { state in
            let entry = state.entries[index]
            func text(_ range: Range<Int>) -> String { String(decoding: state.bytes[range], as: UTF8.self) }
            let found = ObjectState(
                size: entry.size,
                etag: entry.etag.isEmpty ? nil : text(entry.etag),
                lastModified: Date(iso8601: text(entry.lastModified))
            )
            return (text(entry.key), found)
        }
    }
}
