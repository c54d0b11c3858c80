package import struct FoundationEssentials.Date

/// When an EventBridge rule fires: `cron(…)` in UTC, or `rate(…)`.
///
/// Source: EventBridge User Guide, "Cron expressions" and "Rate expressions".
package enum ScheduleExpression: Sendable, Equatable {
    case cron(CronExpression)
    /// Seconds between two runs. When the first was is known to EventBridge alone.
    case rate(seconds: Int)

    /// - Returns: `nil` when EventBridge would refuse the expression.
    package init?(_ text: String) {
        guard text.hasSuffix(")") else { return nil }
        if text.hasPrefix("cron(") {
            guard let cron = CronExpression(text.dropFirst(5).dropLast()) else { return nil }
            self = .cron(cron)
        } else if text.hasPrefix("rate(") {
            let parts = text.dropFirst(5).dropLast().split(separator: " ")
            guard parts.count == 2, let value = Int(parts[0]), value > 0 else { return nil }
            let units = ["minute": 60, "hour": 3_600, "day": 86_400]
            let plural = value > 1
            guard parts[1].hasSuffix("s") == plural,
                let unit = units[String(plural ? parts[1].dropLast() : parts[1])]
            else { return nil }
            self = .rate(seconds: value * unit)
        } else {
            return nil
        }
    }

    /// The next run after an instant; `nil` for a rate, and for a cron expression that never comes again.
    package func next(after instant: Date) -> Date? {
        switch self {
        case .cron(let cron): cron.next(after: instant)
        case .rate: nil
        }
    }
}
