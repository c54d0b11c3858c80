import AWSCore
import AWSTesting
import FoundationEssentials
import Logging
import Synchronization
import Testing

@testable import BackupCore

/// A backup's world: tables in us-east-1, their bucket in us-west-2, and a clock at 2026-11-21 02:00:07 UTC.
struct BackupFixture {
    let aws: SimulatedAWS
    let transport: FakeTransport
    let clock = ManualClock()
    let sleeper = RecordingSleeper()
    let log = MessageLog()
    let configuration: BackupConfiguration

    static let eventTime = Date(timeIntervalSince1970: 1_795_226_400)

    init(
        _ tables: [String] = ["Orders"],
        fault: @escaping @Sendable (SimulatedAWS.Call) -> SimulatedAWS.Fault? = { _ in nil }
    ) throws {
        configuration = BackupConfiguration(
            tables: try tables.map { try #require(TableARN(Self.arn($0))) },
            bucket: BackupConfiguration.Bucket(name: "my-backups", region: try #require(Region("us-west-2")))
        )
        let clock = clock
        aws = SimulatedAWS(bucket: "my-backups", tables: tables.map(Self.arn), now: { clock.now }, fault: fault)
        transport = aws.transport()
    }

    static func arn(_ table: String) -> String { "arn:aws:dynamodb:us-east-1:123456789012:table/\(table)" }

    /// - Parameters:
    ///   - limit: the largest number of calls at the same time.
    ///   - sleep: for the client's retries; by default it returns at once.
    func client(limit: Int? = nil) -> AWSClient {
        let (clock, log) = (clock, log)
        return AWSClient(
            configuration: AWSConfiguration(
                region: Region("us-east-1"),
                credentials: StaticCredentialsProvider(Credentials(accessKeyID: "AKID", secretAccessKey: "SECRETKEY"))
            ),
            transport: limit.map { LimitedTransport(transport, limit: $0) } ?? transport,
            environment: AWSClient.Environment(
                now: { clock.now },
                sleep: { _ in try Task.checkCancellation() },
                random: { 0.5 },
                logger: log.logger
            )
        )
    }

    /// - Parameter sleep: for the deadline and throttled calls; by default it records and returns at once.
    func run(
        _ id: String = "event-1",
        time: Date = eventTime,
        tables: [String]? = nil,
        deadline: Date? = nil,
        limit: Int? = nil,
        sleep: (@Sendable (Duration) async throws -> Void)? = nil
    ) async -> BackupAnswer {
        let (clock, sleeper) = (clock, sleeper)
        return await BackupRun(
            configuration: configuration,
            client: client(limit: limit),
            logger: log.logger,
            now: { clock.now },
            sleep: sleep ?? { try await sleeper.sleep(for: $0) }
        )
        .run(BackupEvent.Request(id: id, time: time, tables: tables), deadline: deadline)
    }

    /// The client tokens of the exports that were asked for, in turn.
    func tokens(_ table: String = "Orders") -> [String] {
        aws.calls("ExportTableToPointInTime", table).compactMap { $0.input?["ClientToken"]?.string }
    }
}

/// Keeps what is logged.
final class MessageLog: LogHandler, Sendable {
    private let texts = WatchedValue<[String]>([])

    var lines: [String] { texts.current }

    func wait(until condition: @escaping @Sendable ([String]) -> Bool) async throws {
        try await texts.wait(until: condition)
    }

    var logger: Logger { Logger(label: "test", factory: { _ in self }) }

    func log(event: LogEvent) {
        let line = "\(event.message) \(event.metadata ?? [:])"
        texts.update { $0.append(line) }
    }

    // Nothing is set: a class cannot change by value, and no test needs it.
    var metadata: Logger.Metadata {
        get { [:] }
        set {}
    }
    var logLevel: Logger.Level {
        get { .info }
        set {}
    }
    subscript(metadataKey _: String) -> Logger.Metadata.Value? {
        get { nil }
        set {}
    }
}
