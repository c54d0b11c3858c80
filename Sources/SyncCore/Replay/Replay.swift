package import AWSCore

import struct FoundationEssentials.Date

/// Settles what has failed in live sync: every item and object that the failure queues name is read at its source now and
/// brought to its targets as it is (``KeySettlement``), so that a replay, however late, never brings old data back.
package struct Replay: Sendable {
    package struct Options: Sendable {
        /// Only messages about these; `nil` for all.
        package var pairs: Set<SyncPair>?
        /// Read the messages and the streams, write nothing and delete no message.
        package var isDryRun = false
        /// Messages to read at most.
        package var maximum = Int.max

        package init() {}
    }

    private let clients: LiveClients
    private let records: SyncRecordStore
    private let options: Options
    private let environment: AWSClient.Environment

    package init(
        _ clients: LiveClients,
        records: SyncRecordStore,
        options: Options = Options(),
        environment: AWSClient.Environment = AWSClient.Environment()
    ) {
        self.clients = clients
        self.records = records
        self.options = options
        self.environment = environment
    }

    /// Works through the queues of every Region that holds a source.
    ///
    /// A message is deleted once all that it is about is settled. Whatever ends this earlier leaves messages where they
    /// were, and the same again goes on.
    ///
    /// - Parameter progress: gets what was done so far.
    /// - Throws: ``AWSError``, ``ReplayError`` when a queue cannot be read; `CancellationError`.
    package func run(
        into report: inout ReplayReport,
        progress: @Sendable (ReplayReport) -> Void = { _ in }
    ) async throws {
        for queue in queues where report.messages < options.maximum {
            try await queue.drain(into: &report, maximum: options.maximum, progress: progress)
        }
    }

    private var queues: [ReplayQueue] {
        let names = clients.names
        let tables = TableReplay(
            clients: clients,
            records: records,
            isDryRun: options.isDryRun,
            sleep: environment.sleep
        )
        let buckets = BucketReplay(clients, isDryRun: options.isDryRun)
        let ofTables = regions(clients.tableRegions, .table).map { region in
            ReplayQueue(sqs: clients.sqs(region), name: names.tableFailures, isDryRun: options.isDryRun) { message in
                let failure = FailureMessage(body: message.body)
                guard isAskedFor(tables.pairs(of: failure)) else { return nil }
                return try await tables.replay(failure, sent: message.sentDate)
            }
        }
        return ofTables
            + regions(clients.bucketRegions, .bucket).map { region in
                ReplayQueue(sqs: clients.sqs(region), name: names.bucketFailures, isDryRun: options.isDryRun) {
                    message in
                    let event = try BucketReplay.event(in: message)
                    guard isAskedFor(buckets.pairs(of: event)) else { return nil }
                    return try await buckets.replay(event)
                }
            }
    }

    /// The Regions of a kind; none when no mapping of the kind is asked for.
    private func regions(_ regions: [Region], _ kind: SyncPair.Kind) -> [Region] {
        guard let pairs = options.pairs else { return regions }
        return pairs.contains { $0.kind == kind } ? regions : []
    }

    /// Whether a message is; one that is about nothing that is mapped is told of when everything is asked for.
    private func isAskedFor(_ pairs: [SyncPair]) -> Bool {
        guard let wanted = options.pairs else { return true }
        return pairs.contains { wanted.contains($0) }
    }
}
