import AWSCore
import FoundationEssentials
import SyncCore
import Terminal

/// The status for people.
struct StatusText {
    let status: SyncStatus

    /// All of it, with colours as the styler has them.
    func text(_ styler: Styler) -> String {
        var lines = ["Live sync at \(HumanFormat.date(status.date))", "", table.rendered(styler)]
        let safe = status.mappings.count { $0.isSafe }
        guard safe < status.mappings.count else {
            lines.append(styler.apply(.good, to: "Cutting over is safe.") + " sync cutover walks through it.")
            return lines.joined(separator: "\n") + "\n"
        }
        lines.append(styler.apply(.bad, to: "Cutting over is not safe:"))
        for mapping in status.mappings where !mapping.isSafe {
            lines.append("  \(mapping.pair.description.escapedForTerminal)")
            lines += mapping.reasons.map { "    - \($0.escapedForTerminal)" }
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private var table: TextTable {
        var table = TextTable([
            .init("SOURCE"), .init("TARGET"), .init("LIVE"), .init("LAG", .trailing), .init("WAITING", .trailing),
            .init("FAILED", .trailing), .init("HISTORY"), .init("VERIFIED"), .init("SAFE"),
        ])
        for mapping in status.mappings {
            table.add([
                .init(Self.name(mapping.pair, mapping.pair.source), .bold),
                .init(Self.name(mapping.pair, mapping.pair.target)),
                Self.live(mapping.live), Self.lag(mapping.live),
                Self.count(mapping.live.waiting, isBadAboveZero: false),
                Self.count(mapping.live.failures, isBadAboveZero: true),
                Self.history(mapping), verified(mapping),
                mapping.isSafe ? .init("yes", .good) : .init("no", .bad),
            ])
        }
        return table
    }

    static func name(_ pair: SyncPair, _ side: String) -> String {
        guard pair.kind == .table, let arn = ARN(side), let name = arn.tableName else { return side }
        return "\(name) (\(arn.region))"
    }

    private static func live(_ live: LiveStatus) -> TextTable.Cell {
        switch live.eventSource {
        case .unknown: .init("not running", .bad)
        case .value(let source):
            live.faults.isEmpty
                ? .init(source.state ?? "state unknown", source.state == "Enabled" ? .good : .warning)
                : .init(source.state.map { "\($0), faulty" } ?? "faulty", .bad)
        }
    }

    private static func lag(_ live: LiveStatus) -> TextTable.Cell {
        switch live.lag {
        case .value(let seconds): .init(HumanFormat.duration(.seconds(seconds)))
        case .unknown: live.isIdle ? "idle" : .init("unknown", .warning)
        }
    }

    private static func count(_ count: Known<Int>?, isBadAboveZero: Bool) -> TextTable.Cell {
        switch count {
        case nil: "-"
        case .value(let count): .init(HumanFormat.count(count), count > 0 && isBadAboveZero ? .bad : .plain)
        case .unknown: .init("unknown", .warning)
        }
    }

    private static func history(_ mapping: MappingStatus) -> TextTable.Cell {
        guard let history = mapping.history else { return .init("none here", .warning) }
        switch history.state {
        case .finished:
            let failed = history.failed > 0 ? ", \(HumanFormat.count(history.failed)) failed" : ""
            let date = history.date.map { "done \(HumanFormat.date($0))" } ?? "done"
            return .init(date + failed, history.failed > 0 ? .warning : .good)
        case .running: return .init(progress(mapping, history))
        case .interrupted: return .init("interrupted at \(progress(mapping, history))", .warning)
        }
    }

    /// DescribeTable's number is hours old: never all before the end.
    static func percent(_ mapping: MappingStatus, _ history: HistoryProgress) -> Int? {
        if history.state == .finished { return 100 }
        guard let total = history.total ?? mapping.sourceItemCount, total > 0 else { return nil }
        return min(99, history.done * 100 / total)
    }

    private static func progress(_ mapping: MappingStatus, _ history: HistoryProgress) -> String {
        percent(mapping, history).map { "\($0) %" } ?? "\(HumanFormat.count(history.done)) done"
    }

    private func verified(_ mapping: MappingStatus) -> TextTable.Cell {
        guard let verification = mapping.verification else { return .init("never here", .warning) }
        let age = HumanFormat.age(of: verification.endDate, now: status.date)
        return .init("\(verification.verdict) \(age)", verification.proves(mapping.filter) ? .good : .bad)
    }
}
