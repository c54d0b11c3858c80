package import AWSCore
package import FoundationEssentials

/// Reads how the last backups of a table went, from DynamoDB's list of exports and the manifests in the bucket.
///
/// A completed export is known by its manifest in the bucket, which costs one GET; only exports that run or failed are
/// described, because DynamoDB throttles more than a dozen DescribeExport calls in a row. Exports to another place, as
/// others make them for analytics, are left out.
package struct BackupHistory: Sendable {
    private let configuration: BackupConfiguration
    private let client: AWSClient
    private let pacer: ExportPacer

    /// How many exports of a table are looked at in search of ours.
    private static let maximumExamined = 60
    /// How many days of the bucket are looked at when DynamoDB lists no export of ours, as for a deleted table.
    private static let daysInBucket = 35

    package init(
        configuration: BackupConfiguration,
        client: AWSClient,
        sleep: @escaping @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) }
    ) {
        self.configuration = configuration
        self.client = client
        self.pacer = ExportPacer(sleep: sleep)
    }

    /// The newest backups of a table, newest first.
    ///
    /// - Parameters:
    ///   - limit: how many at most. More are returned when none of them is complete: the search then goes on to the
    ///     newest complete one.
    /// - Throws: ``AWSError`` when DynamoDB or the bucket refuse to be read; `CancellationError`.
    package func records(of table: TableARN, limit: Int, now: Date) async throws -> [BackupRecord] {
        var records: [BackupRecord] = []
        for summary in try await fullExports(of: table).prefix(Self.maximumExamined) {
            guard records.count < limit || !records.contains(where: { $0.state == .completed }) else { break }
            if let record = try await record(of: summary, table: table) { records.append(record) }
        }
        return records.isEmpty ? try await recordsInBucket(of: table, limit: limit, now: now) : records
    }

    private typealias ListedExport = (id: ExportID, summary: ExportSummary)

    /// ListExports gives no order that one could rely on; the id begins with the time of the start.
    private func fullExports(of table: TableARN) async throws -> [ListedExport] {
        let dynamoDB = DynamoDBClient(client: client, region: table.region)
        return try await dynamoDB.listExports(tableARN: table.description)
            .filter { ($0.type ?? "FULL_EXPORT") == "FULL_EXPORT" }
            .compactMap { summary in ExportID(exportARN: summary.arn).map { ($0, summary) } }
            .sorted { $0.0 > $1.0 }
    }

    private func record(of export: ListedExport, table: TableARN) async throws -> BackupRecord? {
        if export.summary.status == .completed {
            // The folder bears the day on which the backup was due: a retry after midnight starts a day later.
            let day = BackupDate(export.id.startTime)
            for date in [day, day.adding(days: -1)].compactMap({ $0 }) {
                let folder = configuration.layout.export(export.id, date: date, table: table.tableName)
                if let record = try await completedRecord(in: folder) { return record }
            }
            return nil
        }
        let description = try await pacer.call {
            try await DynamoDBClient(client: client, region: table.region).describeExport(export.summary.arn)
        }
        let isOurs =
            description.bucket == configuration.bucket.name
            && (description.prefix ?? "").hasPrefix(configuration.layout.root)
        return isOurs ? BackupRecord(description, id: export.id) : nil
    }

    /// The export in that folder, if its manifest is there.
    private func completedRecord(in folder: ExportFolder) async throws -> BackupRecord? {
        let s3 = S3Client(client: client, region: configuration.bucket.region)
        let request = GetObjectRequest(bucket: configuration.bucket.name, key: folder.manifestSummaryKey)
        guard let object = try await s3.getObjectIfPresent(request, maximumBytes: 1 << 20) else { return nil }
        return BackupRecord(try ExportManifest(contents: object.bytes, key: folder.manifestSummaryKey))
    }

    /// The bucket alone: what is left when the table is gone, or was made anew, and DynamoDB lists its exports no more.
    private func recordsInBucket(of table: TableARN, limit: Int, now: Date) async throws -> [BackupRecord] {
        let s3 = S3Client(client: client, region: configuration.bucket.region)
        let layout = configuration.layout
        let bucket = configuration.bucket.name
        let today = BackupDate(now)
        var records: [BackupRecord] = []
        for offset in 0..<Self.daysInBucket where records.count < limit {
            guard let date = today.adding(days: -offset) else { break }
            let folder = layout.exportsFolder(date, table: table.tableName)
            let list = ListObjectsV2Request(bucket: bucket, prefix: folder, delimiter: "/")
            for try await page in s3.listObjectsV2(list) {
                for prefix in page.commonPrefixes.reversed() {
                    guard let id = ExportID(prefix.dropFirst(folder.count).dropLast()) else { continue }
                    if let record = try await completedRecord(in: layout.export(id, date: date, table: table.tableName))
                    {
                        records.append(record)
                    }
                }
            }
        }
        return records
    }
}

extension BackupRecord {
    fileprivate init?(_ description: ExportDescription, id: ExportID) {
        let state: State =
            switch description.status {
            case .completed: .completed
            case .failed: .failed
            case .inProgress, .other: .running
            }
        self.init(
            exportID: id,
            exportARN: description.arn,
            state: state,
            startTime: description.startTime ?? id.startTime,
            endTime: description.endTime,
            itemCount: description.itemCount,
            billedSizeBytes: description.billedSizeBytes,
            failureCode: description.failureCode,
            failureMessage: description.failureMessage
        )
    }

    fileprivate init(_ manifest: ExportManifest) {
        self.init(
            exportID: manifest.exportID,
            exportARN: manifest.exportARN,
            state: .completed,
            startTime: manifest.startTime ?? manifest.exportID.startTime,
            endTime: manifest.endTime,
            itemCount: manifest.itemCount,
            billedSizeBytes: manifest.billedSizeBytes
        )
    }
}
