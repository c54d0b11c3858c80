import AWSCore
import LambdaRuntime
import Logging
import SyncCore

import struct FoundationEssentials.Date

/// `_HANDLER=bucket-sync`: brings the objects that events of S3 name to the buckets that follow theirs.
///
/// Events of a queue are answered with the partial batch response of Lambda's Developer Guide ("Reporting batch item
/// failures"), so the event source mapping must have `ReportBatchItemFailures`. Events that S3 or EventBridge hands over
/// itself fail as a whole: Lambda tries them twice more and then gives them to the function's destination on failure.
struct BucketSyncHandler: LambdaHandler {
    private let sync: LiveBucketSync
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
        sync = LiveBucketSync(
            configuration,
            connections: BucketConnections(configuration, own: makeClient(nil), assuming: makeClient),
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
        guard !configuration.buckets.isEmpty else {
            throw LambdaFunctionError(
                type: .runtime("InvalidConfiguration"),
                message:
                    "\(path): sync.buckets: no bucket is mapped, and the handler bucket-sync has nothing else to do"
            )
        }
        return configuration
    }

    func handle(_ invocation: LambdaInvocation, context: LambdaContext) async throws -> [UInt8] {
        let event: BucketEvent
        do throws(BucketEventError) {
            event = try BucketEvent(parsing: invocation.event)
        } catch {
            throw LambdaFunctionError(type: .function("InvalidEvent"), message: error.message)
        }
        let margin = Double(Self.deadlineMargin.components.seconds)
        let result = await sync.apply(event, deadline: context.deadline.addingTimeInterval(-margin))
        BucketSyncMetrics(functionName: functionName).report(result, logger: logger)
        let hasFailedWhole = !event.messageIDs.isEmpty && result.failedMessages.count == event.messageIDs.count
        if result.mustComeAgain || hasFailedWhole && !result.didAnything && !result.errors.isEmpty {
            // An error that the caller and Lambda's own metrics see.
            throw LambdaFunctionError(
                type: .function("BucketSyncFailed"),
                message: (result.errors + Self.timeouts(result)).joined(separator: "\n")
            )
        }
        for error in result.errors { logger.error("\(error)") }
        for line in Self.timeouts(result) { logger.warning("\(line)") }
        let failures = result.failedMessages.map { JSONValue.object(["itemIdentifier": .string($0)]) }
        return JSONValue.object(["batchItemFailures": .array(failures)]).serialized()
    }

    /// What the time did not suffice for: one line, and one for each large object of which that may be true the next
    /// time, too.
    private static func timeouts(_ result: LiveBucketSync.Result) -> [String] {
        guard result.unfinishedCount > 0 else { return [] }
        return [
            "the time ran out before \(result.unfinishedCount) objects were settled; their events come again, and in the end"
                + " go to the queue of failures; what is too large for one invocation sync bucket --mode merge copies"
        ] + result.cutOff.map { "\($0) was being settled when the time ran out" }
    }
}
