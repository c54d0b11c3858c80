internal import AWSCore
internal import Logging

import struct FoundationEssentials.Date

/// Backs up one table: read, write the schema, start the export.
struct TableBackup: Sendable {
    let configuration: BackupConfiguration
    let client: AWSClient
    let logger: Logger
    /// For the calls that start exports, of all tables together.
    let exportPacer: CallPacer
    /// For the calls that read settings, of which DynamoDB takes only ten a second.
    let settingsPacer: CallPacer
    let now: @Sendable () -> Date

    /// How many exports of one event may fail before it is given up; each was started by another delivery of it.
    private static let maximumAttempts = 10

    /// Where a run stands, for the result of one that is cut off.
    private enum Stage: String {
        case reading = "reading the table"
        case writing = "writing its schema"
        case exporting = "starting its export"
    }

    func run(_ table: TableARN, date: BackupDate, eventID: String) async -> BackupAnswer.TableResult {
        var result = BackupAnswer.TableResult(table: table.tableName, tableARN: table.description, status: .failed)
        var stage = Stage.reading
        do {
            let (schema, settings) = try await read(table)
            stage = .writing
            try await write(schema, settings, table: table, date: date)
            result.schemaKey = configuration.layout.schemaKey(date, table: table.tableName)
            stage = .exporting
            let (export, isNew) = try await startExport(of: table, date: date, eventID: eventID)
            result.exportARN = export.arn
            result.status = isNew ? .started : .alreadyStarted
            logger.info(
                "Export started",
                metadata: ["table": "\(table.tableName)", "exportArn": "\(export.arn)", "new": "\(isNew)"]
            )
        } catch is CancellationError {
            result.status = .notAttempted
            result.error = BackupAnswer.Failure(
                code: "DeadlineExceeded",
                message: "the time ran out while \(stage.rawValue)",
                remedy: "the retry of this event takes it up; if it keeps happening, raise the function's timeout"
            )
        } catch {
            result.error = failure(error, table: table)
        }
        if let error = result.error {
            logger.error(
                "Backup not started",
                metadata: [
                    "table": "\(table.tableName)", "status": "\(result.status.rawValue)", "code": "\(error.code)",
                    "error": "\(error.message)", "remedy": "\(error.remedy ?? "-")",
                ]
            )
        }
        return result
    }

    private func read(_ table: TableARN) async throws -> (TableSchema, TableSettings) {
        let dynamoDB = DynamoDBClient(client: client, region: table.region)
        let description = try await dynamoDB.describeTable(table.tableName)
        let pacedClient = client.leavingThrottlingToCaller()
        let calls = TableSettings.calls(
            describing: description,
            dynamoDB: DynamoDBClient(client: pacedClient, region: table.region),
            autoScaling: ApplicationAutoScalingClient(client: pacedClient, region: table.region)
        )
        let settings = try await TableSettings.capture(
            describing: description,
            calls: calls.mapValues { call in { try await settingsPacer.call(call) } },
            now: now()
        )
        return (try await TableSchema.read(description, client: client, region: table.region), settings)
    }

    /// Schema and settings; the schema last, since its presence promises the other.
    private func write(
        _ schema: TableSchema,
        _ settings: TableSettings,
        table: TableARN,
        date: BackupDate
    ) async throws {
        let s3 = S3Client(client: client, region: configuration.bucket.region)
        let layout = configuration.layout
        for (key, contents) in [
            (layout.settingsKey(date, table: table.tableName), settings.fileContents),
            (layout.schemaKey(date, table: table.tableName), schema.fileContents),
        ] {
            try await s3.putObject(
                PutObjectRequest(
                    bucket: configuration.bucket.name,
                    key: key,
                    body: .bytes(contents),
                    properties: S3ObjectProperties(content: S3ContentHeaders(contentType: "application/json"))
                )
            )
        }
    }

    /// Starts the export, or finds the one that an earlier delivery of the event started.
    private func startExport(
        of table: TableARN,
        date: BackupDate,
        eventID: String
    ) async throws -> (export: ExportDescription, isNew: Bool) {
        let dynamoDB = DynamoDBClient(client: client.leavingThrottlingToCaller(), region: table.region)
        let prefix = configuration.layout.exportPrefix(date, table: table.tableName)
        let started = now()
        for attempt in 1...Self.maximumAttempts {
            let token = ClientToken.make(
                eventID: eventID,
                tableARN: table.description,
                bucket: configuration.bucket.name,
                prefix: prefix,
                attempt: attempt
            )
            let export = try await exportPacer.call {
                try await dynamoDB.exportTableToPointInTime(
                    ExportTableRequest(
                        tableARN: table.description,
                        bucket: configuration.bucket.name,
                        prefix: prefix,
                        clientToken: token
                    )
                )
            }
            // A used token gives back its export even when that has failed: the next number starts a new one.
            guard export.status != .failed else { continue }
            // A replayed export began before this run. Clocks may differ by a second or two; a retry is a minute later.
            let isNew = export.startTime.map { $0 > started.addingTimeInterval(-5) } ?? true
            return (export, isNew)
        }
        throw ExportsKeepFailing(count: Self.maximumAttempts)
    }

    private func failure(_ error: any Error, table: TableARN) -> BackupAnswer.Failure {
        // What is no error of AWS, such as missing credentials, is named after its kind.
        let code = (error as? AWSError)?.code ?? "\(type(of: error))"
        let context = Remedy.Context(table: table, bucket: configuration.bucket)
        let remedy = (error as? AWSError).flatMap { Remedy.remedy(for: $0, context: context) }
        return BackupAnswer.Failure(code: code, message: OneLine.text("\(error)"), remedy: remedy)
    }
}

/// Every export that this event started has failed.
struct ExportsKeepFailing: Error, CustomStringConvertible {
    var count: Int

    var description: String {
        "\(count) exports of this event were started and all failed; `monitor` shows why"
    }
}
