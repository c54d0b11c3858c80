import AWSCore

/// The records of one stream in a batch, brought down to the last change of each item.
///
/// Only the last counts, because records carry whole images; the earlier ones are remembered for a failure: Lambda goes
/// on from the sequence number that it is given, so that must be the first of a failed item's records and not the last.
/// Otherwise the item's earlier change could be applied again without the later one (hazard H12).
struct TableChanges {
    struct Change {
        /// The record that says how the item is now.
        var last: TableStreamRecord
        /// The item's earliest record in this batch.
        var first: TableStreamRecord
    }

    /// One for each item, in the order of their first records.
    private(set) var changes: [Change] = []
    /// Of each change, in the same order.
    private(set) var keyDigests: [UInt128] = []
    /// How many records there were, those without effect included.
    private(set) var recordCount = 0
    /// Deletes of expired items that the mapping ignores.
    private(set) var ignoredCount = 0
    /// When the oldest record was made; `nil` when no record says.
    private(set) var oldestCreationTime: Double?
    /// Tells the items apart; `nil` when there are no records.
    private(set) var digester: ItemDigester?

    /// - Parameters:
    ///   - stream: the one whose records are taken.
    ///   - policy: what is done about deletes of expired items. An ignored one is as if it had not been, so that the
    ///     item's change before it counts.
    /// - Throws: ``TableStreamEventError`` for keys that are none.
    init(
        of event: TableStreamEvent,
        stream: Int,
        timeToLiveDeletes policy: TableMapping.TimeToLiveDeletes
    ) throws(TableStreamEventError) {
        var places: [UInt128: Int] = [:]
        places.reserveCapacity(event.records.count)
        changes.reserveCapacity(event.records.count)
        for record in event.records where record.stream == stream {
            recordCount += 1
            if let time = record.creationTime { oldestCreationTime = min(time, oldestCreationTime ?? time) }
            guard policy == .forward || !record.isTimeToLiveDelete else {
                ignoredCount += 1
                continue
            }
            let digest = try keyDigest(of: record, in: event)
            guard let place = places[digest] else {
                places[digest] = changes.count
                changes.append(Change(last: record, first: record))
                keyDigests.append(digest)
                continue
            }
            // In order as Lambda delivers them; should they not be, the sequence number decides.
            if event.isEarlier(changes[place].last, than: record) { changes[place].last = record }
            if event.isEarlier(record, than: changes[place].first) { changes[place].first = record }
        }
    }

    private mutating func keyDigest(
        of record: TableStreamRecord,
        in event: TableStreamEvent
    ) throws(TableStreamEventError) -> UInt128 {
        let key = event.bytes[record.key]
        do throws(JSONScanError) {
            let digester: ItemDigester
            if let known = self.digester {
                digester = known
            } else {
                digester = ItemDigester(key: try Self.names(ofKey: key))
                self.digester = digester
            }
            let result = key.withUnsafeBytes { bytes in
                Result { () throws(JSONScanError) in try digester.digest(bytes) }
            }
            return try result.get().key
        } catch {
            throw TableStreamEventError(
                .malformed,
                "the record \(event.sequenceNumber(of: record)) of \(event.streams[record.stream].arn) has a key that is"
                    + " none: \(error)"
            )
        }
    }

    /// The names of a key's attributes; which of two is the partition key it does not say, and is not asked here.
    static func names(ofKey key: ArraySlice<UInt8>) throws(JSONScanError) -> ItemKey {
        let result = key.withUnsafeBytes { bytes -> Result<[String], JSONScanError> in
            var names: [String] = []
            do throws(JSONScanError) {
                var reader = try ItemReader(bytes)
                while let attribute = try reader.next() {
                    names.append(
                        String(decoding: JSONStringBytes.unescaped(bytes, attribute.name.content), as: UTF8.self)
                    )
                }
                guard (1...2).contains(names.count) else { throw reader.scanner.error("one or two attributes") }
            } catch {
                return .failure(error)
            }
            return .success(names)
        }
        let names = try result.get()
        return ItemKey(partitionKey: names[0], sortKey: names.count > 1 ? names[1] : nil)
    }
}
