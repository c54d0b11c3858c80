import AWSCore
import BackupCore
import FoundationEssentials

/// The status for programs: a stable contract, documented in the README.
enum StatusJSON {
    static func value(of report: BackupMonitor.Report, configuration: BackupConfiguration) -> JSONValue {
        [
            "generatedAt": .string(report.generatedAt.iso8601),
            "bucket": [
                "name": .string(configuration.bucket.name),
                "region": .string(configuration.bucket.region.name),
                "prefix": .string(configuration.bucket.prefix),
            ],
            "schedule": schedule(report, configuration),
            "function": function(report, configuration),
            "tables": .array(report.tables.map(table)),
        ]
    }

    private static func schedule(_ report: BackupMonitor.Report, _ configuration: BackupConfiguration) -> JSONValue {
        var object: JSONObject = [
            "rule": .string(BackupMonitor.ruleName(function: configuration.functionName))
        ]
        switch report.rule {
        case .success(let rule):
            let next = rule.scheduleExpression.flatMap { ScheduleExpression($0) }?.next(after: report.generatedAt)
            object["state"] = text(rule.state)
            object["expression"] = text(rule.scheduleExpression)
            object["nextRun"] = text(next?.iso8601)
        case .failure(let error): object["error"] = .string("\(error)")
        }
        return .object(object)
    }

    private static func function(_ report: BackupMonitor.Report, _ configuration: BackupConfiguration) -> JSONValue {
        var object: JSONObject = ["name": .string(configuration.functionName)]
        switch report.function {
        case .success(let function):
            object["arn"] = .string(function.arn)
            object["state"] = text(function.state)
            object["lastUpdateStatus"] = text(function.lastUpdateStatus)
            object["runtime"] = text(function.runtime)
            object["codeSha256"] = text(function.codeSHA256)
        case .failure(let error): object["error"] = .string("\(error)")
        }
        return .object(object)
    }

    private static func table(_ status: TableStatus) -> JSONValue {
        [
            "table": .string(status.table.tableName),
            "tableArn": .string(status.table.description),
            "verdict": .string(status.verdict.rawValue),
            "pointInTimeRecovery": status.isPointInTimeRecoveryEnabled.map { .bool($0) } ?? .null,
            "problems": .array(status.problems.map { .string($0) }),
            "backups": .array(status.records.map(backup)),
        ]
    }

    private static func backup(_ record: BackupRecord) -> JSONValue {
        var object: JSONObject = [
            "exportId": .string(record.exportID.text),
            "exportArn": .string(record.exportARN),
            "status": .string(record.state.rawValue),
            "startedAt": .string(record.startTime.iso8601),
            "endedAt": text(record.endTime?.iso8601),
            "itemCount": record.itemCount.map { .number(JSONNumber($0)) } ?? .null,
            "billedSizeBytes": record.billedSizeBytes.map { .number(JSONNumber($0)) } ?? .null,
        ]
        object["failureCode"] = record.failureCode.map { .string($0) }
        object["failureMessage"] = record.failureMessage.map { .string($0) }
        return .object(object)
    }

    private static func text(_ value: String?) -> JSONValue { value.map { .string($0) } ?? .null }
}
