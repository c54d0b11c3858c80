import AWSCore
import BackupCore

package import struct FoundationEssentials.Date

/// Asks AWS how live sync does, one Region at a time, for all mappings of a kind at once.
package struct LiveStatusReader: Sendable {
    let clients: LiveClients
    let now: @Sendable () -> Date

    /// How far back metrics are looked at, in seconds.
    package static let window = 900.0

    package init(_ clients: LiveClients, now: @escaping @Sendable () -> Date = { Date() }) {
        self.clients = clients
        self.now = now
    }

    var names: LiveNames { clients.names }

    // MARK: Tables

    /// The live sync of each target of each table, in the order of the configuration.
    func tables() async -> [SyncPair: LiveStatus] {
        var found: [SyncPair: LiveStatus] = [:]
        await withTaskGroup(of: [SyncPair: LiveStatus].self) { group in
            for region in clients.tableRegions { group.addTask { await tables(in: region) } }
            for await part in group { found.merge(part) { old, _ in old } }
        }
        return found
    }

    private func tables(in region: Region) async -> [SyncPair: LiveStatus] {
        let mappings = clients.configuration.tables.filter { $0.source.region == region }
        let targets = mappings.flatMap { mapping in mapping.targets.map { (mapping, $0) } }
        async let function = functionFault(names.tableFunction, region)
        async let sources = eventSources(names.tableFunction, region)
        async let failed = depth(names.tableFailures, region)
        async let latestStreams = streams(of: mappings)
        let own = targets.map { mapping, target in
            MetricQuery(
                "DynamoDBSync",
                "Lag",
                dimensions: [
                    ("FunctionName", names.name), ("Source", mapping.source.description),
                    ("Target", target.table.description),
                ],
                .maximum
            )
        }
        async let measured = metrics(
            functionMetrics(names.tableFunction)
                + [lambda("IteratorAge", names.tableFunction, .maximum)] + own,
            region
        )
        let (functionFault, eventSources, failures) = await (function, sources, failed.map(\.total))
        let (values, latest) = await (measured, latestStreams)
        let batches = await failedBatches(region, failures)
        let missing = await missingTargets(
            of: mappings.filter { mapping in
                eventSources.value?.contains { Self.follows($0, mapping.source) && Self.problem(of: $0) != nil }
                    ?? false
            }
        )
        var found: [SyncPair: LiveStatus] = [:]
        for (index, (mapping, target)) in targets.enumerated() {
            var status = LiveStatus(
                eventSource: .unknown("the function \(names.tableFunction) is not deployed in \(region)"),
                lag: .unknown("CloudWatch could not be asked"),
                errors: values.map { Int($0[1].sum) },
                failures: failures
            )
            status.isDeployed = functionFault?.isMissing != true
            status.faults += functionFault.map { [$0.text] } ?? []
            switch eventSources {
            case .value(let sources):
                status.eventSource = Self.eventSource(
                    of: mapping.source,
                    stream: latest[mapping.source],
                    among: sources,
                    missing: mapping.targets.filter { missing.contains(SyncPair(mapping, $0)) },
                    faults: &status.faults
                )
            case .unknown(let reason): status.eventSource = .unknown(reason)
            }
            switch values {
            case .value(let values):
                // The mapping's own figure, or what Lambda tells of the function as a whole when that is worse and as new.
                let points = [values[3 + index].last, values[2].last].compactMap { $0 }
                let newest = points.map(\.date).max()
                status.isIdle = values[0].sum == 0
                if let worst = points.filter({ $0.date == newest }).map(\.value).max() {
                    status.lag = .value(worst / 1_000)
                } else {
                    status.lag = .unknown(
                        status.isIdle
                            ? "no change in the last \(Int(Self.window / 60)) minutes" : "CloudWatch has no figure yet"
                    )
                }
            case .unknown(let reason): status.lag = .unknown(reason)
            }
            if missing.contains(SyncPair(mapping, target)) { status.creation = Self.tableCreation }
            if case .unknown(let reason) = batches {
                status.faults.append(
                    "whether the failed changes that wait tell of a gap is not known: \(reason); sync replay --dry-run reads"
                        + " them, too"
                )
            }
            status.gaps = gaps(of: mapping.source, status, batches.value ?? [])
            found[SyncPair(mapping, target)] = status
        }
        return found
    }

    /// The newest stream of each table; one that cannot be read is a fault that its mapping's own calls will tell.
    private func streams(of mappings: [TableMapping]) async -> [TableARN: Known<String>] {
        await withTaskGroup(of: (TableARN, Known<String>).self) { group in
            for mapping in mappings {
                group.addTask {
                    let side = clients.source(mapping.source)
                    let description = await Self.known { try await side.dynamoDB.describeTable(side.table) }
                    switch description {
                    case .value(let table):
                        let specification = table.json["StreamSpecification"]
                        guard specification?["StreamEnabled"]?.bool == true,
                            let stream = table.json["LatestStreamArn"]?.string
                        else {
                            return (
                                mapping.source,
                                .unknown("\(mapping.source) has no stream; ./deploy.sh sync turns streams on")
                            )
                        }
                        return (mapping.source, .value(stream))
                    case .unknown(let reason): return (mapping.source, .unknown(reason))
                    }
                }
            }
            return await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
        }
    }

    private static func eventSource(
        of table: TableARN,
        stream: Known<String>?,
        among sources: [EventSourceMapping],
        missing: [TableTarget],
        faults: inout [String]
    ) -> Known<EventSourceMapping> {
        let own = sources.filter { follows($0, table) }
        if case .unknown(let reason)? = stream { faults.append(reason) }
        let latest = stream?.value
        guard let source = own.first(where: { $0.eventSourceARN == latest }) ?? own.first else {
            return .unknown("no event source mapping leads from \(table) to the function; run ./deploy.sh sync")
        }
        if let latest, source.eventSourceARN != latest {
            faults.append(
                "the function follows an old stream of \(table), which was turned off and on since; run ./deploy.sh sync,"
                    + " then sync verify table --repair for what changed in between"
            )
        }
        faults += Self.faults(of: source, isStream: true, missing.map { missingFault($0, of: table) }, table.region)
        return .value(source)
    }

    private static func follows(_ source: EventSourceMapping, _ table: TableARN) -> Bool {
        source.eventSourceARN.flatMap { ARN($0)?.table }.flatMap { TableARN($0.description) } == table
    }

    /// Lambda's words for a last batch that failed.
    private static func problem(of source: EventSourceMapping) -> String? {
        source.lastProcessingResult.flatMap { $0.hasPrefix("PROBLEM") || $0.hasPrefix("FAILED") ? $0 : nil }
    }

    // MARK: Buckets

    func buckets() async -> [SyncPair: LiveStatus] {
        var found: [SyncPair: LiveStatus] = [:]
        await withTaskGroup(of: [SyncPair: LiveStatus].self) { group in
            for region in clients.bucketRegions { group.addTask { await buckets(in: region) } }
            for await part in group { found.merge(part) { old, _ in old } }
        }
        return found
    }

    private func buckets(in region: Region) async -> [SyncPair: LiveStatus] {
        let mappings = clients.configuration.buckets.filter { $0.sourceRegion == region }
        async let function = functionFault(names.bucketFunction, region)
        async let sources = eventSources(names.bucketFunction, region)
        async let failed = depth(names.bucketFailures, region)
        async let waiting = depth(names.bucketEvents, region)
        async let notified = notifications(of: mappings)
        let age = MetricQuery(
            "AWS/SQS",
            "ApproximateAgeOfOldestMessage",
            dimensions: [("QueueName", names.bucketEvents)],
            .maximum
        )
        async let measured = metrics(functionMetrics(names.bucketFunction) + [age], region)
        let (functionFault, eventSources, failures) = await (function, sources, failed.map(\.total))
        let (values, events, notifications) = await (measured, waiting.map(\.total), notified)
        // Events that cannot be applied wait, or have been given up.
        let missing = events.value == 0 && failures.value == 0 ? [] : await missingTargets(of: mappings)
        var found: [SyncPair: LiveStatus] = [:]
        for mapping in mappings {
            var status = LiveStatus(
                eventSource: .unknown("the function \(names.bucketFunction) is not deployed in \(region)"),
                lag: .unknown("CloudWatch could not be asked"),
                errors: values.map { Int($0[1].sum) },
                failures: failures,
                waiting: events
            )
            status.isDeployed = functionFault?.isMissing != true
            status.faults += functionFault.map { [$0.text] } ?? []
            if let fault = notifications[mapping.source] ?? nil { status.faults.append(fault) }
            if missing.contains(SyncPair(mapping)) {
                status.creation = Self.creation(mapping)
                status.faults.append(Self.missingFault(mapping))
            }
            switch eventSources {
            case .value(let sources):
                let queue = sources.first {
                    $0.eventSourceARN.flatMap { ARN($0) }?.resource == names.bucketEvents
                }
                if let queue {
                    status.eventSource = .value(queue)
                    status.faults += Self.faults(of: queue, isStream: false, [], region)
                } else {
                    status.eventSource = .unknown(
                        "no event source mapping leads from the queue \(names.bucketEvents) to the function; run"
                            + " ./deploy.sh sync"
                    )
                }
            case .unknown(let reason): status.eventSource = .unknown(reason)
            }
            status.isIdle = events.value == 0
            switch values {
            case .value(let values):
                if status.isIdle {
                    status.lag = .value(0)
                } else if let point = values[2].last {
                    status.lag = .value(point.value)
                } else {
                    status.lag = .unknown("CloudWatch has no figure yet")
                }
            case .unknown(let reason): status.lag = status.isIdle ? .value(0) : .unknown(reason)
            }
            found[SyncPair(mapping)] = status
        }
        return found
    }

    /// What is wrong with each source's notifications; `nil` for those that are as they should be.
    private func notifications(of mappings: [BucketMapping]) async -> [BucketPrefix: String?] {
        await withTaskGroup(of: (BucketPrefix, String?).self) { group in
            for mapping in mappings {
                group.addTask {
                    let side = clients.source(mapping)
                    let entries = await Self.known { try await side.s3.getNotifications(side.bucket) }
                    switch entries {
                    case .unknown(let reason): return (mapping.source, reason)
                    case .value(let entries):
                        return (mapping.source, mapping.fault(of: entries, queue: names.bucketEvents))
                    }
                }
            }
            return await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
        }
    }

    // MARK: Errors

    /// Which functions had invocations that failed since then, or cannot be asked about; one line each.
    func errors(since date: Date) async -> [String] {
        let regions =
            clients.tableRegions.map { ($0, names.tableFunction) }
            + clients.bucketRegions.map { ($0, names.bucketFunction) }
        var lines: [String] = []
        for (region, function) in regions {
            switch await metrics([lambda("Errors", function, .sum)], region) {
            case .value(let series):
                // A period counts from its beginning.
                let failed = series[0].points.filter { $0.date >= date && $0.value > 0 }
                if !failed.isEmpty { lines.append("\(function) in \(region) has failed meanwhile; its log says why") }
            case .unknown(let reason): lines.append(reason)
            }
        }
        return lines
    }

    // MARK: What both have

    private struct FunctionFault {
        var text: String
        var isMissing = false
    }

    /// What is wrong with the function; `nil` for nothing.
    private func functionFault(_ name: String, _ region: Region) async -> FunctionFault? {
        do {
            let function = try await clients.lambda(region).getFunctionConfiguration(name)
            // A function that was not called for weeks is Inactive until its next event.
            guard let state = function.state, !["Active", "Inactive"].contains(state) else { return nil }
            return FunctionFault(
                text: "the function \(name) is \(state)" + (function.stateReason.map { ": \($0)" } ?? "")
            )
        } catch let error as AWSError where error.code == "ResourceNotFoundException" {
            return FunctionFault(
                text: "live sync is not deployed in \(region) (there is no function \(name)); run ./deploy.sh sync",
                isMissing: true
            )
        } catch {
            return FunctionFault(text: MissingPermission.text(error))
        }
    }

    private func eventSources(_ function: String, _ region: Region) async -> Known<[EventSourceMapping]> {
        await Self.known { try await clients.lambda(region).listEventSourceMappings(function: function) }
    }

    private func depth(_ queue: String, _ region: Region) async -> Known<SQSQueueDepth> {
        let sqs = clients.sqs(region)
        return await Self.known { try await sqs.queueDepth(queueURL: sqs.queueURL(name: queue)) }
    }

    /// - Parameter causes: what is known to make batches fail.
    private static func faults(
        of source: EventSourceMapping,
        isStream: Bool,
        _ causes: [String],
        _ region: Region
    ) -> [String] {
        var faults: [String] = []
        if let state = source.state, state != "Enabled" {
            let date = source.lastModifiedDate.map { " since \($0.readable)" } ?? ""
            let reason = source.stateTransitionReason.map { " (\($0))" } ?? ""
            faults.append(
                "the event source mapping \(source.uuid) is \(state)\(date)\(reason), so that no change is applied"
                    + (state == "Disabled"
                        ? "; run aws lambda update-event-source-mapping --enabled --uuid \(source.uuid) --region \(region)"
                        : "")
            )
        }
        if let result = problem(of: source) {
            faults += causes.isEmpty ? ["the last batch failed: \(result); the function's log says why"] : causes
        }
        if !source.functionResponseTypes.contains("ReportBatchItemFailures") {
            faults.append(
                "the event source mapping \(source.uuid) lacks ReportBatchItemFailures, so that changes that failed are lost;"
                    + " run ./deploy.sh sync, then sync verify --repair"
            )
        }
        if isStream, source.onFailureDestination == nil {
            faults.append(
                "the event source mapping \(source.uuid) has no on-failure queue, so that changes it gives up are lost; run"
                    + " ./deploy.sh sync"
            )
        }
        return faults
    }

    private func functionMetrics(_ function: String) -> [MetricQuery] {
        [lambda("Invocations", function, .sum), lambda("Errors", function, .sum)]
    }

    private func lambda(_ name: String, _ function: String, _ statistic: MetricQuery.Statistic) -> MetricQuery {
        MetricQuery("AWS/Lambda", name, dimensions: [("FunctionName", function)], statistic)
    }

    private func metrics(_ queries: [MetricQuery], _ region: Region) async -> Known<[MetricSeries]> {
        let end = now()
        return await Self.known {
            try await clients.cloudWatch(region)
                .getMetricData(
                    queries,
                    from: end.addingTimeInterval(-Self.window),
                    // The period that is running counts, too.
                    to: end.addingTimeInterval(60)
                )
                .map { MetricSeries(points: $0) }
        }
    }

    static func known<Value>(_ body: () async throws -> Value) async -> Known<Value> {
        do { return .value(try await body()) } catch { return .unknown(MissingPermission.text(error)) }
    }
}

/// A metric's values.
struct MetricSeries: Sendable {
    var points: [MetricPoint]

    var last: MetricPoint? { points.max { $0.date < $1.date } }
    var sum: Double { points.reduce(0) { $0 + $1.value } }
}
