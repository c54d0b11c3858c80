import AWSCore
import BackupCore

import struct FoundationEssentials.Date

extension LiveStatusReader {
    /// What the stream of a table has dropped before it was applied.
    func gaps(
        of table: TableARN,
        _ status: LiveStatus,
        _ batches: [FailedStreamBatch]
    ) -> [StreamGap] {
        let now = now()
        var gaps = batches.filter { $0.source == table }.compactMap { batch in
            StreamGap(
                from: batch.firstDate,
                to: batch.lastDate,
                cause: "Lambda gave up \(batch.count.map { "\($0)" } ?? "some") of them, and sync replay came too late",
                now: now
            )
        }
        if let source = status.eventSource.value, let state = source.state, state == "Disabled" {
            // Lambda does not say how far it had come by then.
            gaps += [StreamGap(from: source.lastModifiedDate, to: nil, cause: "live sync is Disabled", now: now)]
                .compactMap { $0 }
        }
        if let lag = status.lag.value, lag >= StreamGap.retention - 600 {
            // As old as the oldest record that there is: older ones may have gone before.
            gaps += [
                StreamGap(
                    from: nil,
                    to: now.addingTimeInterval(-lag - 600),
                    cause: "live sync is \(CutoverLimits.duration(lag)) behind",
                    now: now
                )
            ].compactMap { $0 }
        }
        return gaps
    }

    /// The batches that Lambda has given up, as far as the first ten messages of the queue tell; they stay where they are.
    func failedBatches(
        _ region: Region,
        _ count: Known<Int>
    ) async -> Known<[FailedStreamBatch]> {
        guard let count = count.value, count > 0 else { return .value([]) }
        let sqs = clients.sqs(region)
        let messages = await Self.known {
            try await sqs.receiveMessages(queueURL: sqs.queueURL(name: names.tableFailures), visibilityTimeout: 0)
        }
        return messages.map { messages in
            messages.compactMap { message in
                guard case .batch(let batch) = FailureMessage(body: message.body) else { return nil }
                return batch
            }
        }
    }
}
