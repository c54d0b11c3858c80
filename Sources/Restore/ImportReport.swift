import AWSCore
import BackupCore
import FoundationEssentials
import Terminal

/// How an import ended, and what it left behind.
struct ImportReport {
    let console: Console
    let imports: ImportWatch
    let region: Region

    /// Shows the end of an import.
    ///
    /// - Parameter plan: `nil` when only the import is known, as for `restore watch`.
    /// - Throws: ``CommandFailure`` for an import that failed or whose number of items is not the manifest's.
    func finish(_ ended: ImportDescription, target: String, plan: RestorePlan?) async throws {
        if console.format == .json { try console.printJSON(Self.json(ended, plan: plan)) }
        switch RestoreOutcome(ended, expected: plan?.itemCount) {
        case .complete(let items):
            guard console.format == .text else { return }
            let took = HumanFormat.duration(from: ended.startTime, to: ended.endTime).map { " in \($0)" }
            let checked = plan == nil ? "" : ", as many as the backup's manifest says"
            try console.print(
                "Restored \(HumanFormat.count(items)) items into \(target) (\(region))\(took ?? "")\(checked)."
            )
            if let plan, !plan.dropped.isEmpty {
                try console.print("Bring back what the import does not:")
                try DroppedText.print(plan.dropped, withCommands: true, to: console)
            }
        case .countDiffers(let imported, let expected):
            throw CommandFailure(
                "\(target) in \(region) has \(imported) items, but the backup's manifest says \(expected): do not rely on"
                    + " it before you know why (import \(ended.arn))"
            )
        case .failed(let code, let message, let imported, let errors):
            throw CommandFailure(
                "the import into \(target) in \(region) failed: \(code): \(message)",
                hints: try await remains(of: ended, target: target, imported: imported, errors: errors)
            )
        }
    }

    /// A failed import may leave a table with some of the items, and nothing of it is ever deleted from here.
    private func remains(
        of ended: ImportDescription,
        target: String,
        imported: Int,
        errors: Int
    ) async throws -> [String] {
        var lines: [String] = []
        if try await imports.tableExists(target, in: region) {
            lines.append(
                "It left the table \(target) with \(HumanFormat.count(imported)) items; \(HumanFormat.count(errors))"
                    + " could not be imported. Once you do not need it: aws dynamodb delete-table --table-name"
                    + " \(target) --region \(region)"
            )
        } else {
            lines.append("It left no table behind.")
        }
        if errors > 0, let id = ARN(ended.arn)?.importID {
            lines.append(
                "What could not be imported: aws logs filter-log-events --log-group-name /aws-dynamodb/imports"
                    + " --log-stream-name-prefix \(id) --region \(region)"
            )
        }
        return lines
    }

    static func json(_ description: ImportDescription, plan: RestorePlan?) -> JSONValue {
        var object: JSONObject = [
            "importArn": .string(description.arn),
            "status": .string(description.status),
            "tableArn": description.tableARN.map { .string($0) } ?? .null,
            "importedItemCount": .number(JSONNumber(description.importedItemCount)),
            "processedItemCount": .number(JSONNumber(description.processedItemCount)),
            "errorCount": .number(JSONNumber(description.errorCount)),
        ]
        object["expectedItemCount"] = plan.map { .number(JSONNumber($0.itemCount)) }
        object["startedAt"] = description.startTime.map { .string($0.iso8601) }
        object["endedAt"] = description.endTime.map { .string($0.iso8601) }
        object["failureCode"] = description.failureCode.map { .string($0) }
        object["failureMessage"] = description.failureMessage.map { .string($0) }
        return .object(object)
    }
}
