package import AWSCore
package import Logging

package import struct FoundationEssentials.Date

/// Backs up tables: for each, independently and at the same time, the schema goes into the bucket and an export starts.
///
/// Safe to run again for the same event: folder and client token follow from the event, so a second run finds what the
/// first one started.
package struct BackupRun: Sendable {
    private let configuration: BackupConfiguration
    private let tableBackup: TableBackup
    private let now: @Sendable () -> Date
    private let sleep: @Sendable (Duration) async throws -> Void

    /// Five minutes of a throttle that does not open; the deadline is often sooner.
    private static let maximumExportAttempts = 200

    /// - Parameters:
    ///   - beside: shared with whoever reads the last backups meanwhile.
    ///   - sleep: waits for the deadline and for throttled exports.
    package init(
        configuration: BackupConfiguration,
        client: AWSClient,
        logger: Logger,
        beside: BackupRunBeside? = nil,
        now: @escaping @Sendable () -> Date = { Date() },
        sleep: @escaping @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) }
    ) {
        self.configuration = configuration
        self.tableBackup = TableBackup(
            configuration: configuration,
            client: client,
            logger: logger,
            exportPacer: CallPacer(
                interval: CallPacer.exportInterval,
                maximumAttempts: Self.maximumExportAttempts,
                sleep: sleep
            ),
            settingsPacer: beside?.settingsPacer ?? CallPacer(interval: CallPacer.describeInterval, sleep: sleep),
            now: now
        )
        self.now = now
        self.sleep = sleep
    }

    /// Runs until every table is done or `deadline` comes; then says which were started and which were not.
    ///
    /// - Parameter deadline: when the answer must be ready; `nil` to take as long as it takes.
    /// - Returns: one result for each table, in the order of the configuration or of the request. A failure is a result.
    package func run(_ request: BackupEvent.Request, deadline: Date? = nil) async -> BackupAnswer {
        let date = BackupDate(request.time)
        let selection = Selection(names: request.tables, configuration: configuration)
        var results: [TableARN: BackupAnswer.TableResult] = [:]
        await withTaskGroup(of: Outcome.self) { group in
            for table in selection.tables {
                group.addTask { .result(table, await tableBackup.run(table, date: date, eventID: request.id)) }
            }
            if let deadline {
                let remaining = Duration.seconds(max(0, deadline.timeIntervalSince(now())))
                group.addTask {
                    try? await sleep(remaining)
                    return .deadline
                }
            }
            var missing = selection.tables.count
            while missing > 0, let outcome = await group.next() {
                switch outcome {
                case .result(let table, let result):
                    results[table] = result
                    missing -= 1
                // The tables' tasks answer a cancellation with what they had reached.
                case .deadline: group.cancelAll()
                }
            }
            group.cancelAll()
        }
        return BackupAnswer(
            date: date,
            results: selection.tables.compactMap { results[$0] } + selection.unknown
        )
    }

    private enum Outcome: Sendable {
        case result(TableARN, BackupAnswer.TableResult)
        case deadline
    }

    /// The tables that a request means, and a failure for each name that is not configured.
    private struct Selection {
        var tables: [TableARN]
        var unknown: [BackupAnswer.TableResult] = []

        init(names: [String]?, configuration: BackupConfiguration) {
            guard let names else {
                tables = configuration.tables
                return
            }
            tables = []
            for name in names {
                if let table = configuration.tables.first(where: { $0.tableName == name || $0.description == name }) {
                    if !tables.contains(table) { tables.append(table) }
                } else {
                    let failure = BackupAnswer.Failure(
                        code: "TableNotConfigured",
                        message: "\(OneLine.text(name)) is not among the configured tables",
                        remedy: "add its ARN to config.json and run ./deploy.sh, which also grants the permissions"
                    )
                    unknown.append(
                        BackupAnswer.TableResult(table: name, tableARN: "", status: .failed, error: failure)
                    )
                }
            }
        }
    }
}
