internal import AWSCore
package import BackupCore

import struct FoundationEssentials.Date

/// Everything that must be right before the first item is written, in the order in which it costs least.
package struct CopyPreparation: Sendable {
    package var createsTarget = false
    package var encryption = TargetTable.Encryption.likeSource
    /// Has DynamoDB delete expired items at a target that is made, from the start.
    package var enablesTimeToLive = false
    /// Lets a plain copy replace what the target holds.
    package var overwrites = false
    /// Leaves out items whose time to live is over.
    package var skipsExpired = false
    /// Forgets what an earlier run has done.
    package var restarts = false
    package var segments: Int?
    /// Whether the copy is done part by part, each part in an execution of Step Functions of its own.
    package var isDoneInParts = false
    package var checkpointPath: String?
    /// Where checkpoints lie that are not named.
    package var stateFolder: String

    package init(stateFolder: String) {
        self.stateFolder = stateFolder
    }

    /// A copy that may begin.
    package struct Prepared: Sendable {
        package var copy: TableCopy
        package var checkpoint: CopyCheckpoint
        package var tables: CopyTables
        /// Whether the target was made for it.
        package var isTargetNew: Bool
        /// The source's attribute for time to live, which the new target does not have enabled.
        package var timeToLiveToEnable: String?
        /// What else of the source the new target lacks.
        package var dropped: [DroppedSetting] = []
    }

    /// Looks at both sides, makes the target if that was asked for, and opens the checkpoint.
    ///
    /// - Parameter note: gets what is being done, for people who wait.
    /// - Throws: ``CopyError``; ``CheckpointError``; ``TableSideError``; `CancellationError`. Nothing was written to the
    ///   target then, and what existed there was not changed.
    package func prepare(
        source: TableSide,
        target: TableSide,
        options: TableCopy.Options,
        clock: SyncClock = SyncClock(),
        note: @Sendable (String) -> Void = { _ in }
    ) async throws -> Prepared {
        var options = options
        note("Looking at both tables")
        let sourceTable = try await CopyTables.describeSource(source)
        if skipsExpired {
            let timeToLive = try await TableSideError.naming(.source) {
                try await source.dynamoDB.describeTimeToLive(source.table)
            }
            guard let attribute = TargetTable.timeToLiveAttribute(timeToLive) else {
                throw CopyError.noTimeToLive(table: source.name)
            }
            options.expiryAttribute = attribute
        }
        // Before a target is made, which the next run would find there.
        let minimum =
            isDoneInParts
            ? TableCopyPlan.minimumSegments(
                options.mode,
                items: sourceTable.itemCount,
                bytes: sourceTable.sizeBytes
            ) : 1
        if let segments, segments < minimum {
            throw CopyError.tooFewSegments(segments, minimum: minimum, table: source.name)
        }
        var isTargetNew = false
        var timeToLiveToEnable: String?
        if createsTarget, try await CopyTables.describeTarget(target) == nil {
            try CopyTables.requireReadable(sourceTable)
            timeToLiveToEnable = try await makeTarget(target, like: sourceTable, source, clock: clock, note: note)
            isTargetNew = true
        }
        let tables = try await CopyTables(source: source, target: target)
        let identity = CopyIdentity(tables, options: options)
        let path = checkpointPath ?? "\(stateFolder)/\(identity.fileName)"
        let isResumed = try !restarts && CopyCheckpoint.isThere(path: path, of: identity)
        if !isResumed, !isTargetNew {
            if createsTarget { throw CopyError.targetExists(table: target.name, region: target.region.name) }
            if options.mode == .replace, !overwrites,
                try await !TableSideError.naming(.target, { try await target.isEmpty() })
            {
                throw CopyError.targetNotEmpty(table: target.name)
            }
        }
        try await requirePermissions(source: source, target: target, tables, options)
        let checkpoint = try CopyCheckpoint(
            path: path,
            identity: identity,
            segments: segments ?? max(minimum, TableCopy.segments(forBytes: tables.source.sizeBytes)),
            requestedSegments: segments,
            restarting: restarts
        )
        return Prepared(
            copy: TableCopy(source: source, target: target, tables: tables, options: options, clock: clock),
            checkpoint: checkpoint,
            tables: tables,
            isTargetNew: isTargetNew,
            timeToLiveToEnable: timeToLiveToEnable,
            dropped: isTargetNew ? try await dropped(source, tables) : []
        )
    }

    /// - Returns: the attribute for time to live that is still to be enabled.
    private func makeTarget(
        _ target: TableSide,
        like sourceTable: TableDescription,
        _ source: TableSide,
        clock: SyncClock,
        note: @Sendable (String) -> Void
    ) async throws -> String? {
        try CopyTables.requireReadable(sourceTable)
        let table = try await TableSideError.naming(.source) {
            try await TargetTable(
                named: target.name,
                in: target.region,
                like: sourceTable,
                source,
                encryption: encryption
            )
        }
        note("Making the table \(target.name)")
        return try await TableSideError.naming(.target) {
            try await table.create(at: target, clock: clock)
            guard enablesTimeToLive, let attribute = table.timeToLiveAttribute else { return table.timeToLiveAttribute }
            try await target.dynamoDB.enableTimeToLive(target.table, attribute: attribute)
            return nil
        }
    }

    /// What the new target lacks of the source; what may not be read of it is named as such and is no error.
    private func dropped(_ source: TableSide, _ tables: CopyTables) async throws -> [DroppedSetting] {
        guard let target = TableARN(tables.target.arn) else { return [] }
        let settings = try await TableSettings.capture(
            describing: tables.source,
            calls: TableSettings.calls(
                describing: tables.source,
                dynamoDB: source.dynamoDB,
                autoScaling: ApplicationAutoScalingClient(client: source.dynamoDB.client, region: source.region)
            ),
            now: Date()
        )
        return settings.droppedByCreation(target: target)
    }

    /// Tries what the copy will need, with calls that change nothing: a merge must not find out half-way that it may
    /// write items and not take them back.
    private func requirePermissions(
        source: TableSide,
        target: TableSide,
        _ tables: CopyTables,
        _ options: TableCopy.Options
    ) async throws {
        let key = tables.unusedKey
        try await TableSideError.naming(.source) {
            _ = try await source.dynamoDB.scan(table: source.table, limit: 1)
            guard options.mode == .merge else { return }
            _ = try await source.dynamoDB.getItem(table: source.table, key: key, consistentRead: true)
        }
        guard options.mode == .merge else { return }
        try await TableSideError.naming(.target) {
            _ = try await target.dynamoDB.getItem(table: target.table, key: key, consistentRead: true)
            // No item has an attribute with that value and this key, so nothing can be deleted.
            _ = try await target.dynamoDB.deleteItem(
                table: target.table,
                key: key,
                condition: .equals(item: Array(#"{"sync-table-probe":{"S":"none"}}"#.utf8)[...])
            )
        }
    }
}
