import AWSCore
import BackupCore

import struct FoundationEssentials.Date

/// One batch of a stream's changes on its way to one target.
struct LiveTableJob: Sendable {
    let event: TableStreamEvent
    let stream: Int
    let source: TableARN
    let target: TableTarget
    let side: TableSide
    let changes: TableChanges
    let failures: FailureQueue?
    let environment: AWSClient.Environment

    struct Outcome: Sendable {
        var figures: LiveTableFigures
        /// The earliest record of all the items that were not written.
        var firstFailure: TableStreamRecord?
        var didAnything = false
        var errors: [String] = []
    }

    /// A change that the target does not take.
    private struct Refusal {
        /// Its place among the changes.
        var change: Int
        var error: String
    }

    func run(until end: Date) async -> Outcome {
        var outcome = Outcome(figures: LiveTableFigures(source: source, target: target.table))
        outcome.figures.records = changes.recordCount
        var requests: [WriteRequest] = []
        requests.reserveCapacity(changes.changes.count)
        // Where each request stands among the changes.
        var places: [Int] = []
        places.reserveCapacity(changes.changes.count)
        var refusals: [Refusal] = []
        for (place, change) in changes.changes.enumerated() {
            do throws(JSONScanError) {
                requests.append(try request(for: change.last))
                places.append(place)
            } catch {
                refusals.append(Refusal(change: place, error: "the item is malformed: \(error)"))
            }
        }
        var failed: [Int] = []
        if let digester = changes.digester, !requests.isEmpty {
            let writer = ChangeWriter(
                dynamoDB: side.dynamoDB.leavingThrottlingToCaller(),
                table: side.table,
                requests: requests,
                digester: digester,
                environment: environment
            )
            let written = await writer.run(until: end)
            failed = written.left.map { places[$0] }
            refusals += written.refused.map { Refusal(change: places[$0.place], error: "\($0.error)") }
            outcome.figures.throttled = written.throttledCount
            if let failure = written.failure, !(failure is CancellationError) {
                outcome.errors.append(unwritten(failed.count, because: failure))
            } else if !failed.isEmpty, let error = written.lastRetryable, error.kind != .throttling {
                outcome.errors.append(unwritten(failed.count, because: error))
            }
            count(requests, except: Set(written.left + written.refused.map(\.place)), &outcome)
        }
        failed += await put(aside: refusals, &outcome)
        outcome.figures.failed = failed.count
        outcome.firstFailure = failed.map { changes.changes[$0].first }.min { event.isEarlier($0, than: $1) }
        outcome.figures.lagMilliseconds = changes.oldestCreationTime.map {
            max(0, environment.now().timeIntervalSince1970 - $0) * 1_000
        }
        return outcome
    }

    private func request(for record: TableStreamRecord) throws(JSONScanError) -> WriteRequest {
        guard let image = record.newImage else { return .delete(key: event.bytes[record.key]) }
        let item = event.bytes[image]
        // Whether it was here before is not known for sure, and a delete of nothing does no harm.
        if let filter = target.filter, try !filter.matches(item) { return .delete(key: event.bytes[record.key]) }
        return .put(item: record.hasReplicationAttributes ? try ReplicationAttributes.removed(from: item)[...] : item)
    }

    private func count(_ requests: [WriteRequest], except undone: Set<Int>, _ outcome: inout Outcome) {
        for (place, request) in requests.enumerated() where !undone.contains(place) {
            outcome.didAnything = true
            switch request {
            case .put: outcome.figures.puts += 1
            case .delete: outcome.figures.deletes += 1
            }
        }
    }

    private func unwritten(_ count: Int, because error: any Error) -> String {
        "\(count) of \(changes.changes.count) changes of \(source) were not written to \(target.table): \(error)"
    }

    // MARK: What the target refuses

    /// Sends what was refused to the failure queue, so that the records behind it go on.
    ///
    /// - Returns: the changes that could not even be put there, which fail with their batch.
    private func put(aside refusals: [Refusal], _ outcome: inout Outcome) async -> [Int] {
        guard let first = refusals.first else { return [] }
        if let mismatch = await keyMismatch() {
            // No item fits; a queue full of them would help nobody.
            outcome.errors.append("\(mismatch); the first error: \(first.error)")
            return refusals.map(\.change)
        }
        guard let failures else {
            outcome.errors.append(
                "\(refusals.count) changes of \(source) are refused by \(target.table), and FAILURE_QUEUE_URL names no queue"
                    + " to put them into; set it, or deploy again: \(first.error)"
            )
            return refusals.map(\.change)
        }
        let unsent = await failures.send(refusals.map(message))
        outcome.figures.refused = refusals.count - unsent.count
        if outcome.figures.refused > 0 {
            outcome.didAnything = true
            outcome.errors.append(
                "\(outcome.figures.refused) changes of \(source) are refused by \(target.table) and wait in the failure queue"
                    + " for sync replay; the first error: \(first.error)"
            )
        }
        if let reason = unsent.first?.value {
            outcome.errors.append(
                "\(unsent.count) changes of \(source) that \(target.table) refuses could not be put into the failure queue"
                    + " \(failures.url): \(reason)"
            )
        }
        return unsent.keys.map { refusals[$0].change }
    }

    private func message(_ refusal: Refusal) -> JSONValue {
        let record = changes.changes[refusal.change].last
        let key = (try? JSONValue(parsing: Array(event.bytes[record.key]))) ?? .object(JSONObject())
        return FailedTableChange(
            source: source.description,
            target: target.table.description,
            key: key,
            sequenceNumber: event.sequenceNumber(of: record),
            stream: event.streams[stream].arn,
            error: refusal.error
        ).json
    }

    /// Whether the target has another key than the source: then nothing can be written there.
    ///
    /// Asked only when something was refused, because it costs a call; an answer that does not come proves nothing.
    private func keyMismatch() async -> String? {
        guard let names = changes.digester?.keyNames.names,
            let description = try? await side.dynamoDB.describeTable(side.table)
        else { return nil }
        let target = description.keyAttributeNames
        guard !target.isEmpty, Set(target) != Set(names) else { return nil }
        return "\(self.target.table) has the key (\(target.joined(separator: ", "))), and the items of \(source) have"
            + " (\(names.joined(separator: ", "))); map it to a table with the same key"
    }
}

extension TableDescription {
    fileprivate var keyAttributeNames: [String] {
        (json["KeySchema"]?.array ?? []).compactMap { $0["AttributeName"]?.string }
    }
}
