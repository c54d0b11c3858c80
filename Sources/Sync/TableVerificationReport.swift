import AWSCore
import SyncCore
import Terminal

/// What a comparison of two tables has shown, for people and for programs.
struct TableVerificationReport {
    /// So many differences are shown.
    static let shown = 20

    let source: TableDescription
    let target: TableDescription
    let regions: (source: Region, target: Region)
    let result: TableVerificationResult
    /// Some of the differences.
    let first: [TableDifference]
    let reportPath: String?
    let isRepair: Bool

    // MARK: Text

    func print(to console: Console) throws {
        try console.print("\(name(source, regions.source)) and \(name(target, regions.target)): \(verdict)")
        try console.print("  Source      \(side(result.source))")
        try console.print("  Target      \(side(result.target))")
        try console.print("  Equal       \(HumanFormat.count(result.equal + result.settled))\(settled)")
        for (kind, title) in [
            (TableDifference.Kind.missing, "Missing   "), (.extra, "Extra     "), (.different, "Different "),
            (.changing, "Changing  "),
        ] {
            guard let count = result.differences[kind] else { continue }
            try console.print("  \(title)  \(HumanFormat.count(count)) (\(Self.meaning(kind)))")
        }
        if isRepair, !result.repairs.isEmpty { try console.print("  Repaired    \(repaired)") }
        if result.temporaryBytes > 0 {
            try console.print("  Disk        \(HumanFormat.bytes(result.temporaryBytes)) of temporary files")
        }
        if !first.isEmpty { try printDifferences(to: console) }
        if let reportPath { console.note("every difference is in \(reportPath)") }
        if result.verdict == .undecided {
            console.note("items kept changing while they were read: try again, with a longer --settle perhaps")
        }
    }

    private var verdict: String {
        switch result.verdict {
        case .equal: result.differences.isEmpty ? "equal" : "equal after the repair"
        case .different: result.sample == nil ? "different" : "different (a sample)"
        case .undecided: "no difference, but items that keep changing"
        case .equalInSample: "no difference in this sample, which proves nothing about the rest"
        }
    }

    private func name(_ table: TableDescription, _ region: Region) -> String {
        "\(table.name.escapedForTerminal) in \(region.name)"
    }

    private func side(_ side: TableVerificationResult.Side) -> String {
        var text = "\(HumanFormat.count(side.items)) items"
        if let sample = result.sample {
            text += ", a random part of the table (\(sample.segments) of \(sample.totalSegments) segments of both)"
        }
        if side.filtered > 0 { text += ", \(HumanFormat.count(side.filtered)) left out by --where" }
        text += ", \(HumanFormat.bytes(side.bytes))"
        if side.readUnits > 0 { text += ", \(HumanFormat.count(Int(side.readUnits.rounded(.up)))) read units" }
        if side.throttled > 0 { text += ", throttled \(HumanFormat.count(side.throttled)) times" }
        return text
    }

    private var settled: String {
        result.settled == 0 ? "" : " (\(HumanFormat.count(result.settled)) of them only when read again)"
    }

    private var repaired: String {
        TableDifference.Repair.allCases.compactMap { repair in
            result.repairs[repair].map { "\(HumanFormat.count($0)) \(Self.meaning(repair))" }
        }.joined(separator: ", ")
    }

    private static func meaning(_ kind: TableDifference.Kind) -> String {
        switch kind {
        case .missing: "at the source only"
        case .extra: "at the target only"
        case .different: "other attributes"
        case .changing: "neither equal nor the same for long enough"
        }
    }

    private static func meaning(_ repair: TableDifference.Repair) -> String {
        switch repair {
        case .written: "written"
        case .deleted: "deleted"
        case .unneeded: "equal by themselves"
        case .left: "left, because deleting needs --delete"
        case .failed: "failed"
        }
    }

    private func printDifferences(to console: Console) throws {
        let total = result.differences.values.reduce(0, +)
        try console.print("")
        if total > first.count {
            try console.print("\(first.count) of \(HumanFormat.count(total)) differences:")
        }
        var columns: [TextTable.Column] = [.init("DIFFERENCE"), .init("KEY"), .init("ATTRIBUTES")]
        if isRepair { columns.append(.init("REPAIR")) }
        var table = TextTable(columns)
        for difference in first {
            let attributes = difference.attributes
            let names = attributes.prefix(5).joined(separator: ", ")
            let more = attributes.count > 5 ? " and \(attributes.count - 5) more" : ""
            let key = String(decoding: difference.key, as: UTF8.self)
            table.add([
                .init(difference.kind.rawValue, difference.isMended ? .plain : .bad),
                .init(key.count > 200 ? String(key.prefix(199)) + "…" : key),
                .init(names + more),
                .init((difference.repair?.rawValue ?? "") + (difference.reason.map { ": \($0)" } ?? "")),
            ])
        }
        try console.print(table)
    }

    static func progress(_ progress: VerificationProgress.Snapshot, of expected: Int) -> String {
        guard progress.round == 0 else {
            return "Reading again what did not look equal, round \(progress.round): "
                + "\(HumanFormat.count(progress.suspectsRead)) of \(HumanFormat.count(progress.suspects))"
        }
        let items = progress.sourceItems + progress.targetItems
        let share = expected > 0 && items <= expected ? " (\(HumanFormat.percent(items, of: expected)))" : ""
        return "Comparing: \(HumanFormat.count(progress.sourceItems)) items of the source, "
            + "\(HumanFormat.count(progress.targetItems)) of the target\(share), \(HumanFormat.bytes(progress.bytes))"
    }

    // MARK: JSON

    var json: JSONValue {
        var object: JSONObject = [
            "verdict": .string(result.verdict.rawValue),
            "complete": .bool(result.sample == nil),
            "source": json(source, regions.source, result.source),
            "target": json(target, regions.target, result.target),
            "equal": number(result.equal + result.settled),
            "settled": number(result.settled),
            "missing": number(result.differences[.missing] ?? 0),
            "extra": number(result.differences[.extra] ?? 0),
            "different": number(result.differences[.different] ?? 0),
            "changing": number(result.changing),
            "unmended": number(result.unmended),
            "temporaryBytes": number(result.temporaryBytes),
            "differences": .array(first.map(Self.json)),
            "report": reportPath.map { .string($0) } ?? .null,
            "sample": .null,
            "repairs": .null,
        ]
        if let sample = result.sample {
            object["sample"] = [
                "segments": number(sample.segments), "totalSegments": number(sample.totalSegments),
            ]
        }
        if isRepair {
            object["repairs"] = .object(
                JSONObject(TableDifference.Repair.allCases.map { ($0.rawValue, number(result.repairs[$0] ?? 0)) })
            )
        }
        return .object(object)
    }

    private func json(_ table: TableDescription, _ region: Region, _ side: TableVerificationResult.Side) -> JSONValue {
        [
            "table": .string(table.name),
            "tableArn": .string(table.arn),
            "region": .string(region.name),
            "items": number(side.items),
            "filtered": number(side.filtered),
            "bytes": number(side.bytes),
            "readUnits": number(Int(side.readUnits.rounded(.up))),
            "throttled": number(side.throttled),
        ]
    }

    /// One difference, as it stands in the report's file, too.
    static func json(_ difference: TableDifference) -> JSONValue {
        [
            "difference": .string(difference.kind.rawValue),
            "key": (try? JSONValue(parsing: difference.key))
                ?? .string(String(decoding: difference.key, as: UTF8.self)),
            "attributes": .array(difference.attributes.map { .string($0) }),
            "repair": difference.repair.map { .string($0.rawValue) } ?? .null,
            "reason": difference.reason.map { .string($0) } ?? .null,
        ]
    }

    private func number(_ value: Int) -> JSONValue { .number(JSONNumber(value)) }
}
