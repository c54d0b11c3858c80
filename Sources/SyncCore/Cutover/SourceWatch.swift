import AWSCore
import BackupCore
import Synchronization

/// Sees whether anybody still writes to a source table: reads the end of its stream, from when the writers are said to
/// have stopped.
final class SourceWatch: Sendable {
    private struct State {
        /// Where to go on, for each shard that is not read to its end.
        var iterators: [String: String] = [:]
        var known: Set<String>
        /// Why nobody can say that nothing was written; the first thing found.
        var finding: String?
    }

    let table: TableARN
    private let stream: String
    private let streams: DynamoDBStreamsClient
    private let state: Mutex<State>

    /// Shards above this number are not watched: two calls for each would take too long.
    static let maximumShards = 500

    /// - Returns: `nil` for a stream of too many shards.
    init?(table: TableARN, stream: String, streams: DynamoDBStreamsClient) async throws {
        let shards = try await streams.describeStream(stream).shards
        let open = shards.filter { $0.endingSequenceNumber == nil }
        guard open.count <= Self.maximumShards else { return nil }
        var state = State(known: Set(shards.map(\.id)))
        for shard in open {
            do {
                state.iterators[shard.id] = try await streams.shardIterator(stream: stream, shard: shard.id, .latest)
            } catch let error as AWSError where error.code == "ResourceNotFoundException" {
                // A shard that was just closed and had nothing in it.
                continue
            }
        }
        self.table = table
        self.stream = stream
        self.streams = streams
        self.state = Mutex(state)
    }

    /// What speaks against a quiet source.
    ///
    /// One line about a change that somebody made, which is not one of ours and not one of DynamoDB's own; or about why
    /// nobody can tell. `nil` for none.
    var finding: String? { state.withLock { $0.finding } }

    /// Reads on, to be called at least every fifteen minutes, and by one task at a time.
    func look() async {
        do {
            let known = state.withLock { $0.known }
            for shard in try await streams.describeStream(stream).shards where !known.contains(shard.id) {
                let iterator = try await streams.shardIterator(stream: stream, shard: shard.id, .trimHorizon)
                state.withLock { state in
                    state.known.insert(shard.id)
                    state.iterators[shard.id] = iterator
                }
            }
            for (shard, iterator) in state.withLock({ $0.iterators }) {
                let next = try await read(from: iterator)
                state.withLock { $0.iterators[shard] = next }
            }
        } catch is CancellationError {
            return
        } catch {
            found("whether \(table) was written meanwhile is not known: \(error)")
        }
    }

    /// - Returns: where to go on; `nil` at the end of a closed shard.
    private func read(from start: String) async throws -> String? {
        var iterator: String? = start
        // The newest end of an open shard gives pages without records for ever.
        var emptyPages = 0
        while let current = iterator, emptyPages < 2 {
            let page = try await streams.records(current, stream: stream)
            if let record = page.records.first(where: { !$0.isTimeToLiveDelete && !Self.isCanary($0.key) }) {
                let date = record.creationDate.map { " at \($0.iso8601)" } ?? ""
                found("\(table) was written\(date), after the writers were said to have stopped")
            }
            emptyPages = page.records.isEmpty ? emptyPages + 1 : 0
            iterator = page.nextIterator
        }
        return iterator
    }

    private func found(_ finding: String) {
        state.withLock { state in if state.finding == nil { state.finding = finding } }
    }

    private static func isCanary(_ key: JSONValue) -> Bool {
        let text = Array(CanaryItem.prefix.utf8)
        return (key.object?.members ?? []).contains { member in
            guard let value = member.value.object?.members.first, let string = value.value.string else { return false }
            switch value.key {
            case "S":
                return string.utf8.count >= 36 + text.count
                    && string.utf8.dropLast(36).suffix(text.count).elementsEqual(text)
            case "B": return Base64.bytes(string)?.starts(with: text) ?? false
            default: return string.utf8.count == 34 && string.hasPrefix("-9")
            }
        }
    }
}

extension CutoverRun {
    /// What is to be asked at the end whether anybody wrote.
    func watches() async throws -> [SourceWatch] {
        var found: [SourceWatch] = []
        for mapping in clients.configuration.tables {
            let side = clients.source(mapping.source)
            let table = try await side.dynamoDB.describeTable(side.table)
            guard let stream = table.json["LatestStreamArn"]?.string else { continue }
            let streams = clients.streams(mapping.source.region)
            if let watch = try await SourceWatch(table: mapping.source, stream: stream, streams: streams) {
                found.append(watch)
            }
        }
        return found
    }

    /// Nobody has written since the writers were stopped, and nothing has failed or waits.
    func nothingHasChanged(_ watches: [SourceWatch]) async throws -> [String] {
        var changes: [String] = []
        for watch in watches {
            await watch.look()
            try Task.checkCancellation()
            if let finding = watch.finding { changes.append(finding) }
        }
        let reader = LiveStatusReader(clients, now: now)
        for (pair, live) in await reader.tables().merging(
            await reader.buckets(),
            uniquingKeysWith: { first, _ in first }
        ) {
            if let failures = live.failures.value, failures == 0, (live.waiting?.value ?? 0) == 0 { continue }
            changes.append("\(pair): changes wait or have failed; see sync status")
        }
        guard changes.isEmpty else {
            throw ReplayError(
                changes.sorted().joined(separator: "; ") + "; stop every writer, and run sync cutover again"
            )
        }
        return ["\(watches.count) of \(clients.configuration.tables.count) sources' streams show no other change"]
    }
}
