import BackupCore
import LambdaRuntime
import Logging
import SyncCore

import struct FoundationEssentials.Date

/// The figures of an invocation as metrics of the namespace `DynamoDBSync`.
///
/// All of them for the function as a whole; those on which alarms stand also for each mapping, under the ARNs of its two
/// tables: CloudWatch charges for each metric and set of dimensions.
struct TableSyncMetrics {
    static let namespace = "DynamoDBSync"

    let functionName: String

    func report(_ figures: [LiveTableFigures], logger: Logger) {
        guard !figures.isEmpty else { return }
        do {
            try write(figures, timestamp: Date())
        } catch {
            // No reason to have the batch delivered again.
            logger.error("The metrics cannot be written: \(error)")
        }
    }

    private func write(_ figures: [LiveTableFigures], timestamp: Date) throws {
        let function = EmbeddedMetrics.Dimension("FunctionName", functionName)
        var totals = try EmbeddedMetrics(namespace: Self.namespace, dimensionSets: [[function]])
        try totals.add("Puts", Double(figures.reduce(0) { $0 + $1.puts }), unit: .count)
        try totals.add("Deletes", Double(figures.reduce(0) { $0 + $1.deletes }), unit: .count)
        try totals.add("ThrottledCalls", Double(figures.reduce(0) { $0 + $1.throttled }), unit: .count)
        totals.write(timestamp: timestamp)
        for mapping in figures {
            let dimensions = [
                function, EmbeddedMetrics.Dimension("Source", mapping.source.description),
                EmbeddedMetrics.Dimension("Target", mapping.target.description),
            ]
            var metrics = try EmbeddedMetrics(
                namespace: Self.namespace,
                dimensionSets: [[function], dimensions]
            )
            try metrics.add("Records", Double(mapping.records), unit: .count)
            try metrics.add("Refused", Double(mapping.refused), unit: .count)
            try metrics.add("Failed", Double(mapping.failed), unit: .count)
            if let lag = mapping.lagMilliseconds { try metrics.add("Lag", lag.rounded(), unit: .milliseconds) }
            metrics.write(timestamp: timestamp)
        }
    }
}
