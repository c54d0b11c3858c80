import LambdaRuntime
import Logging

import struct FoundationEssentials.Date

/// The figures of an invocation of live sync as metrics of the namespace `DynamoDBSync`.
///
/// All of them for the function as a whole; those on which alarms stand also for each mapping, under the names of its two
/// sides: CloudWatch charges for each metric and set of dimensions.
struct SyncMetrics {
    struct Metric {
        var name: String
        var value: Double
        var unit: EmbeddedMetrics.Unit

        static func count(_ name: String, _ value: Int) -> Metric {
            Metric(name: name, value: Double(value), unit: .count)
        }

        static func bytes(_ name: String, _ value: Int) -> Metric {
            Metric(name: name, value: Double(value), unit: .bytes)
        }
    }

    struct Mapping {
        var source: String
        var target: String
        var metrics: [Metric]
        /// How old the oldest change was when all was written; `nil` when none says when it was made.
        var lagMilliseconds: Double?
    }

    private static let namespace = "DynamoDBSync"

    let functionName: String
    let totals: [Metric]
    let mappings: [Mapping]

    func report(to logger: Logger) {
        do {
            try write(timestamp: Date())
        } catch {
            // No reason to have the batch delivered again.
            logger.error("The metrics cannot be written: \(error)")
        }
    }

    private func write(timestamp: Date) throws {
        let function = EmbeddedMetrics.Dimension("FunctionName", functionName)
        var whole = try EmbeddedMetrics(namespace: Self.namespace, dimensionSets: [[function]])
        for metric in totals { try whole.add(metric.name, metric.value, unit: metric.unit) }
        whole.write(timestamp: timestamp)
        for mapping in mappings {
            let dimensions = [
                function, EmbeddedMetrics.Dimension("Source", mapping.source),
                EmbeddedMetrics.Dimension("Target", mapping.target),
            ]
            var metrics = try EmbeddedMetrics(namespace: Self.namespace, dimensionSets: [[function], dimensions])
            for metric in mapping.metrics { try metrics.add(metric.name, metric.value, unit: metric.unit) }
            if let lag = mapping.lagMilliseconds { try metrics.add("Lag", lag.rounded(), unit: .milliseconds) }
            metrics.write(timestamp: timestamp)
        }
    }
}
