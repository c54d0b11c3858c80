import AWSCore
import BackupCore

import struct FoundationEssentials.Date

/// Replays failed changes of tables: what they are about is read at the source now, and never taken from them.
struct TableReplay: Sendable {
    let clients: LiveClients
    let records: SyncRecordStore
    let isDryRun: Bool
    let sleep: @Sendable (Duration) async throws -> Void

    /// Items that are settled at the same time.
    static let maximumInFlight = 16

    func pairs(of message: FailureMessage) -> [SyncPair] {
        switch message {
        case .change(let change): [SyncPair(tables: change.source, change.target)]
        case .batch(let batch):
            clients.configuration.tables.first { $0.source == batch.source }
                .map { mapping in mapping.targets.map { SyncPair(mapping, $0) } } ?? []
        case .unreadable: []
        }
    }

    /// - Parameter date: when the message was sent.
    /// - Throws: what keeps the message from being done.
    func replay(_ message: FailureMessage, sent date: Date?) async throws -> ReplayQueue.Ending {
        switch message {
        case .unreadable(let reason): throw ReplayError(reason)
        case .change(let change):
            guard let mapping = clients.configuration.tables.first(where: { $0.source.description == change.source }),
                let target = mapping.targets.first(where: { $0.table.description == change.target })
            else {
                throw ReplayError(
                    "no mapping leads from \(OneLine.text(change.source)) to \(OneLine.text(change.target)) any more; delete"
                        + " the message, or put the mapping back into the configuration"
                )
            }
            guard !isDryRun else { return ReplayQueue.Ending(planned: 1) }
            return ReplayQueue.Ending(counts: try await settle([change.key.serialized()], mapping, target))
        case .batch(let batch): return try await replay(batch, sent: date)
        }
    }

    private func replay(_ batch: FailedStreamBatch, sent date: Date?) async throws -> ReplayQueue.Ending {
        guard let mapping = clients.configuration.tables.first(where: { $0.source == batch.source }) else {
            throw ReplayError(
                "no mapping names the table \(batch.source) any more; delete the message, or put the mapping back into the"
                    + " configuration"
            )
        }
        let streams = clients.streams(batch.source.region)
        let reading = try await StreamRange(streams: streams, batch: batch, sleep: sleep).read()
        var ending = ReplayQueue.Ending()
        if isDryRun {
            ending.planned = reading.keys.count * mapping.targets.count
        } else {
            // Lambda does not say whose target failed.
            for target in mapping.targets { ending.counts += try await settle(reading.keys, mapping, target) }
        }
        if reading.isTrimmed {
            let targets = try mapping.targets.filter { target in
                let record = try records.verification(of: SyncPair(mapping, target))
                return !Self.isProven(record, target, since: date)
            }
            ending.gap = ReplayReport.Gap(
                source: batch.source,
                stream: batch.stream,
                shard: batch.shard,
                first: batch.first,
                last: batch.last,
                firstDate: batch.firstDate,
                lastDate: batch.lastDate,
                count: batch.count,
                isClosed: targets.isEmpty,
                targets: targets.map { ($0.table, $0.filter?.expression) }
            )
        }
        return ending
    }

    /// Whether a comparison that began after the batch had failed has found everything equal.
    private static func isProven(_ record: VerificationRecord?, _ target: TableTarget, since date: Date?) -> Bool {
        guard let record, let date else { return false }
        return record.proves(target.filter?.expression) && record.startDate > date
    }

    private func settle(
        _ keys: [[UInt8]],
        _ mapping: TableMapping,
        _ target: TableTarget
    ) async throws -> ReplayReport.Counts {
        let settlement = KeySettlement(
            source: clients.source(mapping.source),
            target: clients.target(target),
            filter: target.filter,
            deletesVanished: mapping.timeToLiveDeletes == .forward
        )
        return try await withThrowingTaskGroup(of: KeySettlement.Outcome.self) { group in
            var counts = ReplayReport.Counts()
            var rest = keys[...]
            for key in rest.prefix(Self.maximumInFlight) { group.addTask { try await settlement.settle(key: key) } }
            rest = rest.dropFirst(Self.maximumInFlight)
            while let outcome = try await group.next() {
                switch outcome {
                case .unchanged: counts.unchanged += 1
                case .put: counts.written += 1
                case .deleted: counts.deleted += 1
                case .kept: counts.kept += 1
                }
                if let key = rest.popFirst() { group.addTask { try await settlement.settle(key: key) } }
            }
            return counts
        }
    }
}
