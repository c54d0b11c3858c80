import AWSCore
import BackupCore
import SyncCore
import Terminal

/// What a copy says of itself at its beginning and end.
struct TableReport {
    let console: Console
    let prepared: CopyPreparation.Prepared
    let target: TableSide

    private var sourceName: String { prepared.tables.source.name }
    private var targetName: String { "\(prepared.tables.target.name) (\(target.region))" }

    func begin() {
        if prepared.isTargetNew { console.note("Made the table \(targetName) like \(sourceName).") }
        if prepared.checkpoint.isResumed {
            let done = HumanFormat.count(prepared.checkpoint.counts.read)
            console.note("Going on after \(done) items (\(prepared.checkpoint.path)).")
        }
    }

    /// - Throws: ``TextOutput/Failure``.
    func finish(_ result: TableCopy.Progress) throws {
        switch console.format {
        case .json: try console.printJSON(json(result))
        case .text: try print(result)
        }
        if let attribute = prepared.timeToLiveToEnable {
            console.note(
                "Time to live is not enabled at the target yet. At cut-over: aws dynamodb update-time-to-live"
                    + " --table-name \(prepared.tables.target.name) --region \(target.region)"
                    + " --time-to-live-specification Enabled=true,AttributeName=\(attribute)"
            )
        }
        if console.format == .text { Self.note(prepared.dropped, console) }
        if result.counts.failed > 0 {
            console.warn(
                "DynamoDB refused \(HumanFormat.count(result.counts.failed)) items; \(prepared.checkpoint.failuresPath)"
                    + " names each with the reason"
            )
        }
    }

    /// Says what a new table lacks of its source.
    static func note(_ dropped: [DroppedSetting], _ console: Console) {
        guard !dropped.isEmpty else { return }
        console.note(
            "The new table lacks what making it cannot take over; for each, run with the target's credentials:"
        )
        for line in dropped.flatMap({ $0.lines(withCommands: true) }) { console.note("  \(line)") }
    }

    private func print(_ result: TableCopy.Progress) throws {
        let counts = result.counts
        let rate = Double(counts.read) / max(result.elapsed / .seconds(1), 0.001)
        try console.print(
            "Copied \(HumanFormat.count(counts.written)) items from \(sourceName) into \(targetName) in"
                + " \(HumanFormat.duration(result.elapsed)) (\(HumanFormat.count(Int(rate)))/s)."
        )
        try console.print("  Ledger    \(counts.equation)")
        try console.print(
            "  Read      \(HumanFormat.bytes(counts.bytes)) in \(HumanFormat.count(counts.pages)) pages,"
                + " \(HumanFormat.count(Int(result.readUnits.rounded(.up)))) read units"
        )
        try console.print(
            "  Written   \(HumanFormat.count(Int(result.writeUnits.rounded(.up)))) write units,"
                + " throttled \(HumanFormat.count(result.throttled)) times"
        )
        try Self.printSettled(counts, console)
    }

    /// What a merge has looked at again, if anything.
    ///
    /// - Throws: ``TextOutput/Failure``.
    static func printSettled(_ counts: CopyCounts, _ console: Console) throws {
        guard counts.settled > 0 else { return }
        try console.print(
            "  Settled   \(HumanFormat.count(counts.settled)) items removed at the source meanwhile,"
                + " \(HumanFormat.count(counts.removed)) taken back"
        )
    }

    private func json(_ result: TableCopy.Progress) -> JSONValue {
        func number(_ value: Int) -> JSONValue { .number(JSONNumber(value)) }
        func number(_ value: Double) -> JSONValue { JSONNumber("\(value)").map { .number($0) } ?? .null }
        let counts = result.counts
        return [
            "sourceTableArn": .string(prepared.tables.source.arn),
            "targetTableArn": .string(prepared.tables.target.arn),
            "mode": .string(prepared.copy.options.mode.rawValue),
            "created": .bool(prepared.isTargetNew),
            "resumed": .bool(prepared.checkpoint.isResumed),
            "read": number(counts.read),
            "written": number(counts.written),
            "kept": number(counts.kept),
            "failed": number(counts.failed),
            "filtered": number(counts.filtered),
            "expired": number(counts.expired),
            "settled": number(counts.settled),
            "removed": number(counts.removed),
            "bytes": number(counts.bytes),
            "pages": number(counts.pages),
            "segments": number(prepared.checkpoint.segmentCount),
            "readUnits": number(result.readUnits),
            "writeUnits": number(result.writeUnits),
            "throttled": number(result.throttled),
            "seconds": number(result.elapsed / .seconds(1)),
            "failuresPath": counts.failed > 0 ? .string(prepared.checkpoint.failuresPath) : .null,
            "dropped": .array(prepared.dropped.map(\.json)),
            "timeToLiveAttribute": prepared.timeToLiveToEnable.map { .string($0) } ?? .null,
        ]
    }

    /// The error to end with, with how to go on.
    func interruption(_ error: any Error) -> any Error {
        let hint =
            "\(HumanFormat.count(prepared.checkpoint.counts.read)) items are done; the same command goes on from there"
            + " (\(prepared.checkpoint.path))."
        if error is CancellationError { return CommandFailure.interrupted(hints: [hint]) }
        return CommandFailure("\(error)", hints: SyncRemedy.hints(for: error) + [hint])
    }
}
