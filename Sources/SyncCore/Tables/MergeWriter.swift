internal import AWSCore

/// Writes what the scheduler hands out without ever overwriting or bringing back anything, while live sync writes too.
///
/// An item is put only where the target has none for its key (H15). That alone would bring back an item whose removal
/// live sync applied before the put (H16). So when a page is written, its range of the source is read once more,
/// consistently: an item that is still there was put before any later change, which live sync applies after us. One that
/// is not there any more is settled by ``ItemSettler``.
struct MergeWriter: Sendable {
    let table: String
    /// Leaves throttling to its caller.
    let dynamoDB: DynamoDBClient
    let key: ItemKey
    let pacer: CapacityPacer
    let scheduler: CopyScheduler
    let checkpoint: CopyCheckpoint
    let settler: PageSettler

    func run() async throws {
        while let span = try await scheduler.next() {
            var outcome = CopyScheduler.Outcome()
            var lastError: AWSError?
            for item in span.items {
                do {
                    outcome += try await put(item, of: span.page)
                } catch let error as AWSError where error.isPassing {
                    outcome.leftOver.append(item)
                    outcome.isThrottled = outcome.isThrottled || error.kind == .throttling
                    lastError = error
                }
            }
            let finished = try scheduler.finish(span, outcome, error: lastError)
            for page in finished.pages { try checkpoint.record(page) }
            if let settling = finished.settling {
                for page in scheduler.settled(settling, counts: try await settler.settle(settling)) {
                    try checkpoint.record(page)
                }
            }
        }
    }

    private func put(_ place: Int32, of page: ItemPage) async throws -> CopyScheduler.Outcome {
        let item = page[Int(place)]
        var outcome = CopyScheduler.Outcome()
        // PutItem's answer does not say what it cost: a unit for each 1 KB, of which JSON takes somewhat more.
        let units = Double((item.count + 1_023) / 1_024)
        try await pacer.admit(units)
        do {
            switch try await dynamoDB.putItem(
                table: table,
                item: item,
                condition: .notExists(partitionKey: key.names[0])
            ) {
            case .written:
                outcome.written = 1
                outcome.own = [place]
            case .conditionFailed(let existing, let mayBeOwn):
                outcome.kept = 1
                // An attempt whose answer was lost, here or before a crash, has perhaps written it after all.
                if try mayBeOwn || existing.map({ try ItemComparison($0, item).areEqual }) ?? true {
                    outcome.own = [place]
                }
            }
            pacer.settle(estimate: units, actual: units, items: 1)
        } catch let error as AWSError where error.isRefusalOfItems {
            pacer.settle(estimate: units, failedWith: error)
            outcome.failed = 1
            outcome.failures = FailedItem.line(item, key, error)
        } catch {
            pacer.settle(estimate: units, failedWith: error)
            throw error
        }
        return outcome
    }
}
