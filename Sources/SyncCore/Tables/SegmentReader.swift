internal import AWSCore

/// Reads segments of the source, page by page.
struct SegmentReader: Sendable {
    let table: String
    /// Leaves throttling to its caller.
    let dynamoDB: DynamoDBClient
    let totalSegments: Int
    let consistentRead: Bool
    let sieve: PageSieve
    let pacer: CapacityPacer
    let scheduler: CopyScheduler
    let checkpoint: CopyCheckpoint
    let persistence: Persistence
    /// Notes the keys of each page before any of it is written.
    let notesKeys: ItemKey?
    /// Whether the page that is read by now is the last.
    let stopsReading: @Sendable () -> Bool

    /// Reads a segment to its end, unless that is to come later, and hands its pages to the scheduler.
    func read(segment: Int, from position: CopyCheckpoint.Position) async throws {
        var start = position.key
        var pages = position.counts.pages
        repeat {
            try await scheduler.reserve(segment: segment)
            let page = try await page(of: segment, from: start)
            let sifted = try sieve.sift(page)
            if let notesKeys {
                try await checkpoint.note(
                    CopyCheckpoint.Intent(segment: segment, page: pages, keys: try sifted.keys(notesKeys))
                )
            }
            let finished = scheduler.add(
                sifted.page,
                segment: segment,
                start: start,
                wanted: sifted.wanted,
                counts: sifted.counts
            )
            for page in finished { try checkpoint.record(page) }
            start = page.lastEvaluatedKey
            pages += 1
        } while start != nil && !stopsReading()
    }

    /// One page, after as many attempts as it takes.
    ///
    /// - Parameter atMost: how many items it may have; `nil` for as many as there is room for.
    func page(of segment: Int, from start: [UInt8]?, atMost: Int? = nil) async throws -> ItemPage {
        try await persistence.call {
            // DynamoDB counts half a unit for 4 KB, a whole one for a consistent read; a page ends at 1 MB.
            let wholePage = consistentRead ? 256.0 : 128.0
            let limit = pacer.unitsPerSecond == nil ? atMost : pacer.itemsPerCall(upTo: atMost ?? 10_000)
            let estimate = min(wholePage, limit.map { pacer.estimate(items: $0) } ?? wholePage)
            try await pacer.admit(estimate)
            do {
                let page = try await dynamoDB.scan(
                    table: table,
                    segment: segment,
                    totalSegments: totalSegments,
                    exclusiveStartKey: start,
                    limit: limit,
                    consistentRead: consistentRead
                )
                pacer.settle(estimate: estimate, actual: page.consumedCapacityUnits, items: page.scannedCount)
                return page
            } catch {
                pacer.settle(estimate: estimate, failedWith: error)
                throw error
            }
        }
    }
}
