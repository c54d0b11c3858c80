package import AWSCore

package import struct FoundationEssentials.Date

/// Makes the target tables follow their sources: one invocation's records at a time.
///
/// Puts and deletes are unconditional and whole, so that doing them twice changes nothing; records of one item come in
/// their order, so that the last one wins. See ``TableChanges`` for what a failure means for that order.
package struct LiveTableSync: Sendable {
    private let configuration: SyncConfiguration
    private let connections: TableConnections
    private let failures: FailureQueue?
    private let environment: AWSClient.Environment
    private let waitUntil: @Sendable (Date) async throws -> Void

    /// - Parameters:
    ///   - failures: where changes go that DynamoDB refuses for good; without one they fail with their batch.
    ///   - waitUntil: returns at that instant; for tests, which do not wait.
    package init(
        _ configuration: SyncConfiguration,
        connections: TableConnections,
        failures: FailureQueue?,
        environment: AWSClient.Environment = AWSClient.Environment(),
        waitUntil: @escaping @Sendable (Date) async throws -> Void = {
            try await Task.sleep(for: .seconds(max(0, $0.timeIntervalSinceNow)))
        }
    ) {
        self.waitUntil = waitUntil
        self.configuration = configuration
        self.connections = connections
        self.failures = failures
        self.environment = environment
    }

    /// What became of an invocation's records.
    package struct Result: Sendable {
        /// The sequence numbers from which Lambda is to go on, one for each stream with a failure; empty for success.
        package var itemFailures: [String] = []
        /// What happened in each mapping that had records.
        package var figures: [LiveTableFigures] = []
        /// Whether any change reached its target, or was put into the failure queue.
        package var didAnything = false
        /// One line for each target that was not written in full; nothing about mere shortage of capacity.
        package var errors: [String] = []
    }

    /// Applies an event.
    ///
    /// - Parameter deadline: when everything has come to an end, calls under way included.
    /// - Throws: ``TableStreamEventError``, before anything is written.
    package func apply(_ event: TableStreamEvent, deadline: Date) async throws(TableStreamEventError) -> Result {
        var jobs: [LiveTableJob] = []
        for (index, stream) in event.streams.enumerated() {
            guard let mapping = configuration.tables.first(where: { $0.source == stream.table }) else {
                throw TableStreamEventError(
                    .unmappedTable,
                    "no mapping names the table \(stream.table): add it to sync.tables in config.json and deploy again, or"
                        + " take the event source mapping of its stream away from this function"
                )
            }
            let changes = try TableChanges(of: event, stream: index, timeToLiveDeletes: mapping.timeToLiveDeletes)
            jobs += mapping.targets.map { target in
                LiveTableJob(
                    event: event,
                    stream: index,
                    source: mapping.source,
                    target: target,
                    side: connections.target(target, of: mapping.source),
                    changes: changes,
                    failures: failures,
                    environment: environment
                )
            }
        }
        let outcomes = await run(jobs, deadline: deadline)
        var result = Result()
        var first: [Int: TableStreamRecord] = [:]
        for outcome in outcomes {
            result.figures.append(outcome.figures)
            result.errors += outcome.errors
            result.didAnything = result.didAnything || outcome.didAnything
            guard let failed = outcome.firstFailure else { continue }
            let known = first[failed.stream]
            if known.map({ event.isEarlier(failed, than: $0) }) ?? true { first[failed.stream] = failed }
        }
        result.itemFailures = first.sorted { $0.key < $1.key }.map { event.sequenceNumber(of: $0.value) }
        return result
    }

    /// All targets at the same time: one that is slow or gone does not hold up the others.
    private func run(_ jobs: [LiveTableJob], deadline: Date) async -> [LiveTableJob.Outcome] {
        let remaining = deadline.timeIntervalSince(environment.now())
        // What is under way then has this long to come back.
        let end = deadline.addingTimeInterval(-min(2, max(0, remaining) / 4))
        return await withTaskGroup(of: (Int, LiveTableJob.Outcome)?.self) { group in
            for (index, job) in jobs.enumerated() {
                group.addTask { (index, await job.run(until: end)) }
            }
            group.addTask {
                try? await waitUntil(deadline)
                return nil
            }
            var outcomes: [(Int, LiveTableJob.Outcome)] = []
            while outcomes.count < jobs.count, let next = await group.next() {
                // The time is over: calls under way are cut off, and what they were about has failed.
                guard let outcome = next else {
                    group.cancelAll()
                    continue
                }
                outcomes.append(outcome)
            }
            group.cancelAll()
            return outcomes.sorted { $0.0 < $1.0 }.map(\.1)
        }
    }
}
