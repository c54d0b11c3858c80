import AWSCore
import SyncCore
import Terminal

/// How a bucket sync ended, for people and for programs.
struct BucketReport {
    let report: BucketSyncReport
    let source: String
    let target: String
    let options: BucketSyncOptions
    let elapsed: Duration

    /// - Throws: ``TextOutput/Failure``.
    func print(to console: Console) throws {
        let would = options.isDryRun ? "Would copy" : "Copied"
        let seconds = max(elapsed / .seconds(1), 0.001)
        var first = "\(would) \(objects(report.transferredObjects)) (\(HumanFormat.bytes(report.transferredBytes)))"
        first += " from \(source.escapedForTerminal) to \(target.escapedForTerminal)"
        if !options.isDryRun {
            first += " in \(HumanFormat.duration(elapsed))"
            if report.transferredObjects > 0 {
                first += ", \(HumanFormat.count(Int(Double(report.transferredObjects) / seconds))) objects/s"
                first += ", \(HumanFormat.bytes(Int(Double(report.transferredBytes) / seconds)))/s"
            }
        }
        try console.print(first + ".")
        let equal = report.listed.unchanged + report.foundEqual
        var rest: [String] = []
        if equal > 0 { rest.append("\(HumanFormat.count(equal)) unchanged") }
        if report.listed.excluded > 0 {
            rest.append("\(HumanFormat.count(report.listed.excluded)) left out by filters")
        }
        if report.folderMarkers > 0 { rest.append("\(HumanFormat.count(report.folderMarkers)) folder markers skipped") }
        if report.vanished > 0 { rest.append("\(HumanFormat.count(report.vanished)) gone since they were listed") }
        if report.conflicts > 0 { rest.append("\(HumanFormat.count(report.conflicts)) changed by others meanwhile") }
        if report.takenBack > 0 {
            rest.append("\(HumanFormat.count(report.takenBack)) taken back, since the source lost them")
        }
        if report.slowDowns > 0 {
            rest.append("slowed down \(HumanFormat.count(report.slowDowns)) times as S3 asked")
        }
        if options.deletion != nil {
            rest.append("\(HumanFormat.count(report.deleted)) \(options.isDryRun ? "would be deleted" : "deleted")")
        } else if report.listed.extra > 0 {
            rest.append("\(HumanFormat.count(report.listed.extra)) only at the target (kept; --delete deletes)")
        }
        if !rest.isEmpty { try console.print(rest.joined(separator: ", ") + ".") }
        printTroubles(to: console)
    }

    /// What is not at the target, on standard error.
    private func printTroubles(to console: Console) {
        if report.archived > 0 {
            console.warn("\(objects(report.archived)) are archived and must be restored before they can be copied:")
            names(report.archivedKeys, of: report.archived, console)
        }
        if report.failed > 0 {
            console.warn("\(objects(report.failed)) failed:")
            names(report.failures.map { "\($0.key): \($0.message)" }, of: report.failed, console)
        }
        if let reason = report.deletionRefusal {
            console.warn("nothing was deleted: \(reason)")
        }
    }

    private func names(_ lines: [String], of count: Int, _ console: Console) {
        for line in lines.prefix(20) { console.warn("  \(line)") }
        let hidden = count - min(lines.count, 20)
        if hidden > 0 {
            console.warn(
                "  and \(HumanFormat.count(hidden)) more\(lines.count > 20 ? " (--output json has more)" : "")"
            )
        }
    }

    private func objects(_ count: Int) -> String { "\(HumanFormat.count(count)) object\(count == 1 ? "" : "s")" }

    var json: JSONValue {
        func number(_ value: Int) -> JSONValue { .number(JSONNumber(value)) }
        return .object([
            "source": .string(source),
            "target": .string(target),
            "dryRun": .bool(options.isDryRun),
            "streamed": .bool(options.streams),
            "sourceObjects": number(report.listed.sourceObjects),
            "sourceBytes": number(report.listed.sourceBytes),
            "targetObjects": number(report.listed.targetObjects),
            "transferredObjects": number(report.transferredObjects),
            "transferredBytes": number(report.transferredBytes),
            "unchanged": number(report.listed.unchanged + report.foundEqual),
            "excluded": number(report.listed.excluded),
            "onlyAtTarget": number(report.listed.extra),
            "deleted": number(report.deleted),
            "deletionRefusal": report.deletionRefusal.map { .string($0) } ?? .null,
            "folderMarkers": number(report.folderMarkers),
            "vanished": number(report.vanished),
            "conflicts": number(report.conflicts),
            "takenBack": number(report.takenBack),
            "slowDowns": number(report.slowDowns),
            "archived": number(report.archived),
            "archivedKeys": .array(report.archivedKeys.map { .string($0) }),
            "failed": number(report.failed),
            "failures": .array(
                report.failures.map { failure in
                    .object([
                        "key": .string(failure.key), "code": .string(failure.code), "message": .string(failure.message),
                    ])
                }
            ),
            "complete": .bool(report.isComplete),
        ])
    }
}
