internal import AWSCore
internal import BackupCore

package import struct FoundationEssentials.Date

/// How it stands with everything that the configuration maps.
package struct SyncStatus: Sendable {
    package var date: Date
    /// Tables first, in the order of the configuration.
    package var mappings: [MappingStatus]

    package var isSafe: Bool { mappings.allSatisfy(\.isSafe) }

    /// Asks AWS and the state folder.
    ///
    /// What cannot be found out is a reason against cutting over, and not an error.
    package static func read(
        _ clients: LiveClients,
        records: SyncRecordStore,
        limits: CutoverLimits = CutoverLimits(),
        now: @escaping @Sendable () -> Date = { Date() }
    ) async -> SyncStatus {
        let reader = LiveStatusReader(clients, now: now)
        async let tables = reader.tables()
        async let buckets = reader.buckets()
        async let counts = itemCounts(clients)
        let live = await tables.merging(await buckets) { first, _ in first }
        let sizes = await counts
        var mappings: [MappingStatus] = []
        for mapping in clients.configuration.tables {
            for target in mapping.targets {
                guard let live = live[SyncPair(mapping, target)] else { continue }
                var status = MappingStatus(
                    pair: SyncPair(mapping, target),
                    region: mapping.source.region,
                    filter: target.filter?.expression,
                    live: live
                )
                status.sourceItemCount = sizes[mapping.source]
                mappings.append(status)
            }
        }
        for mapping in clients.configuration.buckets {
            guard let live = live[SyncPair(mapping)] else { continue }
            mappings.append(MappingStatus(pair: SyncPair(mapping), region: mapping.sourceRegion, live: live))
        }
        let date = now()
        for index in mappings.indices {
            var unreadable: [String] = []
            do { mappings[index].history = try records.history(of: mappings[index].pair) } catch {
                unreadable.append("\(error)")
            }
            do { mappings[index].verification = try records.verification(of: mappings[index].pair) } catch {
                unreadable.append("\(error)")
            }
            mappings[index].reasons = limits.reasons(against: mappings[index], now: date) + unreadable
        }
        return SyncStatus(date: date, mappings: mappings)
    }

    private static func itemCounts(_ clients: LiveClients) async -> [TableARN: Int] {
        await withTaskGroup(of: (TableARN, Int?).self) { group in
            for mapping in clients.configuration.tables {
                group.addTask {
                    let side = clients.source(mapping.source)
                    return (mapping.source, try? await side.dynamoDB.describeTable(side.table).itemCount)
                }
            }
            return await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
        }
    }
}
