import AWSCore
import SyncCore
import Terminal

/// What a comparison of two buckets or folders has shown, for people and for programs.
struct BucketVerificationReport {
    /// So many differences are shown.
    static let shown = 20

    let source: String
    let target: String
    let result: BucketVerificationResult
    /// Some of the differences.
    let first: [ObjectDifference]
    let reportPath: String?
    let isRepair: Bool

    // MARK: Text

    func print(to console: Console) throws {
        try console.print("\(source.escapedForTerminal) and \(target.escapedForTerminal): \(verdict)")
        try console.print(
            "  Source      \(HumanFormat.count(result.sourceObjects)) objects, \(HumanFormat.bytes(result.sourceBytes))"
        )
        try console.print("  Target      \(HumanFormat.count(result.targetObjects)) objects")
        if result.excluded > 0 { try console.print("  Left out    \(HumanFormat.count(result.excluded)) by patterns") }
        if result.folderMarkers > 0 {
            try console.print("  Left out    the folder's own marker, which a bucket's root or a folder cannot have")
        }
        let bases = BucketVerificationResult.Basis.allCases.compactMap { basis in
            result.equal[basis].map { "\(HumanFormat.count($0)) by \(Self.meaning(basis))" }
        }
        let equal = result.equal.values.reduce(0, +)
        try console.print(
            "  Equal       \(HumanFormat.count(equal))" + (bases.isEmpty ? "" : " (\(bases.joined(separator: ", ")))")
        )
        for kind in ObjectDifference.Kind.allCases where result.count(of: kind) > 0 {
            try console.print(
                "  \(Self.title(kind))\(HumanFormat.count(result.count(of: kind))) (\(Self.meaning(kind)))"
            )
        }
        if isRepair, !result.repairs.isEmpty {
            let parts = TableDifference.Repair.allCases.compactMap { repair in
                result.repairs[repair].map { "\(HumanFormat.count($0)) \(repair.rawValue.lowercased())" }
            }
            try console.print("  Repaired    \(parts.joined(separator: ", "))")
        }
        if !first.isEmpty { try printDifferences(to: console) }
        if let reportPath { console.note("every difference is in \(reportPath)") }
    }

    private var verdict: String {
        switch result.verdict {
        case .equal: result.differences.isEmpty ? "equal" : "equal after the repair"
        case .different: "different"
        case .undecided: "no difference, but not everything could be compared"
        }
    }

    private static func meaning(_ basis: BucketVerificationResult.Basis) -> String {
        switch basis {
        case .etag: "ETag"
        case .checksum: "checksum"
        case .content: "content"
        }
    }

    private static func title(_ kind: ObjectDifference.Kind) -> String {
        switch kind {
        case .missing: "Missing     "
        case .extra: "Extra       "
        case .different: "Different   "
        case .changing: "Changing    "
        case .unverified: "Unverified  "
        }
    }

    private static func meaning(_ kind: ObjectDifference.Kind) -> String {
        switch kind {
        case .missing: "at the source only"
        case .extra: "at the target only"
        case .different: "other contents or properties"
        case .changing: "neither equal nor the same for long enough"
        case .unverified: "could not be compared further than by size, or not at all"
        }
    }

    private func printDifferences(to console: Console) throws {
        let total = result.differences.values.reduce(0, +)
        try console.print("")
        if total > first.count { try console.print("\(first.count) of \(HumanFormat.count(total)) differences:") }
        var table = TextTable([.init("DIFFERENCE"), .init("KEY"), .init("IN"), .init(isRepair ? "REPAIR" : "WHY")])
        for difference in first {
            let repair = difference.repair?.rawValue ?? ""
            let reason = difference.reason ?? ""
            table.add([
                .init(difference.kind.rawValue, difference.isMended ? .plain : .bad),
                .init(difference.key),
                .init(difference.aspects.joined(separator: ", ")),
                .init(repair.isEmpty || reason.isEmpty ? repair + reason : "\(repair): \(reason)"),
            ])
        }
        try console.print(table)
    }

    static func progress(_ progress: VerificationProgress.Snapshot) -> String {
        guard progress.round == 0 else {
            return "Looking closer, round \(progress.round): \(HumanFormat.count(progress.suspectsRead)) of "
                + HumanFormat.count(progress.suspects)
        }
        return "Listing: \(HumanFormat.count(progress.sourceItems)) objects of the source, "
            + "\(HumanFormat.count(progress.targetItems)) of the target"
    }

    // MARK: JSON

    var json: JSONValue {
        var object: JSONObject = [
            "verdict": .string(result.verdict.rawValue),
            "source": ["location": .string(source), "objects": number(result.sourceObjects)],
            "target": ["location": .string(target), "objects": number(result.targetObjects)],
            "sourceBytes": number(result.sourceBytes),
            "excluded": number(result.excluded),
            "folderMarkers": number(result.folderMarkers),
            "vanished": number(result.vanished),
            "equal": number(result.equal.values.reduce(0, +)),
            "unmended": number(result.unmended),
            "differences": .array(first.map(Self.json)),
            "report": reportPath.map { .string($0) } ?? .null,
            "repairs": .null,
        ]
        object["equalBy"] = .object(
            JSONObject(BucketVerificationResult.Basis.allCases.map { ($0.rawValue, number(result.equal[$0] ?? 0)) })
        )
        for kind in ObjectDifference.Kind.allCases {
            object[kind.rawValue.lowercased()] = number(result.count(of: kind))
        }
        if isRepair {
            object["repairs"] = .object(
                JSONObject(TableDifference.Repair.allCases.map { ($0.rawValue, number(result.repairs[$0] ?? 0)) })
            )
        }
        return .object(object)
    }

    /// One difference, as it stands in the report's file, too.
    static func json(_ difference: ObjectDifference) -> JSONValue {
        [
            "difference": .string(difference.kind.rawValue),
            "key": .string(difference.key),
            "in": .array(difference.aspects.map { .string($0) }),
            "repair": difference.repair.map { .string($0.rawValue) } ?? .null,
            "reason": difference.reason.map { .string($0) } ?? .null,
        ]
    }

    private func number(_ value: Int) -> JSONValue { .number(JSONNumber(value)) }
}
