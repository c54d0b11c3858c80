internal import AWSCore
package import FoundationEssentials

/// Numbers, sizes and times for people; the same everywhere, whatever the machine's language.
package enum HumanFormat {
    /// A size in decimal units with one digit after the point below 100: `0 B`, `999 B`, `1.2 GB`, `345 GB`.
    package static func bytes(_ count: Int) -> String {
        let units = ["B", "kB", "MB", "GB", "TB", "PB", "EB"]
        let sign = count < 0 ? "-" : ""
        guard count.magnitude >= 1_000 else { return "\(sign)\(count.magnitude) B" }
        var value = Double(count.magnitude)
        var unit = 0
        // 999.95 and more would be rounded to the next unit's 1.
        while value >= (unit == 0 ? 1_000 : 999.5), unit < units.count - 1 {
            value /= 1_000
            unit += 1
        }
        return sign + (value < 99.95 ? fixed(value) : "\(Int(value.rounded()))") + " \(units[unit])"
    }

    /// A number with commas between the thousands: `1,234,567`.
    package static func count(_ number: Int) -> String {
        let digits = Array("\(number.magnitude)")
        var result = number < 0 ? "-" : ""
        for (index, digit) in digits.enumerated() {
            if index > 0, (digits.count - index).isMultiple(of: 3) { result += "," }
            result.append(digit)
        }
        return result
    }

    /// A share in percent: `7 %`, `99 %`; 100 only when all is done, 0 only when nothing is.
    package static func percent(_ part: Int, of whole: Int) -> String {
        guard whole > 0 else { return "0 %" }
        let share = Double(part) / Double(whole) * 100
        if part >= whole { return "100 %" }
        if part <= 0 { return "0 %" }
        return "\(min(99, max(1, Int(share.rounded())))) %"
    }

    /// A length of time in its two largest units: `0.4 s`, `12 s`, `4 m 12 s`, `3 h 5 m`, `2 d 4 h`.
    package static func duration(_ duration: Duration) -> String {
        let exact = max(0, duration / .seconds(1))
        if exact > 0 && exact < 0.95 { return "\(fixed(max(0.1, exact))) s" }
        let seconds = exact < 1e15 ? Int(exact.rounded()) : 1_000_000_000_000_000
        let parts = [
            (seconds / 86_400, "d"), (seconds / 3_600 % 24, "h"), (seconds / 60 % 60, "m"), (seconds % 60, "s"),
        ]
        guard let first = parts.firstIndex(where: { $0.0 > 0 }) else { return "0 s" }
        return parts[first...].prefix(2).filter { $0.0 > 0 }.map { "\($0.0) \($0.1)" }.joined(separator: " ")
    }

    /// The time between two instants; `nil` when one of them is not known.
    package static func duration(from start: Date?, to end: Date?) -> String? {
        guard let start, let end else { return nil }
        return duration(.seconds(end.timeIntervalSince(start)))
    }

    /// How long ago an instant was, in its largest unit: `12 s ago`, `3 h ago`, `in 2 d`.
    package static func age(of date: Date, now: Date) -> String {
        let seconds = now.timeIntervalSince(date).rounded()
        let magnitude = Int(min(1e15, abs(seconds)))
        let text =
            switch magnitude {
            case ..<60: "\(magnitude) s"
            case ..<3_600: "\(magnitude / 60) m"
            case ..<172_800: "\(magnitude / 3_600) h"
            default: "\(magnitude / 86_400) d"
            }
        return seconds < 0 ? "in \(text)" : "\(text) ago"
    }

    /// An instant to the second: `2026-11-21 02:00:07 UTC`.
    package static func date(_ date: Date) -> String {
        date.readable
    }

    /// One digit after the point.
    private static func fixed(_ value: Double) -> String {
        let tenths = Int((value * 10).rounded())
        return "\(tenths / 10).\(tenths % 10)"
    }
}
