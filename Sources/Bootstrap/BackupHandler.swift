import AWSCore
import BackupCore
import LambdaRuntime
import Logging

import struct FoundationEssentials.Date

/// `_HANDLER=backup`: backs up the configured tables and reports how the backups stand.
struct BackupHandler: LambdaHandler {
    private let configuration: BackupConfiguration
    private let client: AWSClient
    private let logger: Logger

    /// What is kept of the time for the answer and the metrics.
    private static let deadlineMargin = Duration.seconds(3)
    /// AWS calls in flight at the same time, for any number of tables.
    private static let maximumConcurrentCalls = 64

    init(environment: [String: String], transport: any HTTPTransport, logger: Logger) throws {
        let root = environment["LAMBDA_TASK_ROOT"] ?? "."
        do {
            configuration = try BackupConfiguration.load(
                path: "\(root)/config.json",
                mayBeMissing: true,
                environment: environment
            )
        } catch {
            throw LambdaFunctionError(type: .runtime("InvalidConfiguration"), message: "\(error)")
        }
        let limited = LimitedTransport(transport, limit: Self.maximumConcurrentCalls)
        client = AWSClient(
            configuration: try AWSConfiguration.load(environment: environment, transport: transport),
            transport: limited,
            environment: AWSClient.Environment(logger: logger)
        )
        self.logger = logger
    }

    func handle(_ invocation: LambdaInvocation, context: LambdaContext) async throws -> [UInt8] {
        let event: BackupEvent
        do {
            event = try BackupEvent(parsing: invocation.event)
        } catch {
            throw LambdaFunctionError(type: .function("InvalidEvent"), message: "\(error)")
        }
        let work = context.deadline.addingTimeInterval(-Double(Self.deadlineMargin.components.seconds))
        switch event {
        case .check: return try await check(deadline: work)
        case .backup(let request): return try await backUp(request, deadline: work)
        }
    }

    private func backUp(_ request: BackupEvent.Request, deadline: Date) async throws -> [UInt8] {
        let run = BackupRunBeside(startedAt: Date())
        async let reading = statuses(before: deadline, beside: run)
        var answer = await BackupRun(configuration: configuration, client: client, logger: logger, beside: run)
            .run(request, deadline: deadline)
        run.end()
        let statuses = await reading
        if let statuses {
            answer.previousFailures = statuses.compactMap { status in
                status.lastFailure.map { BackupAnswer.FailedExport($0, table: status.table) }
            }
            for status in statuses where !status.unreadable.isEmpty {
                logger.error(
                    "The last backups of a table could not be read",
                    metadata: [
                        "table": "\(status.table.tableName)", "error": "\(status.unreadable.joined(separator: "; "))",
                    ]
                )
            }
        } else {
            // Missing figures raise the alarm on the backups' age, too.
            logger.warning("The time ran out before the last backups could be read")
        }
        report(BackupMetrics(answer: answer, statuses: statuses ?? [], now: Date()))
        let body = answer.json.serialized()
        guard answer.isComplete else { throw LambdaFunctionError(type: .function("BackupIncomplete"), payload: body) }
        return body
    }

    private func check(deadline: Date) async throws -> [UInt8] {
        guard let statuses = await statuses(before: deadline) else {
            throw LambdaFunctionError(
                type: .function("CheckIncomplete"),
                message: "the time ran out before the last backups could be read; if it keeps happening, raise the"
                    + " function's timeout"
            )
        }
        report(BackupMetrics(answer: nil, statuses: statuses, now: Date()))
        let unreadable = statuses.filter { !$0.unreadable.isEmpty }
        guard unreadable.isEmpty else {
            throw LambdaFunctionError(
                type: .function("CheckIncomplete"),
                message: unreadable.map { "\($0.table.tableName): \($0.unreadable.joined(separator: "; "))" }
                    .joined(separator: "\n")
            )
        }
        let answer: JSONObject = [
            "tables": .number(JSONNumber(statuses.count)),
            "unhealthy": .array(statuses.filter { $0.verdict != .healthy }.map { .string($0.table.tableName) }),
        ]
        return JSONValue.object(answer).serialized()
    }

    /// How the last backups ended, those of a run that goes on meanwhile left out; `nil` when the time runs out first.
    private func statuses(before deadline: Date, beside run: BackupRunBeside? = nil) async -> [TableStatus]? {
        let monitor = BackupMonitor(configuration: configuration, client: client, beside: run)
        return await withTaskGroup(of: [TableStatus]?.self) { group in
            // Throws only when it is cancelled: what cannot be read is part of each status.
            group.addTask { try? await monitor.statuses(of: configuration.tables, last: 1, now: Date()) }
            group.addTask {
                try? await Task.sleep(for: .seconds(max(0, deadline.timeIntervalSinceNow)))
                return nil
            }
            defer { group.cancelAll() }
            return await group.next() ?? nil
        }
    }

    /// Writes the figures as log lines that CloudWatch turns into metrics.
    private func report(_ metrics: BackupMetrics) {
        do {
            try write(metrics)
        } catch {
            // No reason to lose the answer; the alarm on the backups' age is raised where figures are missing.
            logger.error("The metrics cannot be written: \(error)")
        }
    }

    private func write(_ metrics: BackupMetrics) throws {
        let now = Date()
        let function = EmbeddedMetrics.Dimension("FunctionName", configuration.functionName)
        var totals = try EmbeddedMetrics(namespace: Self.metricsNamespace, dimensionSets: [[function]])
        try totals.add("BackupsStarted", Double(metrics.startedCount), unit: .count)
        try totals.add("BackupsFailed", Double(metrics.failedCount), unit: .count)
        if !metrics.tables.isEmpty {
            try totals.add("HoursSinceLastCompletedBackup", metrics.maximumHours, unit: .none)
        }
        totals.write(timestamp: now)
        for table in metrics.tables {
            var figures = try EmbeddedMetrics(
                namespace: Self.metricsNamespace,
                dimensionSets: [[function, EmbeddedMetrics.Dimension("TableName", table.name)]]
            )
            let hours = table.hoursSinceLastCompletedBackup ?? BackupMetrics.noBackupHours
            try figures.add("HoursSinceLastCompletedBackup", hours, unit: .none)
            figures.write(timestamp: now)
        }
    }

    private static let metricsNamespace = "DynamoDBBackup"
}

extension BackupAnswer.FailedExport {
    fileprivate init(_ record: BackupRecord, table: TableARN) {
        self.init(
            table: table.tableName,
            exportARN: record.exportARN,
            failureCode: record.failureCode,
            failureMessage: record.failureMessage
        )
    }
}
