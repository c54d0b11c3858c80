import Synchronization

/// Hands elements from producers to consumers; producers wait while too many are waiting.
final class BoundedQueue<Element: Sendable>: Sendable {
    private struct State {
        var elements: [Element] = []
        var first = 0
        var isFinished = false
        var consumers: [CheckedContinuation<Element?, Never>] = []
        var producers: [CheckedContinuation<Void, Never>] = []

        var count: Int { elements.count - first }

        mutating func pop() -> Element? {
            guard first < elements.count else { return nil }
            let element = elements[first]
            first += 1
            if first == elements.count {
                elements.removeAll(keepingCapacity: true)
                first = 0
            } else if first >= 1024 {
                elements.removeFirst(first)
                first = 0
            }
            return element
        }
    }

    private let state = Mutex(State())
    private let limit: Int

    /// - Parameter limit: How many elements may wait before a producer does.
    init(limit: Int) {
        self.limit = limit
    }

    /// Adds elements, then waits while too many are waiting.
    ///
    /// - Throws: `CancellationError`.
    func push(_ batch: [Element]) async throws {
        let served = state.withLock { state in
            var rest = batch[...]
            var served: [(CheckedContinuation<Element?, Never>, Element)] = []
            while let consumer = state.consumers.popLast() {
                guard let element = rest.popFirst() else {
                    state.consumers.append(consumer)
                    break
                }
                served.append((consumer, element))
            }
            state.elements += rest
            return served
        }
        for (consumer, element) in served { consumer.resume(returning: element) }
        await withCheckedContinuation { continuation in
            let mayGoOn = state.withLock { state in
                if state.isFinished || state.count <= limit { return true }
                state.producers.append(continuation)
                return false
            }
            if mayGoOn { continuation.resume() }
        }
        try Task.checkCancellation()
    }

    /// The next element; `nil` at the end.
    func pop() async -> Element? {
        await withCheckedContinuation { continuation in
            let (element, producers) = state.withLock { state -> (Element??, [CheckedContinuation<Void, Never>]) in
                if let element = state.pop() {
                    guard state.count <= limit else { return (.some(element), []) }
                    defer { state.producers = [] }
                    return (.some(element), state.producers)
                }
                if state.isFinished { return (.some(nil), []) }
                state.consumers.append(continuation)
                return (.none, [])
            }
            for producer in producers { producer.resume() }
            if let element { continuation.resume(returning: element) }
        }
    }

    /// No more elements will come; what waits is still given out unless `discards`.
    func finish(discards: Bool = false) {
        let (consumers, producers) = state.withLock { state in
            state.isFinished = true
            if discards {
                state.elements = []
                state.first = 0
            }
            defer {
                state.consumers = []
                state.producers = []
            }
            return (state.consumers, state.producers)
        }
        for consumer in consumers { consumer.resume(returning: nil) }
        for producer in producers { producer.resume() }
    }
}
