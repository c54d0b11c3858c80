package import AWSCore

package import struct FoundationEssentials.Date

/// Reads how the last backups of a table went, from DynamoDB's list of exports and the manifests in the bucket.
///
/// A completed export is known by its manifest in the bucket, which costs one GET; only exports that run or failed are
/// described, because DynamoDB throttles more than a dozen DescribeExport calls in a row. Exports to another place, as
/// others make them for analytics, are left out.
package struct BackupHistory: Sendable {
    private let configuration: BackupConfiguration
    private let client: AWSClient
    private let pacer: CallPacer
    private let run: BackupRunBeside?

    /// How many exports of a table are looked at in search of ours.
    private static let maximumExamined = 60
    /// How many days of the bucket are looked at when DynamoDB lists no export of ours, as for a deleted table.
    private static let daysInBucket = 35

    /// - Parameter run: the one that goes on meanwhile, whose exports are left out.
    package init(
        configuration: BackupConfiguration,
        client: AWSClient,
        beside run: BackupRunBeside? = nil,
        sleep: @escaping @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) }
    ) {
        self.configuration = configuration
        self.client = client
        self.run = run
        self.pacer = CallPacer(interval: CallPacer.exportInterval, sleep: sleep)
    }

    /// The newest backups of a table, newest first.
    ///
    /// - Parameters:
    ///   - limit: how many at most. More are returned when none of them is complete: the search then goes on to the
    ///     newest complete one.
    /// - Throws: ``AWSError`` when DynamoDB or the bucket refuse to be read; `CancellationError`.
    package func records(of table: TableARN, limit: Int, now: Date) async throws -> [BackupRecord] {
        var records: [BackupRecord] = []
        for export in try await fullExports(of: table).prefix(Self.maximumExamined) {
            guard records.count < limit || !records.contains(where: { $0.state == .completed }) else { break }
            if let record = try await record(of: export, table: table) { records.append(record) }
        }
        return records.isEmpty ? try await recordsInBucket(of: table, limit: limit, now: now) : records
    }

    private typealias ListedExport = (id: ExportID, summary: ExportSummary)

    /// ListExports gives no order that one could rely on; the id begins with the time of the start.
    private func fullExports(of table: TableARN) async throws -> [ListedExport] {
        let dynamoDB = DynamoDBClient(client: client.leavingThrottlingToCaller(), region: table.region)
        let exports: [ExportSummary]
        do {
            exports = try await pacer.call { try await dynamoDB.listExports(tableARN: table.description) }
        } catch let error as AWSError
            where error.code == "TableNotFoundException" || error.code == "ResourceNotFoundException"
        {
            // For a deleted table DynamoDB has been seen to list nothing; an error would mean the same.
            return []
        }
        return
            exports
            .filter { ($0.type ?? "FULL_EXPORT") == "FULL_EXPORT" }
            .compactMap { summary in ExportID(exportARN: summary.arn).map { ($0, summary) } }
            .filter { export in run.map { export.0.startTime < $0.startedAt } ?? true }
            .sorted { $0.0 > $1.0 }
    }

    /// - Returns: `nil` for an export to another place.
    private func record(of export: ListedExport, table: TableARN) async throws -> BackupRecord? {
        guard export.summary.status == .completed else {
            guard let description = try await describe(export.summary.arn, of: table) else { return nil }
            let isOurs =
                description.bucket == configuration.bucket.name
                && (description.prefix ?? "").hasPrefix(configuration.layout.root)
            return isOurs ? BackupRecord(description, id: export.id) : nil
        }
        // The folder bears the day on which the backup was due: a retry after midnight starts a day later.
        let day = BackupDate(export.id.startTime)
        for date in [day, day.adding(days: -1)].compactMap({ $0 }) {
            let folder = configuration.layout.export(export.id, date: date, table: table.tableName)
            if let record = try await completedRecord(in: folder, arn: export.summary.arn, table: table) {
                return record
            }
        }
        return nil
    }

    /// The full export in that folder, if its manifest is there.
    private func completedRecord(
        in folder: ExportFolder,
        arn: String,
        table: TableARN
    ) async throws -> BackupRecord? {
        switch try await contents(ofManifest: folder.manifestSummaryKey) {
        case .absent: return nil
        case .archived:
            // It is there, so the export is complete; DynamoDB knows the rest for 90 days.
            let description = try await describe(arn, of: table)
            return description.flatMap { BackupRecord($0, id: folder.id) }
                ?? BackupRecord(
                    exportID: folder.id,
                    exportARN: arn,
                    state: .completed,
                    startTime: folder.id.startTime
                )
        case .bytes(let bytes):
            do throws(ManifestError) {
                let manifest = try ExportManifest(contents: bytes, key: folder.manifestSummaryKey)
                return manifest.isFull ? BackupRecord(manifest) : nil
            } catch {
                return BackupRecord(
                    exportID: folder.id,
                    exportARN: arn,
                    state: .damaged,
                    startTime: folder.id.startTime,
                    failureCode: "ManifestDamaged",
                    failureMessage: "\(error)"
                )
            }
        }
    }

    private enum ManifestContents {
        case absent
        /// In a storage class that must be thawed before it can be read.
        case archived
        case bytes([UInt8])
    }

    private func contents(ofManifest key: String) async throws -> ManifestContents {
        let s3 = S3Client(client: client, region: configuration.bucket.region)
        let bucket = configuration.bucket.name
        do {
            let request = GetObjectRequest(bucket: bucket, key: key)
            let object = try await s3.getObjectIfPresent(request, maximumBytes: 1 << 20)
            return object.map { .bytes($0.bytes) } ?? .absent
        } catch let error as AWSError where error.code == "InvalidObjectState" {
            return .archived
        } catch let error as AWSError where error.code == "AccessDenied" {
            // S3 tells that a key is absent only to those who may list the bucket. Whoever may list some prefixes of it,
            // as the function, is refused instead: the listing knows.
            let list = ListObjectsV2Request(bucket: bucket, prefix: key, maximumKeys: 1)
            guard let page = try? await s3.listObjectsV2Page(list), !page.objects.contains(where: { $0.key == key })
            else { throw error }
            return .absent
        }
    }

    /// - Returns: `nil` for an export that DynamoDB has forgotten, after 90 days.
    private func describe(_ arn: String, of table: TableARN) async throws -> ExportDescription? {
        let dynamoDB = DynamoDBClient(client: client.leavingThrottlingToCaller(), region: table.region)
        await run?.waitForEnd()
        do {
            return try await pacer.call { try await dynamoDB.describeExport(arn) }
        } catch let error as AWSError where error.code == "ExportNotFoundException" {
            return nil
        }
    }

    /// The bucket alone: what is left when the table is gone, or was made anew, and DynamoDB lists its exports no more.
    private func recordsInBucket(of table: TableARN, limit: Int, now: Date) async throws -> [BackupRecord] {
        let s3 = S3Client(client: client, region: configuration.bucket.region)
        let layout = configuration.layout
        let today = BackupDate(now)
        var records: [BackupRecord] = []
        for offset in 0..<Self.daysInBucket {
            guard let date = today.adding(days: -offset) else { break }
            let folder = layout.exportsFolder(date, table: table.tableName)
            let list = ListObjectsV2Request(bucket: configuration.bucket.name, prefix: folder, delimiter: "/")
            var ids: [ExportID] = []
            for try await page in s3.listObjectsV2(list) {
                ids += page.commonPrefixes.compactMap { ExportID(utf8: $0.dropFirst(folder.utf8.count).dropLast()) }
            }
            for id in ids.sorted(by: >) {
                guard records.count < limit || !records.contains(where: { $0.state == .completed }) else {
                    return records
                }
                let export = layout.export(id, date: date, table: table.tableName)
                let arn = "\(table)/export/\(id)"
                if let record = try await completedRecord(in: export, arn: arn, table: table) { records.append(record) }
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
