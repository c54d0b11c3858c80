import AWSCore
import Synchronization

/// A listing that is read in several places at the same time and handed on page by page in its order.
///
/// For the side beside one that can only be gone through from its beginning. What is read ahead is bounded, so that
/// memory does not depend on the number of keys; see ``ReadAheadRanges``. Listed once, from the beginning, by one reader
/// of ``page(after:continuing:)``, while tasks of ``work()`` run, which end with it.
final class ReadAheadListing: ListingSource {
    /// A page holds a thousand keys, some hundred bytes each.
    static let pages = 64

    private struct State {
        var ranges: ReadAheadRanges
        var isEnded = false
        var workers: [CheckedContinuation<ReadAheadRanges.Read?, Never>] = []
        var reader: CheckedContinuation<ListObjectsV2Page, any Error>?
    }

    /// Those that need not wait any longer, to be resumed outside of the lock.
    private struct Served {
        var workers: [(CheckedContinuation<ReadAheadRanges.Read?, Never>, ReadAheadRanges.Read?)] = []
        var reader: (CheckedContinuation<ListObjectsV2Page, any Error>, Result<ListObjectsV2Page, any Error>)?

        func resume() {
            for (worker, read) in workers { worker.resume(returning: read) }
            if let (reader, result) = reader { reader.resume(with: result) }
        }
    }

    private let side: any ListingSource
    private let state: Mutex<State>

    /// - Parameters:
    ///   - side: One that starts anywhere.
    ///   - pages: How many are there at most that nobody has taken yet, those included that were asked for.
    init(_ side: any ListingSource, pages: Int = pages) {
        self.side = side
        state = Mutex(State(ranges: ReadAheadRanges(side: side, limit: pages)))
    }

    var keyPrefix: [UInt8] { side.keyPrefix }
    var startsAnywhere: Bool { false }
    var name: String { side.name }

    /// The next page in the order of all keys.
    ///
    /// - Throws: `CancellationError` when a task of ``work()`` was cancelled.
    func page(after key: [UInt8], continuing token: String?) async throws -> ListObjectsV2Page {
        try await withCheckedThrowingContinuation { continuation in
            serve { $0.reader = continuation }
        }
    }

    /// Reads pages, whichever are wanted, until there are none left; ends the listing for all when it is cancelled.
    ///
    /// - Throws: as ``ListingCursor/advanced()``. The others, and the reader, are then to be cancelled.
    func work() async throws {
        try await withTaskCancellationHandler {
            while let read = await nextRead() {
                let cursor = try await read.cursor.advanced()
                serve { $0.ranges.finish(read, cursor) }
            }
        } onCancel: {
            serve { $0.isEnded = true }
        }
    }

    private func nextRead() async -> ReadAheadRanges.Read? {
        await withCheckedContinuation { continuation in
            serve { $0.workers.append(continuation) }
        }
    }

    /// Changes the state, and hands out what is there by then.
    private func serve(_ change: (inout sending State) -> Void) {
        let served = state.withLock { state in
            change(&state)
            return Self.serve(&state)
        }
        served.resume()
    }

    private static func serve(_ state: inout State) -> Served {
        var served = Served()
        if let reader = state.reader, let page = page(&state) {
            served.reader = (reader, page)
            state.reader = nil
        }
        while let worker = state.workers.last {
            if state.isEnded || state.ranges.isRead {
                served.workers.append((worker, nil))
            } else if let read = state.ranges.nextRead() {
                served.workers.append((worker, read))
            } else {
                break
            }
            state.workers.removeLast()
        }
        return served
    }

    /// What the reader waits for; `nil` while it is not there.
    private static func page(_ state: inout State) -> Result<ListObjectsV2Page, any Error>? {
        if state.isEnded { return .failure(CancellationError()) }
        do {
            return try state.ranges.takePage().map { .success($0) }
        } catch {
            return .failure(error)
        }
    }
}
