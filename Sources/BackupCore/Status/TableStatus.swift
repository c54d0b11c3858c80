internal import AWSCore
package import FoundationEssentials

/// How it stands with the backups of one table.
package struct TableStatus: Sendable, Equatable {
    package enum Verdict: String, Sendable {
        /// The newest completed backup is young enough, and nothing stands in the way of the next.
        case healthy = "HEALTHY"
        case unhealthy = "UNHEALTHY"
        /// It could not be found out.
        case unknown = "UNKNOWN"
    }

    package var table: TableARN
    /// Newest first.
    package var records: [BackupRecord]
    /// `nil` when it could not be read.
    package var isPointInTimeRecoveryEnabled: Bool?
    package var verdict: Verdict
    /// Why the verdict is not ``Verdict/healthy``, one sentence each, with what to do.
    package var problems: [String]

    package var newestCompleted: BackupRecord? { records.first { $0.state == .completed } }

    /// Judges what was read.
    ///
    /// A backup's age counts from its end, so that a large table, whose export takes hours, is not called late while
    /// the next one runs.
    package init(
        table: TableARN,
        records: Result<[BackupRecord], any Error>,
        pointInTimeRecovery: Result<Bool, any Error>,
        maximumAgeHours: Int,
        bucket: BackupConfiguration.Bucket,
        now: Date
    ) {
        self.table = table
        self.records = (try? records.get()) ?? []
        self.isPointInTimeRecoveryEnabled = try? pointInTimeRecovery.get()
        self.problems = []
        var isUnknown = false

        switch pointInTimeRecovery {
        case .success(true): break
        case .success(false):
            let remedy = Remedy.remedy(
                code: "PointInTimeRecoveryUnavailableException",
                context: Remedy.Context(table: table, bucket: bucket)
            )
            problems.append("point-in-time recovery is off, so the next backup will fail: \(remedy ?? "turn it on")")
        case .failure(let error as AWSError)
        where error.code == "TableNotFoundException" || error.code == "ResourceNotFoundException":
            problems.append("the table does not exist; `restore list \(table.tableName)` shows its backups")
        case .failure(let error):
            isUnknown = true
            problems.append(Self.problem(error, table: table, bucket: bucket))
        }
        switch records {
        case .success(let records):
            problems += Self.problems(
                of: records,
                table: table,
                maximumAgeHours: maximumAgeHours,
                bucket: bucket,
                now: now
            )
        case .failure(let error):
            isUnknown = true
            problems.append(Self.problem(error, table: table, bucket: bucket))
        }
        self.verdict = problems.isEmpty ? .healthy : isUnknown ? .unknown : .unhealthy
    }

    /// What could not be read, and what to do about it.
    private static func problem(
        _ error: any Error,
        table: TableARN,
        bucket: BackupConfiguration.Bucket
    ) -> String {
        let context = Remedy.Context(table: table, bucket: bucket)
        guard let error = error as? AWSError, let remedy = Remedy.remedy(for: error, context: context) else {
            return "\(error)"
        }
        return "\(error); \(remedy)"
    }

    private static func problems(
        of records: [BackupRecord],
        table: TableARN,
        maximumAgeHours: Int,
        bucket: BackupConfiguration.Bucket,
        now: Date
    ) -> [String] {
        var problems: [String] = []
        if let newest = records.first(where: { $0.state != .running }), newest.state == .failed {
            var line = "the last export failed: \(newest.failureCode ?? "no code")"
            if let message = newest.failureMessage { line += ", \(OneLine.text(message))" }
            if let code = newest.failureCode,
                let remedy = Remedy.remedy(code: code, context: Remedy.Context(table: table, bucket: bucket))
            {
                line += "; \(remedy)"
            }
            problems.append(line)
        }
        let isRunning = records.contains { $0.state == .running }
        if let completed = records.first(where: { $0.state == .completed }) {
            let hours = Int(now.timeIntervalSince(completed.endTime ?? completed.startTime) / 3_600)
            if hours >= maximumAgeHours {
                problems.append(
                    "the last completed backup is \(hours) h old, more than the \(maximumAgeHours) h allowed"
                        + (isRunning ? "; one is running" : "; `monitor backup --table \(table.tableName)` makes one")
                )
            }
        } else {
            problems.append(
                isRunning
                    ? "no backup is complete yet; the first one is running"
                    : "there is no backup; `monitor backup --table \(table.tableName)` makes one"
            )
        }
        return problems
    }
}
