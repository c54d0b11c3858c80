import AWSCore
import LambdaRuntime
import Logging
import SyncCore

import struct FoundationEssentials.Date

/// `_HANDLER=copy-segment`: copies a part of a table for a state machine, which hands it back until it is done.
struct CopySegmentHandler: LambdaHandler {
    private let own: AWSClient
    private let makeClient: @Sendable (String) -> AWSClient
    private let folder: String
    private let logger: Logger

    /// What is kept of an invocation's time to write what is read by then; a third of it where it is short.
    private static let margin = 60.0
    /// AWS calls in flight at the same time.
    private static let maximumConcurrentCalls = 64

    init(environment: [String: String], transport: any HTTPTransport, logger: Logger) throws {
        let settings = try AWSSettings(environment: environment)
        let limited = LimitedTransport(transport, limit: Self.maximumConcurrentCalls)
        own = AWSClient(
            configuration: AWSConfiguration(settings: settings, assuming: nil, transport: transport),
            transport: limited,
            environment: AWSClient.Environment(logger: logger)
        )
        makeClient = { role in
            AWSClient(
                configuration: AWSConfiguration(settings: settings, assuming: role, transport: transport),
                transport: limited,
                environment: AWSClient.Environment(logger: logger)
            )
        }
        folder = environment["TMPDIR"] ?? "/tmp"
        self.logger = logger
    }

    func handle(_ invocation: LambdaInvocation, context: LambdaContext) async throws -> [UInt8] {
        do {
            let part = try CopyPart(parsing: invocation.event)
            let time = context.deadline.timeIntervalSince(Date())
            let stop = context.deadline.addingTimeInterval(-min(Self.margin, time / 3))
            let (next, failures) = try await part.run(
                source: try side(part.plan.identity.source, role: part.plan.sourceRole),
                target: try side(part.plan.identity.target, role: part.plan.targetRole),
                folder: folder,
                stopsReading: { Date() >= stop }
            )
            for line in failures.split(separator: UInt8(ascii: "\n")) {
                logger.error("DynamoDB refuses an item: \(String(decoding: line, as: UTF8.self))")
            }
            return next.json.serialized()
        } catch let error as CancellationError {
            throw error
        } catch {
            throw LambdaFunctionError(
                type: .function(Self.isFinal(error) ? "CopyRefused" : "CopyFailed"),
                message: "\(error)"
            )
        }
    }

    private func side(_ table: CopyIdentity.Table, role: String?) throws(CopyPartError) -> TableSide {
        guard let region = ARN(table.arn).flatMap({ Region($0.region) }) else {
            throw CopyPartError("\"\(table.arn)\" is no table's ARN")
        }
        return TableSide(
            table: table.arn,
            dynamoDB: DynamoDBClient(client: role.map(makeClient) ?? own, region: region)
        )
    }

    /// Whether the same again fails again, so that the state machine should not try.
    private static func isFinal(_ error: any Error) -> Bool {
        switch error {
        case is CopyPartError: true
        case CopyError.stalled: false
        case is CopyError: true
        case let error as TableSideError: error.error.kind == .client
        case let error as AWSError: error.kind == .client
        default: false
        }
    }
}
