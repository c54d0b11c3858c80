package import AWSCore

package import struct FoundationEssentials.Date

/// Carries a restore out: finds the backup, plans, starts the import; ``ImportWatch`` follows it to its end.
package struct RestoreRun: Sendable {
    private let configuration: BackupConfiguration
    private let client: AWSClient
    private let now: @Sendable () -> Date

    package init(
        configuration: BackupConfiguration,
        client: AWSClient,
        now: @escaping @Sendable () -> Date = { Date() }
    ) {
        self.configuration = configuration
        self.client = client
        self.now = now
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
        if try await ImportWatch(client: client).tableExists(plan.target, in: plan.region) {
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
        let request = plan.importRequest(bucket: configuration.bucket.name, clientToken: RandomUUID.make())
        do {
            return try await DynamoDBClient(client: client, region: plan.region).importTable(request)
        } catch let error as AWSError where error.code == "ResourceInUseException" {
            throw RestoreError(.targetName, "a table \(plan.target) exists in \(plan.region) already: \(error)")
        }
    }
}
