import AWSCore
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

    /// What is kept of the time for the answer and the metrics.
    private static let deadlineMargin = Duration.seconds(1)
    /// AWS calls in flight at the same time, for any number of targets.
    private static let maximumConcurrentCalls = 64

    init(environment: [String: String], transport: any HTTPTransport, logger: Logger) throws {
        let configuration = try Self.configuration(environment)
        let settings = try AWSSettings(environment: environment)
        let limited = LimitedTransport(transport, limit: Self.maximumConcurrentCalls)
        let makeClient = { (role: String?) in
            AWSClient(
                configuration: AWSConfiguration(settings: settings, assuming: role, transport: transport),
                transport: limited,
                environment: AWSClient.Environment(logger: logger)
            )
        }
        let own = makeClient(nil)
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
            connections: TableConnections(configuration, own: own, assuming: makeClient),
            failures: failures,
            environment: AWSClient.Environment(logger: logger)
        )
        functionName = configuration.functionName
        self.logger = logger
    }

    private static func configuration(_ environment: [String: String]) throws(LambdaFunctionError) -> SyncConfiguration
    {
        let path = "\(environment["LAMBDA_TASK_ROOT"] ?? ".")/config.json"
        let configuration: SyncConfiguration
        do {
            configuration = try SyncConfiguration.load(path: path)
        } catch {
            throw LambdaFunctionError(type: .runtime("InvalidConfiguration"), message: "\(error)")
        }
        guard !configuration.tables.isEmpty else {
            throw LambdaFunctionError(
                type: .runtime("InvalidConfiguration"),
                message: "\(path): sync.tables: no table is mapped, and the handler table-sync has nothing else to do"
            )
        }
        return configuration
    }

    func handle(_ invocation: LambdaInvocation, context: LambdaContext) async throws -> [UInt8] {
        let result: LiveTableSync.Result
        do throws(TableStreamEventError) {
            let event = try TableStreamEvent(parsing: invocation.event)
            let margin = Double(Self.deadlineMargin.components.seconds)
            result = try await sync.apply(event, deadline: context.deadline.addingTimeInterval(-margin))
        } catch {
            throw LambdaFunctionError(type: .function(error.code.errorName), message: error.message)
        }
        TableSyncMetrics(functionName: functionName).report(result.figures, logger: logger)
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
        let failures = result.itemFailures.map { JSONValue.object(["itemIdentifier": .string($0)]) }
        return JSONValue.object(["batchItemFailures": .array(failures)]).serialized()
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
