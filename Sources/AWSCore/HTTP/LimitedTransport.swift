import Synchronization

/// Lets at most so many requests be in flight at once; the others wait in the order in which they came.
///
/// A streamed answer counts until its body has ended, failed or been let go of.
package final class LimitedTransport: HTTPTransport {
    private let transport: any HTTPTransport
    private let permits: PermitQueue

    /// - Parameter limit: at least 1; less counts as 1.
    package init(_ transport: any HTTPTransport, limit: Int) {
        self.transport = transport
        self.permits = PermitQueue(limit: max(1, limit))
    }

    /// How many requests wait for their turn.
    package var waiting: Int { permits.waiting }

    package var executor: (any TaskExecutor)? { transport.executor }

    package func send(_ request: HTTPRequest) async throws -> HTTPResponse {
        let permit = try await permits.take()
        defer { permit.giveBack() }
        return try await transport.send(request)
    }

    package func stream(_ request: HTTPRequest) async throws -> HTTPStreamingResponse {
        let permit = try await permits.take()
        do {
            var response = try await transport.stream(request)
            let body = BodyWithPermit(response.body, permit)
            response.body = HTTPResponseStream { try await body.next() }
            return response
        } catch {
            permit.giveBack()
            throw error
        }
    }
}

/// A body that gives its permit back with its last piece.
private final class BodyWithPermit: Sendable {
    private let chunks: HTTPResponseStream
    private let permit: Permit

    init(_ chunks: HTTPResponseStream, _ permit: Permit) {
        self.chunks = chunks
        self.permit = permit
    }

    func next() async throws -> [UInt8]? {
        do {
            var iterator = chunks.makeAsyncIterator()
            if let chunk = try await iterator.next() { return chunk }
            permit.giveBack()
            return nil
        } catch {
            permit.giveBack()
            throw error
        }
    }
}

/// The right to have one request in flight; given back once, at the latest when nobody holds it any more.
private final class Permit: Sendable {
    private let queue: PermitQueue
    private let isHeld = Mutex(true)

    init(of queue: PermitQueue) {
        self.queue = queue
    }

    deinit { giveBack() }

    func giveBack() {
        let wasHeld = isHeld.withLock { isHeld in
            defer { isHeld = false }
            return isHeld
        }
        if wasHeld { queue.takeBack() }
    }
}

/// A counting semaphore whose waiters suspend, are served in turn and may be cancelled.
private final class PermitQueue: Sendable {
    private struct State {
        var available: Int
        var waiters: [(id: Int, continuation: CheckedContinuation<Bool, Never>)] = []
        var lastID = 0
        /// Waits that were cancelled before they had begun.
        var cancelled: Set<Int> = []
    }

    private let state: Mutex<State>

    init(limit: Int) {
        state = Mutex(State(available: limit))
    }

    var waiting: Int { state.withLock { $0.waiters.count } }

    /// - Throws: `CancellationError`; nothing is taken then.
    func take() async throws -> Permit {
        let id = state.withLock { state in
            state.lastID += 1
            return state.lastID
        }
        let isTaken = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isTaken = state.withLock { state -> Bool? in
                    if state.cancelled.remove(id) != nil { return false }
                    if state.available > 0 {
                        state.available -= 1
                        return true
                    }
                    state.waiters.append((id, continuation))
                    return nil
                }
                if let isTaken { continuation.resume(returning: isTaken) }
            }
        } onCancel: {
            cancelWait(id)
        }
        state.withLock { _ = $0.cancelled.remove(id) }
        guard isTaken else { throw CancellationError() }
        return Permit(of: self)
    }

    func takeBack() {
        let next = state.withLock { state -> CheckedContinuation<Bool, Never>? in
            guard !state.waiters.isEmpty else {
                state.available += 1
                return nil
            }
            return state.waiters.removeFirst().continuation
        }
        next?.resume(returning: true)
    }

    private func cancelWait(_ id: Int) {
        let waiter = state.withLock { state -> CheckedContinuation<Bool, Never>? in
            guard let index = state.waiters.firstIndex(where: { $0.id == id }) else {
                state.cancelled.insert(id)
                return nil
            }
            return state.waiters.remove(at: index).continuation
        }
        waiter?.resume(returning: false)
    }
}
