import AWSCore
import LambdaRuntime
import Logging
import SyncCore

import struct FoundationEssentials.Date

/// `_HANDLER=copy-segment`: copies a part of a table or bucket for a state machine, which hands it back until it is done.
struct CopySegmentHandler: LambdaHandler {
    private let setup: SyncSetup
    private let folder: String
    /// Where merges of buckets note what they write; `nil` where nobody has told.
    private let notes: BucketSide?
    private let logger: Logger

    /// What is kept of an invocation's time, in seconds, to write what is read by then; a third of it where it is short.
    private static let margin = 60.0
    /// What is kept of that to abort uploads that are not done, and to answer.
    private static let cutOffMargin = 15.0

    init(environment: [String: String], transport: any HTTPTransport, logger: Logger) throws {
        setup = try SyncSetup(environment: environment, transport: transport, logger: logger)
        folder = environment["TMPDIR"] ?? "/tmp"
        let own = setup.client(assuming: nil)
        notes = try environment["NOTES_BUCKET"].map {
            BucketSide(s3: S3Client(client: own, region: try own.configuration.requiredRegion()), bucket: $0)
        }
        self.logger = logger
    }

    func handle(_ invocation: LambdaInvocation, context: LambdaContext) async throws -> [UInt8] {
        do {
            switch try CopyPart(parsing: invocation.event) {
            case .table(let part): return try await copy(part, context).json.serialized()
            case .bucket(let part): return try await copy(part, context).json.serialized()
            }
        } catch let error as CancellationError {
            throw error
        } catch {
            throw LambdaFunctionError(
                type: .function(Self.isFinal(error) ? "CopyRefused" : "CopyFailed"),
                message: "\(error)"
            )
        }
    }

    private func copy(_ part: TableCopyPart, _ context: LambdaContext) async throws -> TableCopyPart {
        let stop = Self.stop(context)
        let (next, failures) = try await part.run(
            source: try side(part.plan.identity.source, role: part.plan.sourceRole),
            target: try side(part.plan.identity.target, role: part.plan.targetRole),
            folder: folder,
            stopsReading: { Date() >= stop }
        )
        for line in failures.split(separator: UInt8(ascii: "\n")) {
            logger.error("DynamoDB refuses an item: \(String(decoding: line, as: UTF8.self))")
        }
        return next
    }

    private func copy(_ part: BucketCopyPart, _ context: LambdaContext) async throws -> BucketCopyPart {
        let stop = Self.stop(context)
        let end = stop.addingTimeInterval(
            context.deadline.timeIntervalSince(stop) * (1 - Self.cutOffMargin / Self.margin)
        )
        let (source, target) = (part.settings.source, part.settings.target)
        return try await part.run(
            source: setup.client(assuming: source.role),
            target: setup.client(assuming: target.role),
            notes: notes,
            time: PartTime(
                isShort: { Date() >= stop },
                waitForEnd: { try await Task.sleep(for: .seconds(max(0, end.timeIntervalSince(Date())))) }
            )
        ) { [logger] failure in
            logger.error(
                "\(OneLine.text(source.name + failure.key)) was not copied to \(target.name): \(failure.message)",
                metadata: ["code": "\(failure.code)"]
            )
        }
    }

    /// When no more is read or begun.
    private static func stop(_ context: LambdaContext) -> Date {
        let time = context.deadline.timeIntervalSince(Date())
        return context.deadline.addingTimeInterval(-min(margin, time / 3))
    }

    private func side(_ table: CopyIdentity.Table, role: String?) throws(CopyPartError) -> TableSide {
        guard let region = ARN(table.arn).flatMap({ Region($0.region) }) else {
            throw CopyPartError("\"\(table.arn)\" is no table's ARN")
        }
        return TableSide(
            table: table.arn,
            dynamoDB: DynamoDBClient(client: setup.client(assuming: role), region: region)
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
        case is TooManyFailuresError: true
        default: false
        }
    }
}
