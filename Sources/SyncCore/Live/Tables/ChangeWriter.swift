import AWSCore
import Synchronization

import struct FoundationEssentials.Date

/// Writes the changes of one batch to one target: in parallel, because each item stands in them only once, and again and
/// again while the target refuses for want of capacity.
struct ChangeWriter: Sendable {
    /// Leaves throttling to its caller.
    let dynamoDB: DynamoDBClient
    let table: String
    /// One for each item.
    let requests: [WriteRequest]
    /// Tells the requests apart by their keys.
    let digester: ItemDigester
    let environment: AWSClient.Environment

    /// Calls in flight at the same time.
    static let maximumInFlight = 16

    struct Outcome: Sendable {
        /// What was not done, by its place in `requests`, and may be with another attempt.
        var left: [Int] = []
        /// What DynamoDB does not take, by its place, with its reason.
        var refused: [(place: Int, error: AWSError)] = []
        /// Why the rest of the requests was left; `nil` when the time was over, or nothing was left.
        var failure: (any Error)?
        /// The last error that another attempt may get over.
        var lastRetryable: AWSError?
        /// Calls that were refused, or done in part, for want of capacity.
        var throttledCount = 0
    }

    /// - Parameter end: when no new attempt is begun any more. Calls under way are waited for, because a write that
    ///   lands after its record has been delivered again could undo a later one; whoever cannot wait cancels the task.
    func run(until end: Date) async -> Outcome {
        let work = Work(count: requests.count)
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<min(Self.maximumInFlight, work.chunkCount) {
                group.addTask { await write(work, until: end) }
            }
        }
        return work.outcome
    }

    private func write(_ work: Work, until end: Date) async {
        var failures = 0
        while environment.now() < end, let chunk = work.next() {
            do {
                let outcome = try await dynamoDB.batchWriteItem(table: table, chunk.map { requests[$0] })
                guard !outcome.unprocessed.isEmpty else {
                    failures = 0
                    continue
                }
                let left = places(of: outcome.unprocessed, in: chunk)
                failures = left.count < chunk.count ? 1 : failures + 1
                work.putBack(left, isThrottled: true)
            } catch let error as AWSError where error.kind == .throttling || error.kind == .transient {
                failures += 1
                work.putBack(chunk, isThrottled: error.kind == .throttling, error: error)
            } catch let error as AWSError where error.refusesItem {
                work.refuse(chunk, error)
                continue
            } catch {
                // Cancelled, or a target that cannot be written at all.
                work.fail(chunk, error)
                return
            }
            let delay = Backoff.delay(afterFailures: failures, random: environment.random())
            // What was put back is left to whoever still has the time.
            guard environment.now().addingTimeInterval(delay / .seconds(1)) < end else { return }
            do { try await environment.sleep(delay) } catch { return }
        }
    }

    /// Where the requests stand that came back; all of the chunk when one is not found, for it is better to write an item
    /// twice than never.
    private func places(of unprocessed: [WriteRequest], in chunk: [Int]) -> [Int] {
        var byKey: [UInt128: Int] = [:]
        for place in chunk {
            guard let digest = keyDigest(of: requests[place]) else { return chunk }
            byKey[digest] = place
        }
        let found = unprocessed.compactMap { request in keyDigest(of: request).flatMap { byKey[$0] } }
        return found.count == unprocessed.count ? found : chunk
    }

    private func keyDigest(of request: WriteRequest) -> UInt128? {
        request.bytes.withUnsafeBytes { bytes in try? digester.digest(bytes).key }
    }
}

extension AWSError {
    /// Whether the error is about what is written, and will be the same the next time.
    fileprivate var refusesItem: Bool {
        // 413 is the HTTP server's own way to say that a request is too large.
        ["ValidationException", "ItemCollectionSizeLimitExceededException", "SerializationException"].contains(code)
            || status == 413
    }
}

/// What is still to be written, shared by the tasks that write.
private final class Work: Sendable {
    private struct State {
        var chunks: [[Int]]
        var isStopped = false
        var outcome = ChangeWriter.Outcome()
    }

    private let state: Mutex<State>
    let chunkCount: Int

    init(count: Int) {
        // An event has at most 6 MB, so that no chunk can come near a call's 16 MB.
        let size = BatchWriteItem.maximumRequests
        let chunks = stride(from: 0, to: count, by: size).map { Array($0..<min(count, $0 + size)) }
        chunkCount = chunks.count
        // Taken from the end: the earliest first.
        state = Mutex(State(chunks: chunks.reversed()))
    }

    /// What came out of it; what was never begun is left.
    var outcome: ChangeWriter.Outcome {
        state.withLock { state in
            var outcome = state.outcome
            outcome.left += state.chunks.joined()
            return outcome
        }
    }

    func next() -> [Int]? {
        state.withLock { state in state.isStopped ? nil : state.chunks.popLast() }
    }

    func putBack(_ left: [Int], isThrottled: Bool, error: AWSError? = nil) {
        state.withLock { state in
            state.chunks.append(left)
            if isThrottled { state.outcome.throttledCount += 1 }
            if let error { state.outcome.lastRetryable = error }
        }
    }

    /// Divides what was refused, until it is known which item it is about.
    func refuse(_ chunk: [Int], _ error: AWSError) {
        state.withLock { state in
            guard chunk.count > 1 else {
                state.outcome.refused += chunk.map { ($0, error) }
                return
            }
            state.chunks.append(Array(chunk[(chunk.count / 2)...]))
            state.chunks.append(Array(chunk[..<(chunk.count / 2)]))
        }
    }

    /// Ends all of it: the others' next calls would fail the same way.
    func fail(_ chunk: [Int], _ error: any Error) {
        state.withLock { state in
            state.outcome.left += chunk
            if state.outcome.failure == nil { state.outcome.failure = error }
            state.isStopped = true
        }
    }
}
