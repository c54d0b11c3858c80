package import AWSCore

package import struct FoundationEssentials.Date

/// Reads how it stands with every configured table, the schedule and the function.
package struct BackupMonitor: Sendable {
    /// What `monitor` shows.
    package struct Report: Sendable {
        package var generatedAt: Date
        /// In the order of the configuration.
        package var tables: [TableStatus]
        package var rule: Result<RuleDescription, any Error>
        package var function: Result<FunctionConfiguration, any Error>
    }

    private let configuration: BackupConfiguration
    private let client: AWSClient
    private let history: BackupHistory
    private let recoveryPacer: CallPacer

    /// Tables that are read at the same time; each costs two or three calls.
    private static let maximumConcurrentTables = 64

    /// - Parameter run: the one that goes on meanwhile, whose exports are left out.
    package init(
        configuration: BackupConfiguration,
        client: AWSClient,
        beside run: BackupRunBeside? = nil,
        sleep: @escaping @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) }
    ) {
        self.configuration = configuration
        self.client = client
        self.history = BackupHistory(configuration: configuration, client: client, beside: run, sleep: sleep)
        self.recoveryPacer = run?.settingsPacer ?? CallPacer(interval: CallPacer.describeInterval, sleep: sleep)
    }

    /// The rule that the template makes for a function of that name.
    package static func ruleName(function: String) -> String { "\(function)-schedule" }

    /// - Parameters:
    ///   - names: tables by name or ARN; `nil` for all.
    ///   - last: how many backups of each table to show.
    /// - Throws: `CancellationError`; ``CredentialsError`` or ``AWSError`` for credentials that are missing or refused
    ///   and for a network through which nothing can be read. What else cannot be read is part of the report.
    package func report(tables names: [String]? = nil, last: Int, now: Date) async throws -> Report {
        let tables = configuration.tables.filter { table in
            names?.contains { $0 == table.tableName || $0 == table.description } ?? true
        }
        async let statuses = statuses(of: tables, last: last, now: now)
        async let rule = rule()
        async let function = function()
        let report = Report(
            generatedAt: now,
            tables: try await statuses,
            rule: try await rule,
            function: try await function
        )
        // One line instead of the same one for each table.
        if case .failure(let error as AWSError) = report.rule, error.isWithoutConnection,
            report.tables.allSatisfy({ $0.verdict == .unknown && $0.records.isEmpty })
        {
            throw error
        }
        return report
    }

    /// The status of these tables, in their order.
    ///
    /// - Throws: As ``report(tables:last:now:)``.
    package func statuses(of tables: [TableARN], last: Int, now: Date) async throws -> [TableStatus] {
        let statuses = try await withThrowingTaskGroup(of: (Int, TableStatus).self) { group in
            var statuses: [Int: TableStatus] = [:]
            for (index, table) in tables.enumerated() {
                if index >= Self.maximumConcurrentTables, let (done, status) = try await group.next() {
                    statuses[done] = status
                }
                group.addTask { (index, try await status(of: table, last: last, now: now)) }
            }
            for try await (done, status) in group { statuses[done] = status }
            return statuses
        }
        try Task.checkCancellation()
        return tables.indices.compactMap { statuses[$0] }
    }

    private func status(of table: TableARN, last: Int, now: Date) async throws -> TableStatus {
        async let records = result { try await history.records(of: table, limit: last, now: now) }
        async let recovery = result {
            let dynamoDB = DynamoDBClient(client: client.leavingThrottlingToCaller(), region: table.region)
            return try await recoveryPacer.call {
                try await dynamoDB.describePointInTimeRecovery(table.tableName).isEnabled
            }
        }
        return TableStatus(
            table: table,
            records: try await records,
            pointInTimeRecovery: try await recovery,
            maximumAgeHours: configuration.maximumAgeHours,
            bucket: configuration.bucket,
            now: now
        )
    }

    /// The rule lies where the tables are.
    private func rule() async throws -> Result<RuleDescription, any Error> {
        try await result {
            try await EventBridgeClient(client: client, region: try functionRegion())
                .describeRule(Self.ruleName(function: configuration.functionName))
        }
    }

    private func function() async throws -> Result<FunctionConfiguration, any Error> {
        try await result {
            try await LambdaClient(client: client, region: try functionRegion())
                .getFunctionConfiguration(configuration.functionName)
        }
    }

    /// The Region in which the function is deployed: that of the tables.
    package func functionRegion() throws -> Region {
        guard let region = configuration.tables.first?.region else {
            throw ConfigurationFieldError(source: "config.json", field: "tables", message: "no table is configured")
        }
        return region
    }

    private func result<Value: Sendable>(_ body: () async throws -> Value) async throws -> Result<Value, any Error> {
        do {
            return .success(try await body())
        } catch let error as CredentialsError {
            throw error
        } catch let error as AWSError where error.refusesCredentials {
            throw error
        } catch {
            return .failure(error)
        }
    }
}
