internal import AWSCore

/// Writes what the scheduler hands out with BatchWriteItem, until there is no more.
struct BatchWriter: Sendable {
    let table: String
    /// Leaves throttling to its caller.
    let dynamoDB: DynamoDBClient
    let key: ItemKey
    let pacer: CapacityPacer
    let scheduler: CopyScheduler
    let checkpoint: CopyCheckpoint

    func run() async throws {
        while let span = try await scheduler.next() {
            let finished: CopyScheduler.Finished
            do {
                finished = try scheduler.finish(span, try await write(span.items, of: span.page))
            } catch let error as AWSError where error.isPassing {
                var outcome = CopyScheduler.Outcome()
                outcome.leftOver = span.items
                outcome.isThrottled = error.kind == .throttling
                finished = try scheduler.finish(span, outcome, error: error)
            }
            for page in finished.pages { try checkpoint.record(page) }
        }
    }

    /// Writes the items; what DynamoDB refuses for good is found by halving the batch.
    ///
    /// - Throws: ``AWSError`` when nothing is known of any item.
    private func write(_ items: [Int32], of page: ItemPage) async throws -> CopyScheduler.Outcome {
        do {
            return try await send(items, of: page)
        } catch let error as AWSError where error.isRefusalOfItems {
            guard items.count > 1 else {
                var outcome = CopyScheduler.Outcome()
                outcome.failed = 1
                outcome.failures = FailedItem.line(page[Int(items[0])], key, error)
                return outcome
            }
            let half = items.count / 2
            var outcome = CopyScheduler.Outcome()
            for part in [Array(items[..<half]), Array(items[half...])] {
                do {
                    outcome += try await write(part, of: page)
                } catch let error as AWSError where error.isPassing {
                    outcome.leftOver += part
                    outcome.isThrottled = outcome.isThrottled || error.kind == .throttling
                }
            }
            return outcome
        }
    }

    private func send(_ items: [Int32], of page: ItemPage) async throws -> CopyScheduler.Outcome {
        let estimate = pacer.estimate(items: items.count)
        try await pacer.admit(estimate)
        do {
            let answer = try await dynamoDB.batchWriteItem(
                table: table,
                // Not lazily: the writer goes over it twice.
                items.map { .put(item: page[Int($0)]) }
            )
            var outcome = CopyScheduler.Outcome()
            outcome.leftOver = places(of: answer.unprocessed, among: items, of: page)
            outcome.isThrottled = !outcome.leftOver.isEmpty
            outcome.written = items.count - outcome.leftOver.count
            pacer.settle(estimate: estimate, actual: answer.consumedCapacityUnits, items: outcome.written)
            return outcome
        } catch {
            pacer.settle(estimate: estimate, failedWith: error)
            throw error
        }
    }

    /// Where in the page the items are that came back; all of the batch when one is not found, for it is better to write
    /// an item twice than never.
    private func places(of unprocessed: [WriteRequest], among items: [Int32], of page: ItemPage) -> [Int32] {
        guard !unprocessed.isEmpty else { return [] }
        var left: [Int32] = []
        for request in unprocessed {
            // Attributes may come back in another order; the key is the key.
            guard let wanted = try? key.key(of: request.bytes),
                let place = items.first(where: { (try? key.key(of: page[Int($0)])) == wanted }), !left.contains(place)
            else { return items }
            left.append(place)
        }
        return left
    }
}
