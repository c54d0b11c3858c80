import AWSCore

package import struct FoundationEssentials.Date

/// Metrics in CloudWatch's embedded metric format: log lines out of which CloudWatch makes metrics, without a call.
///
/// The lines are the objects themselves, also when the log is JSON; inside of a `message` CloudWatch does not see them.
/// Limits as in AWS's "Specification: Embedded metric format"; what is over the limit of one line goes into another.
package struct EmbeddedMetrics: Sendable {
    package static let maximumMetricsPerLine = 100
    package static let maximumValuesPerMetric = 100
    package static let maximumDimensions = 30
    package static let maximumNameLength = 1024
    package static let maximumNamespaceLength = 256

    package enum Unit: String, Sendable {
        case count = "Count"
        case seconds = "Seconds"
        case milliseconds = "Milliseconds"
        case bytes = "Bytes"
        case percent = "Percent"
        case none = "None"
    }

    /// A name and a value by which a metric can be looked up.
    package struct Dimension: Sendable, Equatable {
        package var name: String
        package var value: String

        package init(_ name: String, _ value: String) {
            self.name = name
            self.value = value
        }
    }

    /// A name or value that CloudWatch does not take.
    package struct InvalidName: Error, Sendable, Equatable, CustomStringConvertible {
        package var description: String

        init(_ description: String) {
            self.description = description
        }
    }

    private struct Metric {
        var name: String
        var unit: Unit
        var values: [Double]
    }

    private let namespace: String
    private let dimensionSets: [[Dimension]]
    private var metrics: [Metric] = []

    /// - Parameter dimensionSets: Each metric is published once under each of these combinations. A name that stands
    ///   in several sets must have the same value in all.
    /// - Throws: ``InvalidName`` when CloudWatch would not take a name, a value or so many dimensions.
    package init(namespace: String, dimensionSets: [[Dimension]]) throws(InvalidName) {
        let isNamespace = namespace.utf8.allSatisfy { Self.isNamespaceByte($0) }
        guard isNamespace, (1...Self.maximumNamespaceLength).contains(namespace.utf8.count) else {
            throw InvalidName("\"\(namespace)\" cannot be a metric namespace: use 1-256 of A-Z a-z 0-9 . _ - # : /")
        }
        var values: [String: String] = [:]
        for set in dimensionSets {
            guard set.count <= Self.maximumDimensions else {
                throw InvalidName("\(set.count) dimensions are more than the \(Self.maximumDimensions) of one metric")
            }
            for dimension in set {
                try Self.check(dimension.name, "dimension")
                try Self.check(dimension.value, "value of the dimension \(dimension.name)")
                guard values.updateValue(dimension.value, forKey: dimension.name) ?? dimension.value == dimension.value
                else { throw InvalidName("the dimension \(dimension.name) has two different values") }
            }
        }
        self.namespace = namespace
        self.dimensionSets = dimensionSets.isEmpty ? [[]] : dimensionSets
    }

    /// Adds a value to a metric; not a number and infinity are left out, because JSON has neither.
    ///
    /// The unit of the first value holds for all.
    /// - Throws: ``InvalidName`` when the name is taken by a dimension or is none.
    package mutating func add(_ name: String, _ value: Double, unit: Unit) throws(InvalidName) {
        try Self.check(name, "metric")
        guard !dimensionSets.joined().contains(where: { $0.name == name }) else {
            throw InvalidName("the name \(name) stands for something else already")
        }
        guard value.isFinite else { return }
        if let index = metrics.firstIndex(where: { $0.name == name }) {
            metrics[index].values.append(value)
        } else {
            metrics.append(Metric(name: name, unit: unit, values: [value]))
        }
    }

    /// The lines to log, each with its newline; none when there is no metric.
    package func lines(timestamp: Date) -> [[UInt8]] {
        var pieces: [Metric] = []
        var overflow: [Metric] = []
        // A metric with too many values goes on in a line of its own: one line may name it only once.
        for metric in metrics {
            let values = metric.values
            for start in stride(from: 0, to: values.count, by: Self.maximumValuesPerMetric) {
                var piece = metric
                piece.values = Array(values[start..<min(values.count, start + Self.maximumValuesPerMetric)])
                if start == 0 { pieces.append(piece) } else { overflow.append(piece) }
            }
        }
        var lines: [[UInt8]] = []
        for start in stride(from: 0, to: pieces.count, by: Self.maximumMetricsPerLine) {
            lines.append(line(Array(pieces[start..<min(pieces.count, start + Self.maximumMetricsPerLine)]), timestamp))
        }
        return lines + overflow.map { line([$0], timestamp) }
    }

    /// Writes the lines.
    package func write(to output: LogOutput = .standardOutput, timestamp: Date) {
        for line in lines(timestamp: timestamp) { output.write(line) }
    }

    private func line(_ metrics: [Metric], _ timestamp: Date) -> [UInt8] {
        let definitions = metrics.map { metric in
            JSONValue.object(["Name": .string(metric.name), "Unit": .string(metric.unit.rawValue)])
        }
        let directive: JSONObject = [
            "Namespace": .string(namespace),
            "Dimensions": .array(dimensionSets.map { set in .array(set.map { .string($0.name) }) }),
            "Metrics": .array(definitions),
        ]
        var object: JSONObject = [
            "_aws": .object([
                "Timestamp": .number(JSONNumber(Int((timestamp.timeIntervalSince1970 * 1_000).rounded(.down)))),
                "CloudWatchMetrics": .array([.object(directive)]),
            ])
        ]
        for dimension in dimensionSets.joined() { object[dimension.name] = .string(dimension.value) }
        for metric in metrics {
            let values = metric.values.map(Self.number)
            object[metric.name] = values.count == 1 ? values[0] : .array(values)
        }
        return JSONValue.object(object).serialized() + [UInt8(ascii: "\n")]
    }

    private static func number(_ value: Double) -> JSONValue {
        if let whole = Int(exactly: value) { return .number(JSONNumber(whole)) }
        return JSONNumber("\(value)").map { .number($0) } ?? .null
    }

    private static func check(_ text: String, _ what: String) throws(InvalidName) {
        guard (1...maximumNameLength).contains(text.utf8.count), text != "_aws" else {
            throw InvalidName("\"\(text.prefix(40))\" cannot be the \(what): use 1-\(maximumNameLength) characters")
        }
    }

    private static func isNamespaceByte(_ byte: UInt8) -> Bool {
        let lower = byte.asciiLowercased
        return (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(lower)
            || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || "._-#:/".utf8.contains(byte)
    }
}
