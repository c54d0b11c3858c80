internal import AWSCore

/// How a merge is done part by part: pages are noted by one invocation and written by the next.
extension CopyRun {
    /// What came of noted pages.
    struct NotedOutcome: Sendable {
        /// Of items that were looked up alone; those of pages are in the checkpoint.
        var counts = CopyCounts()
        /// Lines that name the items of ``counts`` that failed.
        var failures: [UInt8] = []
    }

    /// Writes the items of noted pages as they are now, and makes sure of those that are not there any more: an earlier
    /// invocation of the same part may have written them.
    func copy(_ pages: [NotedPage], of segment: Int) async throws -> NotedOutcome {
        let missing = try await withThrowingTaskGroup(of: [[UInt8]].self) { group in
            group.addTask {
                let missing = try await reader.read(segment: segment, noted: pages, key: key)
                scheduler.readerEnded()
                return missing
            }
            for _ in 0..<maximumInFlight {
                group.addTask {
                    try await write()
                    return []
                }
            }
            var missing: [[UInt8]] = []
            for try await keys in group { missing += keys }
            return missing
        }
        let next = SharedIndex(count: missing.count)
        return try await withThrowingTaskGroup(of: NotedOutcome.self) { group in
            for _ in 0..<min(missing.count, maximumInFlight) {
                group.addTask {
                    var outcome = NotedOutcome()
                    while let place = next.next() {
                        let one = try await settler.bring(missing[place])
                        outcome.counts += one.counts
                        outcome.failures += one.failures
                    }
                    return outcome
                }
            }
            var outcome = NotedOutcome()
            for try await some in group {
                outcome.counts += some.counts
                outcome.failures += some.failures
            }
            return outcome
        }
    }

    /// What the next invocation is to write.
    struct Notes: Sendable {
        var pages: [NotedPage] = []
        /// Of items that are not to be written.
        var counts = CopyCounts()
        /// Where the segment goes on; `nil` at its end.
        var end: [UInt8]?
    }

    /// Reads on in a segment, and notes what is to be written.
    ///
    /// - Parameter like: pages that were noted before, from which the size of a key is known.
    func note(segment: Int, from start: [UInt8]?, like earlier: [NotedPage]) async throws -> Notes {
        var notes = Notes()
        var room = NotedPage.maximumKeyBytes
        let known = earlier.reduce(into: (bytes: 100, keys: 1)) {
            $0 = ($0.bytes + $1.keyBytes, $0.keys + $1.keys.count)
        }
        let keySize = max(1, known.bytes / known.keys)
        var (start, limit) = (start, room / keySize)
        while true {
            let page = try await reader.page(of: segment, from: start, atMost: max(1, limit))
            let sifted = try reader.sieve.sift(page)
            let noted = NotedPage(
                start: start,
                scannedCount: page.scannedCount,
                keys: try sifted.keys(key).map(NotedPage.text)
            )
            if noted.keyBytes > room, page.scannedCount > 1 {
                // More than expected: fewer of them, or next time.
                guard notes.pages.isEmpty else { break }
                limit = page.scannedCount * room / noted.keyBytes - 1
                continue
            }
            notes.counts.bytes += sifted.counts.bytes
            notes.counts.filtered += sifted.counts.filtered
            notes.counts.expired += sifted.counts.expired
            notes.counts.read += sifted.counts.filtered + sifted.counts.expired
            if noted.keys.isEmpty { notes.counts.pages += 1 } else { notes.pages.append(noted) }
            room -= noted.keyBytes
            limit = room / keySize
            start = page.lastEvaluatedKey
            guard start != nil, limit > 0, notes.pages.count < NotedPage.maximumPages, !reader.stopsReading() else {
                break
            }
        }
        notes.end = start
        return notes
    }
}

extension SegmentReader {
    /// Reads noted pages again, and hands the items whose keys were noted to the scheduler.
    ///
    /// - Returns: the keys that are not where they were, or whose items are not wanted any more.
    func read(segment: Int, noted pages: [NotedPage], key: ItemKey) async throws -> [[UInt8]] {
        var missing: [[UInt8]] = []
        for noted in pages {
            try await scheduler.reserve(segment: segment)
            let page = try await page(of: segment, from: noted.start, atMost: noted.scannedCount)
            var awaited = Set(noted.keys)
            let sifted = try sieve.sift(page)
            // What is new on the page was written since the note, and by whom live sync follows.
            let wanted = try (sifted.wanted ?? Array(0..<Int32(page.count))).filter { place in
                awaited.remove(NotedPage.text(ofKey: try key.key(of: page[Int(place)]))) != nil
            }
            missing += awaited
            var counts = CopyCounts()
            counts.read = wanted.count
            counts.pages = 1
            let finished = scheduler.add(page, segment: segment, start: noted.start, wanted: wanted, counts: counts)
            for page in finished { try checkpoint.record(page) }
        }
        return missing
    }
}

extension ItemSettler {
    /// Puts an item that is looked up alone, or takes it back where the source has it no more.
    func bring(_ key: [UInt8]) async throws -> CopyRun.NotedOutcome {
        var outcome = CopyRun.NotedOutcome()
        guard let item = try await sourceItem(key) else {
            outcome.counts.removed = try await settle(key, own: nil) ?? 0
            // As one that was written, by an invocation that could not say so.
            outcome.counts.settled = outcome.counts.removed > 0 ? 1 : 0
            return outcome
        }
        outcome.counts.read = 1
        do {
            let written = try await persistence.call {
                try await writePacer.putIfMissing(
                    item[...],
                    into: target.table,
                    target.dynamoDB,
                    partitionKey: self.key.names[0]
                )
            }
            if case .written = written { outcome.counts.written = 1 } else { outcome.counts.kept = 1 }
            guard try written.mayBeOwn(item[...]), let removed = try await settle(key, own: item) else {
                return outcome
            }
            outcome.counts.settled = 1
            outcome.counts.removed = removed
        } catch let error as AWSError where error.isRefusalOfItems {
            outcome.counts.failed = 1
            outcome.failures = FailedItem.line(item[...], self.key, error)
        }
        return outcome
    }
}
