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

    init(environment: [String: String], transport: any HTTPTransport, logger: Logger) throws {
        let setup = try SyncSetup(environment: environment, transport: transport, logger: logger)
        let configuration = try setup.configuration(
            needing: { !$0.buckets.isEmpty },
            else: "sync.buckets: no bucket is mapped, and the handler bucket-sync has nothing else to do"
        )
        sync = LiveBucketSync(
            configuration,
            connections: BucketConnections(configuration, own: setup.client(assuming: nil), assuming: setup.client),
            environment: setup.clientEnvironment
        )
        functionName = configuration.functionName
        self.logger = logger
    }

    func handle(_ invocation: LambdaInvocation, context: LambdaContext) async throws -> [UInt8] {
        let event: BucketEvent
        do throws(BucketEventError) {
            event = try BucketEvent(parsing: invocation.event)
        } catch {
            throw LambdaFunctionError(type: .function("InvalidEvent"), message: error.message)
        }
        let result = await sync.apply(event, deadline: SyncSetup.end(of: context))
        if let metrics = metrics(result) { metrics.report(to: logger) }
        let answer: [UInt8]
        do throws(BucketSyncFailure) {
            answer = try result.answer(to: event)
        } catch {
            throw LambdaFunctionError(type: .function("BucketSyncFailed"), message: error.message)
        }
        for error in result.errors { logger.error("\(error)") }
        for line in result.timeouts { logger.warning("\(line)") }
        return answer
    }

    private func metrics(_ result: LiveBucketSync.Result) -> SyncMetrics? {
        let figures = result.figures
        guard !figures.isEmpty || !result.failedMessages.isEmpty else { return nil }
        func sum(_ figure: KeyPath<LiveBucketFigures, Int>) -> Int {
            figures.reduce(0) { $0 + $1[keyPath: figure] }
        }
        return SyncMetrics(
            functionName: functionName,
            totals: [
                .count("ObjectsCopied", sum(\.copied)), .bytes("BytesCopied", sum(\.copiedBytes)),
                .count("ObjectsTagged", sum(\.tagged)), .count("ObjectsDeleted", sum(\.deleted)),
                .count("ObjectsUnchanged", sum(\.unchanged)), .count("MessagesFailed", result.failedMessages.count),
            ],
            mappings: figures.map { mapping in
                SyncMetrics.Mapping(
                    source: mapping.source.description,
                    target: mapping.target.description,
                    metrics: [.count("Events", mapping.events), .count("Failed", mapping.failed)],
                    lagMilliseconds: mapping.lagMilliseconds
                )
            }
        )
    }
}
