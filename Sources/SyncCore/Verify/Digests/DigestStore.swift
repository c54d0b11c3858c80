import Synchronization

/// The digests of both sides' items while they are read, in memory that does not grow.
///
/// Safe to use from any number of tasks: items are spread over shards by their key's digest, each with a lock of its own
/// that a page takes once.
final class DigestStore: Sendable {
    /// The digests of one page's items, with their keys' texts one after the other.
    struct Page {
        struct Entry {
            var key: UInt128
            var item: UInt128
            var keyEnd: Int
        }

        var entries: [Entry] = []
        var keyTexts: [UInt8] = []
    }

    /// Memory for records; the slots that find them take an eighth more.
    static let standardCapacity = 32 << 20
    private static let shardBits = 3

    private let shards: [Shard]
    private let capacity: Int

    /// A lock around a table, in a class because tables cannot be elements of an array.
    private final class Shard: Sendable {
        let table: Mutex<DigestTable>

        init(capacity: Int, space: TemporarySpace) {
            table = Mutex(DigestTable(capacity: capacity, sharedBits: DigestStore.shardBits, space: space))
        }
    }

    init(capacity: Int = standardCapacity, space: TemporarySpace) {
        self.capacity = capacity
        let shardCount = 1 << Self.shardBits
        shards = (0..<shardCount).map { _ in Shard(capacity: capacity / shardCount, space: space) }
    }

    /// Pairs of equal items so far.
    var matches: Int { shards.reduce(0) { $0 + $1.table.withLock { $0.matches } } }

    /// Items that their own side had given before; a scan gives none twice, but nothing here relies on it.
    var repeats: Int { shards.reduce(0) { $0 + $1.table.withLock { $0.repeats } } }

    /// Adds the items of a page of one side.
    ///
    /// - Throws: ``TemporarySpace/Failure``.
    func insert(_ page: borrowing Page, side: DigestRecord.Sides) throws(TemporarySpace.Failure) {
        let entries = page.entries
        let result = page.keyTexts.withUnsafeBytes { texts in
            Result { () throws(TemporarySpace.Failure) in
                for (number, shard) in shards.enumerated() {
                    try shard.table.withLock { table throws(TemporarySpace.Failure) in
                        var keyStart = 0
                        for entry in entries {
                            if Int(truncatingIfNeeded: entry.key >> UInt128(128 - Self.shardBits)) == number {
                                try table.insert(
                                    DigestRecord(
                                        key: entry.key,
                                        item: entry.item,
                                        sides: side,
                                        keyText: UnsafeRawBufferPointer(rebasing: texts[keyStart..<entry.keyEnd])
                                    )
                                )
                            }
                            keyStart = entry.keyEnd
                        }
                    }
                }
            }
        }
        try result.get()
    }

    /// Gives every item without an equal counterpart, after the last page has come.
    ///
    /// - Parameter emit: gets each key once, in no particular order.
    /// - Throws: ``TemporarySpace/Failure``; what `emit` throws; `CancellationError`.
    func finish(_ emit: (DigestRecord) throws -> Void) throws {
        for shard in shards {
            try shard.table.withLock { table in
                // The other shards' memory is still there: together no more than while pages came, and half.
                try table.finish(partCapacity: capacity / 2, emit)
            }
        }
    }
}
