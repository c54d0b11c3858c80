import AWSCore
import BackupCore
import LambdaRuntime
import Logging
import SyncCore

import struct FoundationEssentials.Date

/// `_HANDLER=table-sync`: brings the records of tables' streams to the tables that follow them.
///
/// Answers with the partial batch response of Lambda's Developer Guide ("Reporting batch item failures"), so the event
/// source mapping must have `ReportBatchItemFailures`: without it what is reported here would count as done.
struct TableSyncHandler: LambdaHandler {
    private let sync: LiveTableSync
    private let functionName: String
    private let logger: Logger

    init(environment: [String: String], transport: any HTTPTransport, logger: Logger) throws {
        let setup = try SyncSetup(environment: environment, transport: transport, logger: logger)
        let configuration = try setup.configuration(
            needing: { !$0.tables.isEmpty },
            else: "sync.tables: no table is mapped, and the handler table-sync has nothing else to do"
        )
        let own = setup.client(assuming: nil)
        var failures: FailureQueue?
        if let url = environment["FAILURE_QUEUE_URL"], !url.isEmpty {
            failures = FailureQueue(
                url: url,
                sqs: SQSClient(client: own, region: try own.configuration.requiredRegion())
            )
        } else {
            logger.warning(
                "FAILURE_QUEUE_URL is not set: a change that a target refuses will fail with its whole batch, again and again"
            )
        }
        sync = LiveTableSync(
            configuration,
            connections: TableConnections(configuration, own: own, assuming: setup.client),
            failures: failures,
            environment: setup.clientEnvironment
        )
        functionName = configuration.functionName
        self.logger = logger
    }

    func handle(_ invocation: LambdaInvocation, context: LambdaContext) async throws -> [UInt8] {
        let result: LiveTableSync.Result
        do throws(TableStreamEventError) {
            let event = try TableStreamEvent(parsing: invocation.event)
            result = try await sync.apply(event, deadline: SyncSetup.end(of: context))
        } catch {
            throw LambdaFunctionError(type: .function(error.code.errorName), message: error.message)
        }
        if let metrics = metrics(result) { metrics.report(to: logger) }
        guard result.itemFailures.isEmpty || result.didAnything || result.errors.isEmpty else {
            // Nothing of it succeeded: an error that the caller and Lambda's own metrics see.
            throw LambdaFunctionError(
                type: .function("TableSyncFailed"),
                message: result.errors.joined(separator: "\n")
            )
        }
        for error in result.errors { logger.error("\(error)") }
        if !result.itemFailures.isEmpty, result.errors.isEmpty {
            logger.warning(
                "The time ran out while targets had no capacity left; Lambda delivers the rest again",
                metadata: ["sequenceNumber": "\(result.itemFailures.joined(separator: ", "))"]
            )
        }
        return BatchItemFailures.answer(result.itemFailures)
    }

    private func metrics(_ result: LiveTableSync.Result) -> SyncMetrics? {
        let figures = result.figures
        guard !figures.isEmpty else { return nil }
        return SyncMetrics(
            functionName: functionName,
            totals: [
                .count("Puts", figures.reduce(0) { $0 + $1.puts }),
                .count("Deletes", figures.reduce(0) { $0 + $1.deletes }),
                .count("ThrottledCalls", figures.reduce(0) { $0 + $1.throttled }),
            ],
            mappings: figures.map { mapping in
                SyncMetrics.Mapping(
                    source: mapping.source.description,
                    target: mapping.target.description,
                    metrics: [
                        .count("Records", mapping.records), .count("Refused", mapping.refused),
                        .count("Failed", mapping.failed),
                    ],
                    lagMilliseconds: mapping.lagMilliseconds
                )
            }
        )
    }
}

extension TableStreamEventError.Code {
    /// The error's type as Lambda shows it, behind `Function.`.
    fileprivate var errorName: String {
        switch self {
        case .malformed: "InvalidEvent"
        case .unknownVersion: "UnknownEventVersion"
        case .missingImage: "StreamWithoutImages"
        case .unmappedTable: "UnmappedTable"
        }
    }
}
