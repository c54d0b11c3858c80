import AWSCore
import SyncCore
import Terminal

/// What `sync table --dry-run` shows.
struct EstimateReport {
    let estimate: CopyEstimate
    let source: TableSide
    let target: TableSide

    /// - Throws: ``TextOutput/Failure``.
    func print(to console: Console) throws {
        if console.format == .json { return try console.printJSON(json) }
        try console.print("Copy \(source.name) (\(source.region)) into \(target.name) (\(target.region))")
        try console.print("  Target    \(estimate.targetExists ? "exists" : "does not exist: --create makes it")")
        try console.print(
            "  Items     about \(HumanFormat.count(estimate.items)), \(HumanFormat.bytes(estimate.bytes)) to read"
                + " (DynamoDB's figures, up to six hours old)"
        )
        try console.print(
            "  Units     about \(HumanFormat.count(Int(estimate.readUnits.rounded(.up)))) to read,"
                + " \(HumanFormat.count(Int(estimate.writeUnits.rounded(.up)))) to write"
                + " (from \(HumanFormat.count(estimate.sampledItems)) items; indexes counted in full)"
        )
        if let seconds = estimate.seconds, let limit = estimate.limit {
            try console.print("  Time      at least \(HumanFormat.duration(.seconds(seconds))), by \(limit)")
        } else {
            try console.print("  Time      as fast as the tables take it")
        }
        try console.print("  Cost      \(cost)")
        try console.print("Nothing was written.")
    }

    private var cost: String {
        let dollars = estimate.dollars
        guard dollars > 0 else { return "nothing beyond the provisioned capacity" }
        guard dollars >= 0.01 else {
            return "less than $0.01 (on-demand, us-east-1 prices; traffic between Regions extra)"
        }
        let cents = Int((dollars * 100).rounded(.up))
        return "about $\(cents / 100).\(cents % 100 < 10 ? "0" : "")\(cents % 100)"
            + " (on-demand, us-east-1 prices; traffic between Regions extra)"
    }

    private var json: JSONValue {
        func number(_ value: Double) -> JSONValue { JSONNumber("\(value)").map { .number($0) } ?? .null }
        return [
            "dryRun": true,
            "targetExists": .bool(estimate.targetExists),
            "items": .number(JSONNumber(estimate.items)),
            "bytes": .number(JSONNumber(estimate.bytes)),
            "readUnits": number(estimate.readUnits),
            "writeUnits": number(estimate.writeUnits),
            "seconds": estimate.seconds.map(number) ?? .null,
            "limit": estimate.limit.map { .string($0) } ?? .null,
            "dollars": number(estimate.dollars),
            "sampledItems": .number(JSONNumber(estimate.sampledItems)),
        ]
    }
}
