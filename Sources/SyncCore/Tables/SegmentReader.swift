internal import AWSCore

/// Reads segments of the source, page by page.
struct SegmentReader: Sendable {
    let table: String
    /// Leaves throttling to its caller.
    let dynamoDB: DynamoDBClient
    let totalSegments: Int
    let consistentRead: Bool
    let pacer: CapacityPacer
    let scheduler: CopyScheduler
    let clock: SyncClock

    /// Reads a segment to its end and hands its pages to the scheduler.
    ///
    /// - Parameter start: the key after which to begin; `nil` for the beginning.
    func read(segment: Int, from start: [UInt8]?) async throws {
        var start = start
        repeat {
            try await scheduler.reserve(segment: segment)
            let page = try await page(of: segment, from: start)
            var counts = CopyCounts()
            counts.read = page.count
            counts.pages = 1
            counts.bytes = page.items.reduce(0) { $0 + $1.count }
            _ = scheduler.add(page, segment: segment, wanted: nil, counts: counts)
            start = page.lastEvaluatedKey
        } while start != nil
    }

    /// One page, after as many attempts as it takes.
    private func page(of segment: Int, from start: [UInt8]?) async throws -> ItemPage {
        var failures = 0
        while true {
            let estimate = consistentRead ? 256.0 : 128.0
            try await pacer.admit(estimate)
            do {
                let page = try await dynamoDB.scan(
                    table: table,
                    segment: segment,
                    totalSegments: totalSegments,
                    exclusiveStartKey: start,
                    consistentRead: consistentRead
                )
                pacer.settle(estimate: estimate, actual: page.consumedCapacityUnits ?? estimate)
                return page
            } catch let error as AWSError where error.kind == .throttling || error.kind == .transient {
                pacer.settle(estimate: estimate, actual: 0)
                try scheduler.noteFailure(error)
                failures += 1
                try await clock.sleep(Backoff.delay(afterFailures: failures, random: clock.random()))
            }
        }
    }
}
