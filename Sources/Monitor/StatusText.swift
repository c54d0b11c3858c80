import AWSCore
import BackupCore
import FoundationEssentials
import Terminal

/// The status for people.
struct StatusText {
    let report: BackupMonitor.Report
    let configuration: BackupConfiguration

    func print(to console: Console) throws {
        let bucket = configuration.bucket
        try console.print("Backups in s3://\(bucket.name)/\(configuration.layout.root) (\(bucket.region))")
        try console.print("  Schedule  \(schedule)")
        try console.print("  Function  \(function)")
        try console.print("")
        try console.print(table)
        let problems = report.tables.flatMap { status in status.problems.map { (status.table.tableName, $0) } }
        if !problems.isEmpty { try console.print("") }
        for (table, problem) in problems {
            try console.print("\(console.styler.apply(.warning, to: table)): \(problem.escapedForTerminal)")
        }
    }

    private var schedule: String {
        let name = BackupMonitor.ruleName(function: configuration.functionName)
        switch report.rule {
        case .success(let rule):
            let expression = rule.scheduleExpression ?? "no schedule"
            let state = rule.state ?? "UNKNOWN"
            guard state == "ENABLED" else { return "\(name): \(state), so no backup starts by itself (\(expression))" }
            guard let next = nextRun(of: rule) else { return "\(name): \(state), \(expression)" }
            let age = HumanFormat.age(of: next, now: report.generatedAt)
            return "\(name): \(state), \(expression), next run \(HumanFormat.date(next)) (\(age))"
        case .failure(let error): return "\(name): \(Self.explanation(error))"
        }
    }

    private var function: String {
        switch report.function {
        case .success(let function):
            var parts = [function.state ?? "state unknown", function.runtime, nil]
            if let update = function.lastUpdateStatus, update != "Successful" { parts.append("last update \(update)") }
            if let reason = function.stateReason, function.state != "Active" { parts.append(reason) }
            return "\(function.name): " + parts.compactMap { $0 }.joined(separator: ", ").escapedForTerminal
        case .failure(let error): return "\(configuration.functionName): \(Self.explanation(error))"
        }
    }

    func nextRun(of rule: RuleDescription) -> Date? {
        rule.scheduleExpression.flatMap { ScheduleExpression($0) }?.next(after: report.generatedAt)
    }

    private static func explanation(_ error: any Error) -> String {
        if let error = error as? AWSError, error.code == "ResourceNotFoundException" {
            return "not deployed; ./deploy.sh does it"
        }
        return "\(error)".escapedForTerminal
    }

    private var table: TextTable {
        var table = TextTable([
            .init("TABLE"), .init("VERDICT"), .init("PITR"), .init("BACKUP"), .init("STARTED"), .init("AGE", .trailing),
            .init("TOOK", .trailing), .init("ITEMS", .trailing), .init("SIZE", .trailing), .init("EXPORT"),
        ])
        for status in report.tables {
            let head: [TextTable.Cell] = [
                .init(status.table.tableName, .bold), Self.cell(status.verdict), Self.recovery(status),
            ]
            if status.records.isEmpty { table.add(head + [.init("none", .warning)]) }
            for (index, record) in status.records.enumerated() {
                table.add((index == 0 ? head : ["", "", ""]) + cells(record))
            }
        }
        return table
    }

    private func cells(_ record: BackupRecord) -> [TextTable.Cell] {
        let took = Duration.seconds((record.endTime ?? report.generatedAt).timeIntervalSince(record.startTime))
        return [
            .init(
                record.state.rawValue,
                record.state == .completed ? .good : record.isFailure ? .bad : .plain
            ),
            .init(HumanFormat.date(record.startTime)),
            .init(HumanFormat.age(of: record.startTime, now: report.generatedAt)),
            .init(HumanFormat.duration(took)),
            .init(record.itemCount.map(HumanFormat.count) ?? ""),
            .init(record.billedSizeBytes.map(HumanFormat.bytes) ?? ""),
            .init(record.exportID.text),
        ]
    }

    private static func cell(_ verdict: TableStatus.Verdict) -> TextTable.Cell {
        switch verdict {
        case .healthy: .init(verdict.rawValue, .good)
        case .unhealthy: .init(verdict.rawValue, .bad)
        case .unknown: .init(verdict.rawValue, .warning)
        }
    }

    private static func recovery(_ status: TableStatus) -> TextTable.Cell {
        switch status.isPointInTimeRecoveryEnabled {
        case true?: "on"
        case false?: .init("OFF", .bad)
        case nil: "?"
        }
    }
}
