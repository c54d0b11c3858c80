import LambdaRuntime
import Logging
import SyncCore

import struct FoundationEssentials.Date

/// The figures of an invocation as metrics of the namespace `DynamoDBSync`, by the rules of ``TableSyncMetrics``.
struct BucketSyncMetrics {
    let functionName: String

    func report(_ result: LiveBucketSync.Result, logger: Logger) {
        guard !result.figures.isEmpty || !result.failedMessages.isEmpty else { return }
        do {
            try write(result, timestamp: Date())
        } catch {
            // No reason to have the batch delivered again.
            logger.error("The metrics cannot be written: \(error)")
        }
    }

    private func write(_ result: LiveBucketSync.Result, timestamp: Date) throws {
        let figures = result.figures
        func sum(_ figure: KeyPath<LiveBucketFigures, Int>) -> Double {
            Double(figures.reduce(0) { $0 + $1[keyPath: figure] })
        }
        let function = EmbeddedMetrics.Dimension("FunctionName", functionName)
        var totals = try EmbeddedMetrics(namespace: TableSyncMetrics.namespace, dimensionSets: [[function]])
        try totals.add("ObjectsCopied", sum(\.copied), unit: .count)
        try totals.add("BytesCopied", sum(\.copiedBytes), unit: .bytes)
        try totals.add("ObjectsTagged", sum(\.tagged), unit: .count)
        try totals.add("ObjectsDeleted", sum(\.deleted), unit: .count)
        try totals.add("ObjectsUnchanged", sum(\.unchanged), unit: .count)
        try totals.add("MessagesFailed", Double(result.failedMessages.count), unit: .count)
        totals.write(timestamp: timestamp)
        for mapping in figures {
            let dimensions = [
                function, EmbeddedMetrics.Dimension("Source", mapping.source.description),
                EmbeddedMetrics.Dimension("Target", mapping.target.description),
            ]
            var metrics = try EmbeddedMetrics(
                namespace: TableSyncMetrics.namespace,
                dimensionSets: [[function], dimensions]
            )
            try metrics.add("Events", Double(mapping.events), unit: .count)
            try metrics.add("Failed", Double(mapping.failed), unit: .count)
            if let lag = mapping.lagMilliseconds { try metrics.add("Lag", lag.rounded(), unit: .milliseconds) }
            metrics.write(timestamp: timestamp)
        }
    }
}
