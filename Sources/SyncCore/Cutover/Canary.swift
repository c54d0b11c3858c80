import AWSCore
import BackupCore

import struct FoundationEssentials.Date

/// Sends an item or object of its own through live sync and waits until it has come and gone at the target.
struct Canary: Sendable {
    let clients: LiveClients
    let log: CanaryLog
    let timeout: Duration
    let clock: SyncClock

    /// Between two looks at the target.
    private static let interval = Duration.milliseconds(500)

    // MARK: Tables

    func run(_ mapping: TableMapping, _ target: TableTarget) async throws -> CanaryResult {
        let pair = SyncPair(mapping, target)
        let (source, side) = (clients.source(mapping.source), clients.target(target))
        let tables = try await CopyTables(source: source, target: side)
        guard
            let canary = CanaryItem(
                keys: CopyTables.keys(of: tables.source),
                filter: target.filter,
                id: RandomUUID.make()
            )
        else {
            let condition = target.filter.map { " that meets \($0.expression)" } ?? ""
            return .skipped("no item\(condition) and has an unmistakable key could be made")
        }
        let entry = CanaryLog.Entry.item(source: mapping.source, item: canary.item, key: canary.key)
        try log.note(entry)
        do {
            let name = tables.keyNames.first ?? ""
            let outcome = try await source.dynamoDB.putItem(
                table: source.table,
                item: canary.item,
                condition: .notExists(partitionKey: name)
            )
            // A retry may have met its own item.
            if case .conditionFailed(_, mayBeOwn: false) = outcome {
                try log.forget(entry)
                return .failed("an item with the key \(canary.name) is there already")
            }
            let started = clock.now()
            let arrived = try await waits(pair) {
                guard
                    let item = try await side.dynamoDB.getItem(table: side.table, key: canary.key, consistentRead: true)
                else { return false }
                return try ItemComparison(item, canary.item).areEqual
            }
            let seconds = (clock.now() - started) / .seconds(1)
            try await remove(canary, from: source)
            // From here on live sync takes it from the target, and nothing of it is left at the source.
            try log.forget(entry)
            guard arrived else { return .failed("the item \(canary.name) did not arrive within \(text(timeout))") }
            let isGone = try await waits(pair) {
                try await side.dynamoDB.getItem(table: side.table, key: canary.key, consistentRead: true) == nil
            }
            guard isGone else {
                return .failed("the item \(canary.name) was deleted, and is still at the target after \(text(timeout))")
            }
            return .passed(seconds: seconds, name: canary.name)
        } catch {
            // The log keeps it: a put that was cut off may still arrive after this.
            await Self.shielded { try? await remove(canary, from: source) }
            throw error
        }
    }

    /// Deletes the item at the source, unless somebody has made another of it.
    private func remove(_ canary: CanaryItem, from source: TableSide) async throws {
        _ = try await source.dynamoDB.deleteItem(
            table: source.table,
            key: canary.key,
            condition: .equals(item: canary.item[...])
        )
    }

    // MARK: Buckets

    func run(_ mapping: BucketMapping) async throws -> CanaryResult {
        let pair = SyncPair(mapping)
        let (source, target) = (clients.source(mapping), clients.target(mapping))
        let key = ".sync-canary/\(RandomUUID.make())"
        let body = Array("made by sync cutover to see it arrive; it may be deleted".utf8)
        let entry = CanaryLog.Entry.object(source: mapping.source, region: mapping.sourceRegion, key: key)
        try log.note(entry)
        do {
            try await source.s3.putObject(
                PutObjectRequest(
                    bucket: source.bucket,
                    key: source.key(key),
                    body: .bytes(body),
                    condition: .absent
                )
            )
            let started = clock.now()
            let arrived = try await waits(pair) {
                try await target.s3.headObjectIfPresent(target.head(key))?.size == body.count
            }
            let seconds = (clock.now() - started) / .seconds(1)
            _ = try await source.s3.deleteObject(bucket: source.bucket, key: source.key(key))
            try log.forget(entry)
            guard arrived else { return .failed("the object \(key) did not arrive within \(text(timeout))") }
            let isGone = try await waits(pair) {
                try await target.s3.headObjectIfPresent(target.head(key)) == nil
            }
            guard isGone else {
                return .failed("the object \(key) was deleted, and is still at the target after \(text(timeout))")
            }
            return .passed(seconds: seconds, name: key)
        } catch {
            // See above.
            await Self.shielded { _ = try? await source.s3.deleteObject(bucket: source.bucket, key: source.key(key)) }
            throw error
        }
    }

    // MARK: What an earlier run has left

    /// Deletes canaries of a run that was cut off; live sync then takes them from the targets.
    ///
    /// - Returns: those that were still there, by name.
    func removeLeftovers() async throws -> [String] {
        var removed: [String] = []
        for entry in try log.entries() {
            switch entry {
            case .item(let table, let item, let key):
                let source = clients.source(table)
                let outcome = try await source.dynamoDB.deleteItem(
                    table: source.table,
                    key: key,
                    condition: .equals(item: item[...])
                )
                // One that is not there does not equal it either.
                if case .written(previous: .some) = outcome {
                    removed.append("\(table.tableName) (\(table.region)): \(String(decoding: key, as: UTF8.self))")
                }
            case .object(let place, let region, let key):
                // Its name is of our own making.
                let side = BucketSide(
                    s3: S3Client(client: clients.source, region: region),
                    bucket: place.bucket,
                    prefix: place.prefix
                )
                if try await side.s3.headObjectIfPresent(side.head(key)) != nil {
                    _ = try await side.s3.deleteObject(bucket: place.bucket, key: side.key(key))
                    removed.append("\(place)\(key)")
                }
            }
            try log.forget(entry)
        }
        return removed
    }

    // MARK: Waiting

    private func waits(_ pair: SyncPair, _ condition: () async throws -> Bool) async throws -> Bool {
        let end = clock.now() + timeout
        while true {
            if try await condition() { return true }
            guard clock.now() < end else { return false }
            try await clock.sleep(Self.interval)
        }
    }

    private func text(_ duration: Duration) -> String { CutoverLimits.duration(duration / .seconds(1)) }

    /// Runs to its end also when the run is being interrupted: what was put must be taken away.
    private static func shielded(_ body: @escaping @Sendable () async -> Void) async {
        await Task { await body() }.value
    }
}

/// How a canary fared.
package enum CanaryResult: Sendable, Equatable {
    /// - Parameters:
    ///   - seconds: from its write at the source to its sight at the target.
    ///   - name: its key.
    case passed(seconds: Double, name: String)
    /// None was sent, with why.
    case skipped(String)
    case failed(String)
}
