import SyncCore
import Terminal

/// The line that shows how far a copy is.
struct TableProgress: Sendable {
    /// As DescribeTable says, hours old; `nil` or 0 where it does not know.
    let itemCount: Int?
    /// What earlier runs have done.
    let before: CopyCounts

    func text(_ progress: TableCopy.Progress) -> String {
        let counts = progress.counts
        let done = counts.written + counts.kept + counts.failed + counts.filtered + counts.expired
        let seconds = progress.elapsed / .seconds(1)
        let rate = seconds > 0.5 ? Double(max(0, done - before.read)) / seconds : 0
        var parts = ["\(HumanFormat.count(done)) items"]
        if let itemCount, itemCount > 0 {
            // The number is hours old: there may be more by now.
            let expected = max(itemCount, counts.read)
            parts[0] += " of \(HumanFormat.count(expected)) (\(HumanFormat.percent(done, of: expected)))"
            if rate > 0, done < expected {
                parts.append("\(HumanFormat.duration(.seconds(Double(expected - done) / rate))) left")
            }
        }
        if rate > 0 {
            parts.append("\(HumanFormat.count(Int(rate)))/s")
            parts.append("\(HumanFormat.count(Int(progress.readUnits / seconds))) RCU/s")
            parts.append("\(HumanFormat.count(Int(progress.writeUnits / seconds))) WCU/s")
        }
        if counts.failed > 0 { parts.append("\(HumanFormat.count(counts.failed)) failed") }
        if progress.throttled > 0 { parts.append("throttled \(HumanFormat.count(progress.throttled)) times") }
        return "Copying: " + parts.joined(separator: ", ")
    }
}
