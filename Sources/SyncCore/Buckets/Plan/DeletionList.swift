import AWSCore
import Synchronization

/// The target's objects that the source does not have, kept in one piece of memory until both listings have ended.
final class DeletionList: Sendable {
    private struct State {
        /// Key and ETag of each, one behind the other.
        var bytes: [UInt8] = []
        /// Where each key and each ETag ends.
        var ends: [(key: Int, etag: Int)] = []
        var isOverLimit = false
    }

    struct Extra: Sendable, Equatable {
        /// Without the target's prefix.
        var key: String
        /// With its quotes; `nil` for a file.
        var etag: String?
    }

    private let state = Mutex(State())
    /// More than these are never deleted, so more are never kept.
    private let limit: Int

    init(limit: Int) {
        self.limit = limit
    }

    func append(key: some Collection<UInt8>, etag: some Collection<UInt8>) {
        state.withLock { state in
            guard state.ends.count < limit else {
                state.isOverLimit = true
                return
            }
            state.bytes += key
            let end = state.bytes.count
            state.bytes += etag
            state.ends.append((end, state.bytes.count))
        }
    }

    var count: Int { state.withLock { $0.ends.count } }
    /// Whether some were left out.
    var isOverLimit: Bool { state.withLock { $0.isOverLimit } }

    subscript(index: Int) -> Extra {
        state.withLock { state in
            let start = index == 0 ? 0 : state.ends[index - 1].etag
            let (key, end) = state.ends[index]
            return Extra(
                key: String(decoding: state.bytes[start..<key], as: UTF8.self),
                etag: key == end ? nil : String(decoding: state.bytes[key..<end], as: UTF8.self)
            )
        }
    }
}
