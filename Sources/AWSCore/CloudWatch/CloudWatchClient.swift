package import struct FoundationEssentials.Date

/// CloudWatch in one Region: what is asked of metrics, by its JSON protocol.
package struct CloudWatchClient: Sendable {
    package let client: AWSClient
    package let region: Region

    package init(client: AWSClient, region: Region) {
        self.client = client
        self.region = region
    }

    /// Metrics in a call at most (API Reference, "GetMetricData").
    static let maximumQueries = 500

    /// GetMetricData: the values of metrics, period by period.
    ///
    /// CloudWatch shows a value a minute or two after it was measured, so the end of the time asked for is often missing.
    ///
    /// - Returns: for each query, in their order, what CloudWatch has; empty where it has nothing.
    /// - Throws: ``AWSError``: `AccessDenied`, `InvalidParameterValue`, …; of code `MetricDataUnavailable` when CloudWatch
    ///   answers and leaves one of the metrics out, for silence is not the same as nothing.
    package func getMetricData(
        _ queries: [MetricQuery],
        from start: Date,
        to end: Date
    ) async throws -> [[MetricPoint]] {
        var points: [[MetricPoint]] = []
        for first in stride(from: 0, to: queries.count, by: Self.maximumQueries) {
            let chunk = queries[first..<min(queries.count, first + Self.maximumQueries)]
            points += try await values(of: Array(chunk), from: start, to: end)
        }
        return points
    }

    private func values(of queries: [MetricQuery], from start: Date, to end: Date) async throws -> [[MetricPoint]] {
        let ids = queries.indices.map { "m\($0)" }
        let elements = zip(ids, queries).map { id, query in query.json(id: id) }
        let input: JSONObject = [
            "MetricDataQueries": .array(elements),
            "StartTime": .number(JSONNumber(Int(start.timeIntervalSince1970))),
            "EndTime": .number(JSONNumber(Int(end.timeIntervalSince1970))),
            "ScanBy": "TimestampDescending",
        ]
        let results = try await client.everyPage(
            .cloudWatch,
            "GetMetricData",
            region: region,
            input: input,
            list: "MetricDataResults",
            resource: queries.first?.name
        ) { json throws(ResponseShapeError) in try MetricResult(json: json) }
        var byID: [String: [MetricPoint]] = [:]
        for result in results {
            guard result.isUsable else {
                throw AWSError(
                    code: "MetricDataUnavailable",
                    message: "CloudWatch did not give \(queries.first?.name ?? "a metric"): \(result.status)",
                    kind: .client,
                    service: AWSService.cloudWatch.name,
                    operation: "GetMetricData",
                    region: region.name
                )
            }
            // A metric's values may come on several pages.
            byID[result.id, default: []] += result.points
        }
        return ids.map { byID[$0] ?? [] }
    }
}

/// A metric and what is asked of it.
package struct MetricQuery: Sendable, Equatable {
    package enum Statistic: String, Sendable {
        case maximum = "Maximum"
        case sum = "Sum"
    }

    /// `AWS/Lambda`, say.
    package var namespace: String
    package var name: String
    /// All of the metric's dimensions: CloudWatch takes another set for another metric.
    package var dimensions: [(name: String, value: String)]
    package var statistic: Statistic
    /// Seconds, a multiple of 60.
    package var period: Int

    package init(
        _ namespace: String,
        _ name: String,
        dimensions: [(name: String, value: String)],
        _ statistic: Statistic,
        period: Int = 60
    ) {
        self.namespace = namespace
        self.name = name
        self.dimensions = dimensions
        self.statistic = statistic
        self.period = period
    }

    package static func == (left: MetricQuery, right: MetricQuery) -> Bool {
        left.namespace == right.namespace && left.name == right.name && left.statistic == right.statistic
            && left.period == right.period && left.dimensions.elementsEqual(right.dimensions, by: ==)
    }

    func json(id: String) -> JSONValue {
        let dimensions = dimensions.map { dimension -> JSONValue in
            ["Name": .string(dimension.name), "Value": .string(dimension.value)]
        }
        return [
            "Id": .string(id),
            "MetricStat": [
                "Metric": [
                    "Namespace": .string(namespace), "MetricName": .string(name), "Dimensions": .array(dimensions),
                ],
                "Period": .number(JSONNumber(period)), "Stat": .string(statistic.rawValue),
            ],
        ]
    }
}

/// The value of a period.
package struct MetricPoint: Sendable, Equatable {
    /// When the period began.
    package var date: Date
    package var value: Double

    package init(date: Date, value: Double) {
        self.date = date
        self.value = value
    }
}

/// One metric of an answer, or a part of it.
private struct MetricResult {
    var id: String
    var points: [MetricPoint]
    /// `Complete`, `PartialData` (more comes on another page), `InternalError` or `Forbidden`.
    var status: String

    var isUsable: Bool { status == "Complete" || status == "PartialData" }

    init(json: JSONValue) throws(ResponseShapeError) {
        id = try json.requiredString("Id")
        status = try json.optionalString("StatusCode") ?? "Complete"
        let dates = try json.elements("Timestamps")
        let values = try json.elements("Values")
        guard dates.count == values.count else {
            throw ResponseShapeError(member: "Values", expected: "as long as Timestamps")
        }
        points = []
        for (date, value) in zip(dates, values) {
            guard let seconds = date.number?.double, let value = value.number?.double else {
                throw ResponseShapeError(member: "Values", expected: "a list of numbers with their times")
            }
            points.append(MetricPoint(date: Date(timeIntervalSince1970: seconds), value: value))
        }
    }
}

extension AWSService {
    package static let cloudWatch = AWSService(
        name: "CloudWatch",
        endpointPrefix: "monitoring",
        signingName: "monitoring",
        settingsName: "CLOUDWATCH",
        wireProtocol: .json(version: "1.0", targetPrefix: "GraniteServiceVersion20100801.")
    )
}
