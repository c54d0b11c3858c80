internal import AWSCore

package import struct FoundationEssentials.Date

/// How it stands with the backups of one table.
package struct TableStatus: Sendable, Equatable {
    package enum Verdict: String, Sendable {
        /// The newest completed backup is young enough, and nothing stands in the way of the next.
        case healthy = "HEALTHY"
        case unhealthy = "UNHEALTHY"
        /// Nothing bad was found, but not everything could be read.
        case unknown = "UNKNOWN"
    }

    package var table: TableARN
    /// Newest first.
    package var records: [BackupRecord]
    /// `nil` when it could not be read, or there is no table.
    package var isPointInTimeRecoveryEnabled: Bool?
    package var verdict: Verdict
    /// Why the verdict is not ``Verdict/healthy``, one sentence each, with what to do.
    package var problems: [String]
    /// Those of ``problems`` that say what could not be read.
    package var unreadable: [String]
    /// Whether ``records`` is all there is, and not empty because it could not be read.
    package var isHistoryKnown: Bool

    package var newestCompleted: BackupRecord? { records.first { $0.state == .completed } }

    /// The newest backup that has ended, if it failed.
    package var lastFailure: BackupRecord? {
        records.first { $0.state != .running }.flatMap { $0.isFailure ? $0 : nil }
    }

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
        self.verdict = .healthy
        self.records = []
        self.isHistoryKnown = false
        self.problems = []
        self.unreadable = []
        var exists = true

        switch pointInTimeRecovery {
        case .success(true): isPointInTimeRecoveryEnabled = true
        case .success(false):
            isPointInTimeRecoveryEnabled = false
            let remedy = Remedy.remedy(
                code: "PointInTimeRecoveryUnavailableException",
                context: Remedy.Context(table: table, bucket: bucket)
            )
            problems.append("point-in-time recovery is off, so the next backup will fail: \(remedy ?? "turn it on")")
        case .failure(let error as AWSError)
        where error.code == "TableNotFoundException" || error.code == "ResourceNotFoundException":
            exists = false
            problems.append("the table does not exist; `restore list \(table.tableName)` shows its backups")
        case .failure(let error):
            unreadable.append(Self.problem(error, table: table, bucket: bucket))
        }
        switch records {
        case .success(let records):
            self.records = records
            isHistoryKnown = true
            if let lastFailure { problems.append(Self.problem(of: lastFailure, table: table, bucket: bucket)) }
            // Of a table that is not there nobody can make one.
            let remedy = exists ? "; `monitor backup --table \(table.tableName)` makes one" : ""
            problems += Self.problems(ofAge: records, remedy: remedy, maximumAgeHours: maximumAgeHours, now: now)
        case .failure(let error):
            unreadable.append(Self.problem(error, table: table, bucket: bucket))
        }
        verdict = !problems.isEmpty ? .unhealthy : unreadable.isEmpty ? .healthy : .unknown
        problems += unreadable
    }

    private static func problem(
        of failure: BackupRecord,
        table: TableARN,
        bucket: BackupConfiguration.Bucket
    ) -> String {
        guard failure.state != .damaged else {
            return
                "the last backup cannot be restored: \(OneLine.text(failure.failureMessage ?? "its manifest is damaged"))"
                + "; `monitor backup --table \(table.tableName)` makes a new one"
        }
        var line = "the last export failed: \(failure.failureCode ?? "no code")"
        if let message = failure.failureMessage { line += ", \(OneLine.text(message))" }
        if let code = failure.failureCode,
            let remedy = Remedy.remedy(code: code, context: Remedy.Context(table: table, bucket: bucket))
        {
            line += "; \(remedy)"
        }
        return line
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
        ofAge records: [BackupRecord],
        remedy: String,
        maximumAgeHours: Int,
        now: Date
    ) -> [String] {
        var problems: [String] = []
        let isRunning = records.contains { $0.state == .running }
        if let completed = records.first(where: { $0.state == .completed }) {
            let hours = Int(now.timeIntervalSince(completed.endTime ?? completed.startTime) / 3_600)
            if hours >= maximumAgeHours {
                problems.append(
                    "the last completed backup is \(hours) h old, which is not less than the \(maximumAgeHours) h allowed"
                        + (isRunning ? "; one is running" : remedy)
                )
            }
        } else {
            problems.append(
                isRunning
                    ? "no backup is complete yet; the first one is running"
                    : "there is no backup" + remedy
            )
        }
        return problems
    }
}
