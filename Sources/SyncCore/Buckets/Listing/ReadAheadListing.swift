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
        var failure: (any Error)?
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
    /// - Throws: what a worker threw; `CancellationError`.
    func page(after key: [UInt8], continuing token: String?) async throws -> ListObjectsV2Page {
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                serve { $0.reader = continuation }
            }
        } onCancel: {
            end(CancellationError())
        }
    }

    /// Reads pages, whichever are wanted, until there are none left or the listing was ended.
    ///
    /// - Throws: as ``ListingCursor/advanced()``; ends the listing for all.
    func work() async throws {
        do {
            try await withTaskCancellationHandler {
                while let read = await nextRead() {
                    let cursor = try await read.cursor.advanced()
                    serve { $0.ranges.finish(read, cursor) }
                }
            } onCancel: {
                end(CancellationError())
            }
        } catch {
            end(error)
            throw error
        }
    }

    /// Ends all waits, and reads nothing more; the first error is what the reader gets.
    func end(_ error: any Error) {
        serve { if $0.failure == nil { $0.failure = error } }
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
        if let reader = state.reader {
            if let failure = state.failure {
                served.reader = (reader, .failure(failure))
            } else {
                do {
                    if let page = try state.ranges.takePage() { served.reader = (reader, .success(page)) }
                } catch {
                    served.reader = (reader, .failure(error))
                }
            }
            if served.reader != nil { state.reader = nil }
        }
        while let worker = state.workers.last {
            if state.failure != nil || state.ranges.isRead {
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
}
