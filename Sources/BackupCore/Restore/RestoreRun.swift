package import AWSCore
package import FoundationEssentials

/// Carries a restore out: finds the backup, plans, starts the import and follows it to its end.
package struct RestoreRun: Sendable {
    private let configuration: BackupConfiguration
    private let client: AWSClient
    private let pacer: CallPacer
    private let now: @Sendable () -> Date
    private let sleep: @Sendable (Duration) async throws -> Void

    private static let shortestInterval = Duration.seconds(2)
    private static let longestInterval = Duration.seconds(20)

    package init(
        configuration: BackupConfiguration,
        client: AWSClient,
        now: @escaping @Sendable () -> Date = { Date() },
        sleep: @escaping @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) }
    ) {
        self.configuration = configuration
        self.client = client
        self.pacer = CallPacer(interval: CallPacer.exportInterval, sleep: sleep)
        self.now = now
        self.sleep = sleep
    }

    /// The backups in the configured bucket.
    package var catalog: BackupCatalog {
        BackupCatalog(
            store: S3BackupStore(
                client: S3Client(client: client, region: configuration.bucket.region),
                bucket: configuration.bucket.name
            ),
            layout: configuration.layout,
            now: now
        )
    }

    /// Plans the restore of the newest complete backup of a table, or of a day's; changes nothing.
    ///
    /// - Throws: ``RestoreError`` when there is none or it cannot be restored this way, or when the new table's name is
    ///   taken; ``AWSError``.
    package func plan(table: String, on day: BackupDate?, request: RestoreRequest) async throws -> RestorePlan {
        let contents = try await BackupContents.read(table: table, on: day, catalog: catalog, now: now())
        let plan = try RestorePlan(contents, request: request, bucket: configuration.bucket.name)
        if try await tableExists(plan.target, in: plan.region) {
            throw RestoreError(
                .targetName,
                "a table \(plan.target) exists in \(plan.region) already, and an import only makes new ones: name another"
                    + " with --target-table"
            )
        }
        return plan
    }

    /// Starts the import.
    ///
    /// - Throws: ``RestoreError`` when the table came to be meanwhile; ``AWSError``.
    package func start(_ plan: RestorePlan) async throws -> ImportDescription {
        let request = plan.importRequest(bucket: configuration.bucket.name, clientToken: UUID().uuidString.lowercased())
        do {
            return try await DynamoDBClient(client: client, region: plan.region).importTable(request)
        } catch let error as AWSError where error.code == "ResourceInUseException" {
            throw RestoreError(.targetName, "a table \(plan.target) exists in \(plan.region) already: \(error)")
        }
    }

    /// Waits until an import has ended.
    ///
    /// The table is active some seconds before its import is complete, so it is the import that is looked at.
    ///
    /// - Parameter onUpdate: called after each look.
    /// - Returns: the ended import; a failed one is a result, too.
    /// - Throws: ``AWSError``; `CancellationError`: the import goes on.
    package func follow(
        _ importARN: String,
        in region: Region,
        onUpdate: @Sendable (ImportDescription) -> Void
    ) async throws -> ImportDescription {
        let dynamoDB = DynamoDBClient(client: client, region: region)
        var interval = Self.shortestInterval
        while true {
            let description = try await pacer.call { try await dynamoDB.describeImport(importARN) }
            onUpdate(description)
            if description.hasEnded { return description }
            try await sleep(interval)
            interval = min(interval * 1.5, Self.longestInterval)
        }
    }

    /// Whether an import left a table behind, whatever its status says.
    package func tableExists(_ name: String, in region: Region) async throws -> Bool {
        do {
            _ = try await DynamoDBClient(client: client, region: region).describeTable(name)
            return true
        } catch let error as AWSError where error.code == "ResourceNotFoundException" {
            return false
        }
    }
}
