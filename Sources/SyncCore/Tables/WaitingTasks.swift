/// Tasks that wait for something to happen, in the order in which they came; kept behind somebody else's lock.
struct WaitingTasks {
    typealias Waiter = CheckedContinuation<Void, Never>

    private var waiting: [(id: Int, waiter: Waiter)] = []
    private var lastID = 0
    /// Waits that were cancelled before they had begun.
    private var cancelled: Set<Int> = []

    mutating func newID() -> Int {
        lastID += 1
        return lastID
    }

    /// - Returns: `false` when there is nothing to wait for any more.
    mutating func add(_ id: Int, _ waiter: Waiter) -> Bool {
        if cancelled.remove(id) != nil { return false }
        waiting.append((id, waiter))
        return true
    }

    mutating func cancel(_ id: Int) -> Waiter? {
        guard let place = waiting.firstIndex(where: { $0.id == id }) else {
            cancelled.insert(id)
            return nil
        }
        return waiting.remove(at: place).waiter
    }

    mutating func end(_ id: Int) { cancelled.remove(id) }

    mutating func first() -> Waiter? { waiting.isEmpty ? nil : waiting.removeFirst().waiter }

    mutating func all() -> [Waiter] {
        defer { waiting.removeAll(keepingCapacity: true) }
        return waiting.map(\.waiter)
    }
}
