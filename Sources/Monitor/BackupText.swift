import AWSCore
import BackupCore
import FoundationEssentials
import Terminal

/// What a backup did, for people and for programs.
enum BackupText {
    static func print(_ answer: BackupAnswer, to console: Console) throws {
        if console.format == .json { return try console.printJSON(answer.json) }
        var table = TextTable([.init("TABLE"), .init("STATUS"), .init("EXPORT")])
        for result in answer.results {
            let style: Style = result.error == nil ? .good : .bad
            let export = result.exportARN.flatMap { ExportID(exportARN: $0) }?.text ?? ""
            table.add([.init(result.table, .bold), .init(result.status.rawValue, style), .init(export)])
        }
        try console.print("Backup of \(answer.date)")
        try console.print(table)
        for result in answer.results {
            guard let error = result.error else { continue }
            // An error of AWS names its code in its message.
            let message = error.message.contains(error.code) ? error.message : "\(error.code): \(error.message)"
            try console.print("\(result.table): \(message)".escapedForTerminal)
            if let remedy = error.remedy { try console.print("  What to do: \(remedy.escapedForTerminal)") }
        }
        for failure in answer.previousFailures {
            let reason = [failure.failureCode, failure.failureMessage].compactMap { $0 }.joined(separator: ", ")
            try console.print("\(failure.table): its export before this one failed: \(reason)".escapedForTerminal)
        }
    }

    static func print(_ items: [ExportWatch.Item], to console: Console) throws {
        var table = TextTable([
            .init("TABLE"), .init("EXPORT"), .init("STATUS"), .init("TOOK", .trailing), .init("ITEMS", .trailing),
            .init("SIZE", .trailing),
        ])
        for item in items {
            let export = item.export
            table.add([
                .init(item.table.tableName, .bold),
                .init(ExportID(exportARN: export.arn)?.text ?? ""),
                .init(export.status.name, export.status == .completed ? .good : .bad),
                .init(HumanFormat.duration(from: export.startTime, to: export.endTime) ?? ""),
                .init(export.itemCount.map(HumanFormat.count) ?? ""),
                .init(export.billedSizeBytes.map(HumanFormat.bytes) ?? ""),
            ])
        }
        try console.print(table)
        for item in items {
            guard let code = item.export.failureCode else { continue }
            let message = "\(item.table.tableName): \(code): \(item.export.failureMessage ?? "")"
            try console.print(message.escapedForTerminal)
        }
    }

    static func json(_ answer: BackupAnswer, exports: [ExportWatch.Item]) -> JSONValue {
        guard case .object(var object) = answer.json else { return answer.json }
        object["exports"] = .array(exports.map(json))
        return .object(object)
    }

    static func json(_ item: ExportWatch.Item) -> JSONValue {
        var object: JSONObject = [
            "table": .string(item.table.tableName),
            "exportArn": .string(item.export.arn),
            "status": .string(item.export.status.name),
        ]
        object["startedAt"] = item.export.startTime.map { .string($0.iso8601) }
        object["endedAt"] = item.export.endTime.map { .string($0.iso8601) }
        object["itemCount"] = item.export.itemCount.map { .number(JSONNumber($0)) }
        object["billedSizeBytes"] = item.export.billedSizeBytes.map { .number(JSONNumber($0)) }
        object["failureCode"] = item.export.failureCode.map { .string($0) }
        object["failureMessage"] = item.export.failureMessage.map { .string($0) }
        return .object(object)
    }
}
