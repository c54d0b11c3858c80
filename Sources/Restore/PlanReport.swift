import AWSCore
import BackupCore
import FoundationEssentials
import Terminal

/// A plan, for people and for programs.
struct PlanReport {
    let plan: RestorePlan
    let bucket: BackupConfiguration.Bucket

    /// - Parameter withCommands: whether to show the commands that bring back what the import does not; where the import
    ///   follows at once they come at its end.
    func print(to console: Console, withCommands: Bool) throws {
        let entry = plan.contents.entry
        let manifest = plan.contents.manifest
        let export = manifest.exportID.text
        let size = plan.contents.storage.total
        try console.print("Restore \(entry.table) of \(entry.date) into \(plan.target) in \(plan.region)")
        var taken = ""
        if case .full(let time?) = manifest.kind { taken = ", the table as of \(HumanFormat.date(time))" }
        try console.print("  Backup    s3://\(bucket.name)/\(plan.keyPrefix) (export \(export)\(taken))")
        try console.print(
            "  Data      \(HumanFormat.count(plan.itemCount)) items,"
                + " \(HumanFormat.count(size.files)) files, \(HumanFormat.bytes(size.bytes)) compressed"
        )
        try console.print("  Schema    \(schema)")
        try console.print("  Cost      \(cost)")
        for note in plan.notes { try console.print("  Note      \(note.escapedForTerminal)") }
        guard !plan.dropped.isEmpty else { return }
        try console.print("  An import does not bring back:")
        try DroppedText.print(plan.dropped, withCommands: withCommands, to: console)
    }

    private var schema: String {
        let source =
            switch plan.schemaSource {
            case .backup: "the backup's"
            case .file(let path): path.escapedForTerminal
            }
        let count = plan.schema.globalSecondaryIndexes.count
        return
            "\(source): \(plan.schema.billingMode.rawValue), \(count) global secondary index\(count == 1 ? "" : "es")"
    }

    private var cost: String {
        guard let cost = plan.importCost else { return "about $0.15 for each GB of the table" }
        return cost < 0.01 ? "less than $0.01" : "about $\(Self.dollars(cost)) for the import"
    }

    private static func dollars(_ amount: Double) -> String {
        let cents = Int((amount * 100).rounded(.up))
        return "\(cents / 100).\(cents % 100 < 10 ? "0" : "")\(cents % 100)"
    }

    var json: JSONValue {
        let entry = plan.contents.entry
        return [
            "table": .string(entry.table),
            "date": .string(entry.date.description),
            "exportId": .string(plan.contents.manifest.exportID.text),
            "exportArn": .string(plan.contents.manifest.exportARN),
            "targetTable": .string(plan.target),
            "region": .string(plan.region.name),
            "bucket": .string(bucket.name),
            "keyPrefix": .string(plan.keyPrefix),
            "itemCount": .number(JSONNumber(plan.itemCount)),
            "fileCount": .number(JSONNumber(plan.contents.storage.total.files)),
            "compressedBytes": .number(JSONNumber(plan.contents.storage.total.bytes)),
            "tableCreationParameters": .object(plan.schema.parameters),
            "notes": .array(plan.notes.map { .string($0) }),
            "dropped": .array(plan.dropped.map(\.json)),
        ]
    }
}
