package import AWSCore

/// Follows exports until they have ended.
///
/// DynamoDB tells no percentage, and throttles more than a dozen DescribeExport calls in a row: so the exports are
/// looked at one after the other, seldom once they take long.
package struct ExportWatch: Sendable {
    /// One export and where it stands.
    package struct Item: Sendable, Equatable {
        package var table: TableARN
        package var export: ExportDescription

        package init(table: TableARN, export: ExportDescription) {
            self.table = table
            self.export = export
        }

        package var isRunning: Bool { export.status != .completed && export.status != .failed }
    }

    private let client: AWSClient
    private let pacer: CallPacer
    private let sleep: @Sendable (Duration) async throws -> Void

    private static let shortestInterval = Duration.seconds(2)
    private static let longestInterval = Duration.seconds(20)
    /// How many looks in a row may fail for a passing reason, such as a lost connection: some three minutes of a long
    /// export.
    private static let maximumFailuresInARow = 10

    package init(
        client: AWSClient,
        sleep: @escaping @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) }
    ) {
        self.client = client
        self.pacer = CallPacer(interval: CallPacer.exportInterval, sleep: sleep)
        self.sleep = sleep
    }

    /// The exports of these tables that are running now.
    package func running(of tables: [TableARN]) async throws -> [(table: TableARN, exportARN: String)] {
        try await withThrowingTaskGroup(of: (Int, [ExportSummary]).self) { group in
            for (index, table) in tables.enumerated() {
                group.addTask {
                    let dynamoDB = DynamoDBClient(client: client, region: table.region)
                    return (index, try await dynamoDB.listExports(tableARN: table.description))
                }
            }
            var running: [Int: [ExportSummary]] = [:]
            for try await (index, exports) in group {
                running[index] = exports.filter { $0.status == .inProgress }
            }
            return tables.indices.flatMap { index in (running[index] ?? []).map { (tables[index], $0.arn) } }
        }
    }

    /// Waits until all of these exports have ended.
    ///
    /// - Parameter onUpdate: called after each round with all exports, in their order.
    /// - Returns: the ended exports, in their order; failed ones are results, too.
    /// - Throws: ``AWSError``; `CancellationError`: the exports go on.
    package func follow(
        _ exports: [(table: TableARN, exportARN: String)],
        onUpdate: @Sendable ([Item]) -> Void
    ) async throws -> [Item] {
        var items: [Item] = []
        for (table, arn) in exports { items.append(Item(table: table, export: try await describe(arn, of: table))) }
        var interval = Self.shortestInterval
        var failuresInARow = 0
        onUpdate(items)
        while items.contains(where: \.isRunning) {
            try await sleep(interval)
            interval = min(interval * 1.5, Self.longestInterval)
            for index in items.indices where items[index].isRunning {
                do {
                    items[index].export = try await describe(items[index].export.arn, of: items[index].table)
                    failuresInARow = 0
                } catch let error as AWSError
                    where error.kind == .transient && failuresInARow < Self.maximumFailuresInARow
                {
                    failuresInARow += 1
                }
            }
            onUpdate(items)
        }
        return items
    }

    private func describe(_ arn: String, of table: TableARN) async throws -> ExportDescription {
        let dynamoDB = DynamoDBClient(client: client.leavingThrottlingToCaller(), region: table.region)
        return try await pacer.call { try await dynamoDB.describeExport(arn) }
    }
}
