internal import AWSCore

/// Writes what the scheduler hands out with BatchWriteItem, until there is no more.
struct BatchWriter: Sendable {
    let table: String
    /// Leaves throttling to its caller.
    let dynamoDB: DynamoDBClient
    let pacer: CapacityPacer
    let scheduler: CopyScheduler

    func run() async throws {
        while let span = try await scheduler.next() {
            let estimate = Double(span.items.count)
            try await pacer.admit(estimate)
            do {
                let page = span.page
                let outcome = try await dynamoDB.batchWriteItem(
                    table: table,
                    span.items.lazy.map { .put(item: page[Int($0)]) }
                )
                pacer.settle(estimate: estimate, actual: outcome.consumedCapacityUnits ?? estimate)
                var result = CopyScheduler.Outcome()
                result.leftOver = places(of: outcome.unprocessed, in: span)
                result.isThrottled = !result.leftOver.isEmpty
                result.written = span.items.count - result.leftOver.count
                _ = try scheduler.finish(span, result)
            } catch let error as AWSError where error.kind == .throttling || error.kind == .transient {
                pacer.settle(estimate: estimate, actual: 0)
                var result = CopyScheduler.Outcome()
                result.leftOver = span.items
                result.isThrottled = error.kind == .throttling
                _ = try scheduler.finish(span, result, error: error)
            }
        }
    }

    /// Where in the span's page the items are that came back; all of them when one is not found, for it is better to write
    /// an item twice than never.
    private func places(of unprocessed: [WriteRequest], in span: CopyScheduler.Span) -> [Int32] {
        let places = unprocessed.compactMap { request in span.items.first { span.page[Int($0)] == request.bytes } }
        return places.count == unprocessed.count ? places : span.items
    }
}
