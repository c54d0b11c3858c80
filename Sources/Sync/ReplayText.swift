import AWSCore
import BackupCore
import FoundationEssentials
import SyncCore
import Terminal

/// What a replay has done, for people and for programs.
struct ReplayText {
    let report: ReplayReport
    let isDryRun: Bool

    // MARK: Text

    func print(to console: Console) throws {
        try console.print(summary)
        if report.counts.kept > 0 {
            console.note(
                "\(HumanFormat.count(report.counts.kept)) items are gone at the source and were left at the target, because"
                    + " its mapping ignores deletes of expired items; sync verify table shows them"
            )
        }
        if report.skipped > 0 {
            console.note("\(messages(report.skipped)) are about other mappings and stay in the queue")
        }
        for left in report.left {
            console.warn("\(left.queue) (\(left.region)), message \(left.messageID) stays: \(left.reason)")
        }
        for gap in report.gaps where !gap.isClosed {
            console.warn(Self.text(gap))
            for target in gap.targets { console.note("  What to do: \(Self.command(gap, target))") }
        }
        if report.gaps.contains(where: { !$0.isClosed }) {
            console.note(
                "  Add --delete if what only the target has is to go. Once both sides are known to be equal, sync replay"
            )
            console.note("  deletes the message.")
        }
    }

    var summary: String {
        guard report.messages > 0 else { return "Nothing has failed: the failure queues are empty." }
        if isDryRun {
            return
                "\(messages(report.messages)) read; \(HumanFormat.count(report.planned)) items or objects would be settled."
        }
        let counts = report.counts
        var parts = ["\(HumanFormat.count(counts.written)) written", "\(HumanFormat.count(counts.deleted)) deleted"]
        parts.append("\(HumanFormat.count(counts.unchanged)) were right already")
        if counts.kept > 0 { parts.append("\(HumanFormat.count(counts.kept)) kept") }
        let open = report.left.count + report.gaps.count { !$0.isClosed }
        return
            "\(messages(report.done)) of \(HumanFormat.count(report.messages)) done: \(parts.joined(separator: ", "))."
            + (open > 0 ? " \(messages(open)) need something done." : "")
            + (report.remaining > 0 ? " \(messages(report.remaining)) in the queues now." : "")
    }

    var progress: String {
        "Replaying: \(messages(report.done)) of \(HumanFormat.count(report.messages)) done,"
            + " \(HumanFormat.count(report.counts.all)) items or objects settled"
    }

    private func messages(_ count: Int) -> String { "\(HumanFormat.count(count)) message\(count == 1 ? "" : "s")" }

    private static func text(_ gap: ReplayReport.Gap) -> String {
        var text = "a gap: \(gap.count.map { HumanFormat.count($0) } ?? "some") changes of \(gap.source)"
        if let first = gap.firstDate, let last = gap.lastDate {
            text += " from \(HumanFormat.date(first)) to \(HumanFormat.date(last))"
        }
        return text + " can no longer be read: shard \(gap.shard) of \(gap.stream), sequence numbers \(gap.first) to"
            + " \(gap.last); DynamoDB keeps them for 24 hours"
    }

    private static func command(_ gap: ReplayReport.Gap, _ target: (table: TableARN, filter: String?)) -> String {
        ShellCommand(
            ["sync", "verify", "table", gap.source.description, target.table.description, "--repair"]
                + (target.filter.map { ["--where", $0] } ?? [])
        ).description
    }

    // MARK: JSON

    var json: JSONValue {
        func number(_ value: Int) -> JSONValue { .number(JSONNumber(value)) }
        return [
            "dryRun": .bool(isDryRun),
            "complete": .bool(report.isComplete),
            "messages": number(report.messages),
            "done": number(report.done),
            "skipped": number(report.skipped),
            "planned": number(report.planned),
            "written": number(report.counts.written),
            "deleted": number(report.counts.deleted),
            "unchanged": number(report.counts.unchanged),
            "kept": number(report.counts.kept),
            "remaining": number(report.remaining),
            "left": .array(
                report.left.map { left in
                    [
                        "queue": .string(left.queue), "region": .string(left.region.name),
                        "messageId": .string(left.messageID), "reason": .string(left.reason),
                    ]
                }
            ),
            "gaps": .array(
                report.gaps.map { gap in
                    [
                        "source": .string(gap.source.description), "stream": .string(gap.stream),
                        "shard": .string(gap.shard), "startSequenceNumber": .string(gap.first),
                        "endSequenceNumber": .string(gap.last),
                        "from": gap.firstDate.map { .string($0.iso8601) } ?? .null,
                        "to": gap.lastDate.map { .string($0.iso8601) } ?? .null,
                        "records": gap.count.map { number($0) } ?? .null,
                        "closed": .bool(gap.isClosed),
                        "commands": .array(gap.targets.map { .string(Self.command(gap, $0)) }),
                    ]
                }
            ),
        ]
    }
}
