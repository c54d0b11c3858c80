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
        do {
            let result = try await pacer.putIfMissing(item, into: table, dynamoDB, partitionKey: key.names[0])
            switch result {
            case .written: outcome.written = 1
            case .conditionFailed: outcome.kept = 1
            }
            if try result.mayBeOwn(item) { outcome.own = [place] }
        } catch let error as AWSError where error.isRefusalOfItems {
            outcome.failed = 1
            outcome.failures = FailedItem.line(item, key, error)
        }
        return outcome
    }
}

extension ItemWriteOutcome {
    /// Whether what the target has after a put of that item may be this copy's own.
    func mayBeOwn(_ item: ArraySlice<UInt8>) throws -> Bool {
        guard case .conditionFailed(let existing, _) = self else { return true }
        // An attempt whose answer was lost, here or before a crash, has perhaps written it after all: then it is there as
        // it was sent, or somebody else has written since and it is no longer ours.
        return try existing.map { try ItemComparison($0, item).areEqual } ?? true
    }
}

extension CapacityPacer {
    /// PutItem of an item for whose key the target has none, when it is due.
    func putIfMissing(
        _ item: ArraySlice<UInt8>,
        into table: String,
        _ dynamoDB: DynamoDBClient,
        partitionKey: String
    ) async throws -> ItemWriteOutcome {
        // A unit for each 1 KB, of which JSON takes somewhat more; and as much for each index, which only answers show.
        let size = Double((item.count + 1_023) / 1_024)
        return try await pace(estimate: max(size, estimate(items: 1))) { units in
            var noted: Double?
            let outcome = try await dynamoDB.putItem(
                table: table,
                item: item,
                condition: .notExists(partitionKey: partitionKey),
                noteUnits: { noted = $0 }
            )
            units = noted
            // A condition that is not met costs the larger of both items, and nothing at the indexes (Developer Guide,
            // "Condition expressions"); the answer does not say it.
            if case .conditionFailed(let existing, _) = outcome {
                units = max(size, existing.map { Double(($0.count + 1_023) / 1_024) } ?? 0)
            }
            return outcome
        }
    }
}
