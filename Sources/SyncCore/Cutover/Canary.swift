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
            let removal = try await Self.remove(canary.item, canary.key, from: source)
            // From here on live sync takes it from the target, and nothing of it is left at the source.
            try log.forget(entry)
            guard removal != .kept else {
                return .failed(
                    "somebody has changed the item \(canary.name) of the source meanwhile, and it stays there"
                )
            }
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
            await Self.shielded { _ = try? await Self.remove(canary.item, canary.key, from: source) }
            throw error
        }
    }

    private enum Removal {
        case removed
        /// It was not there.
        case gone
        /// Somebody has made another of it.
        case kept
    }

    /// Deletes an item at the source, if it is what was written there.
    ///
    /// A condition cannot tell an item that only gained attributes (``ItemCondition/equals``), which therefore is looked
    /// at before.
    private static func remove(_ item: [UInt8], _ key: [UInt8], from source: TableSide) async throws -> Removal {
        let found = try await source.dynamoDB.getItem(table: source.table, key: key, consistentRead: true)
        guard let found else { return .gone }
        guard try ItemComparison(found, item).areEqual else { return .kept }
        let outcome = try await source.dynamoDB.deleteItem(
            table: source.table,
            key: key,
            condition: .equals(item: item[...])
        )
        switch outcome {
        case .written, .conditionFailed(nil, _): return .removed
        case .conditionFailed: return .kept
        }
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
    /// - Returns: what became of those that were still there, one line each.
    func removeLeftovers() async throws -> [String] {
        var lines: [String] = []
        let removed = "taken away, a canary that an earlier run had left:"
        for entry in try log.entries() {
            switch entry {
            case .item(let table, let item, let key):
                let name = "\(table.tableName) (\(table.region)): \(String(decoding: key, as: UTF8.self))"
                switch try await Self.remove(item, key, from: clients.source(table)) {
                case .removed: lines.append("\(removed) \(name)")
                case .gone: break
                case .kept:
                    lines.append(
                        "left where it is, a canary of an earlier run that somebody has changed since: \(name); delete it"
                            + " if nobody needs it"
                    )
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
                    lines.append("\(removed) \(place)\(key)")
                }
            }
            try log.forget(entry)
        }
        return lines
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
