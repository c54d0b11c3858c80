import Synchronization

/// Takes keys from any number of tasks, in bounded memory.
final class SuspectCollector: Sendable {
    private let space: TemporarySpace
    private let spool: Mutex<RecordSpool>

    init(space: TemporarySpace) {
        self.space = space
        spool = Mutex(RecordSpool(space: space))
    }

    /// - Throws: ``TemporarySpace/Failure``.
    func add(_ key: [UInt8]) throws(TemporarySpace.Failure) {
        let record = SuspectRecord(key: key)
        try spool.withLock { spool throws(TemporarySpace.Failure) in try spool.append(record) }
    }

    /// All of them; none is left.
    func take() -> RecordSpool {
        spool.withLock { spool in
            var taken = RecordSpool(space: space)
            swap(&taken, &spool)
            return taken
        }
    }
}
