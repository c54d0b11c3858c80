/// The two day fields of a cron expression, of which exactly one says something.
///
/// Day of month: `15`, `L`, `15W`. Day of week, counted from 1 for Sunday: `2`, `MON-FRI`, `6L`, `3#2`.
struct CronDays: Sendable, Equatable {
    private enum Rule: Sendable, Equatable {
        case daysOfMonth(Set<Int>)
        case lastDayOfMonth
        /// The weekday nearest to that day of the month, within the month.
        case nearestWeekday(Int)
        case daysOfWeek(Set<Int>)
        /// The last such day of the week in the month.
        case lastDayOfWeek(Int)
        /// The first, second, … such day of the week in the month.
        case nthDayOfWeek(Int, nth: Int)
    }

    private let rule: Rule

    private static let weekdayNames = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"]

    init?(dayOfMonth: String, dayOfWeek: String) {
        switch (dayOfMonth, dayOfWeek) {
        case ("?", let week) where week != "?":
            guard let rule = Self.weekRule(week) else { return nil }
            self.rule = rule
        case (let month, "?") where month != "?":
            guard let rule = Self.monthRule(month) else { return nil }
            self.rule = rule
        default:
            return nil
        }
    }

    func contains(_ date: BackupDate) -> Bool {
        let length = Self.daysInMonth(of: date)
        // 1970-01-01 was a Thursday.
        let weekday = Self.weekday(ofDaysSinceEpoch: date.daysSinceEpoch)
        switch rule {
        case .daysOfMonth(let days): return days.contains(date.day)
        case .lastDayOfMonth: return date.day == length
        case .nearestWeekday(let day):
            guard day <= length else { return false }
            let target = Self.weekday(ofDaysSinceEpoch: date.daysSinceEpoch - date.day + day)
            let nearest =
                switch target {
                case 7: day > 1 ? day - 1 : day + 2
                case 1: day < length ? day + 1 : day - 2
                default: day
                }
            return date.day == nearest
        case .daysOfWeek(let days): return days.contains(weekday)
        case .lastDayOfWeek(let day): return weekday == day && date.day + 7 > length
        case .nthDayOfWeek(let day, let nth): return weekday == day && (date.day - 1) / 7 + 1 == nth
        }
    }

    private static func monthRule(_ text: String) -> Rule? {
        if text == "L" { return .lastDayOfMonth }
        if text.hasSuffix("W") {
            return CronField.value(text.dropLast(), in: 1...31, names: []).map { .nearestWeekday($0) }
        }
        return CronField.values(text, in: 1...31).map { .daysOfMonth($0) }
    }

    private static func weekRule(_ text: String) -> Rule? {
        if text == "L" { return .daysOfWeek([7]) }
        if text.hasSuffix("L") {
            return CronField.value(text.dropLast(), in: 1...7, names: weekdayNames).map { .lastDayOfWeek($0) }
        }
        let parts = text.split(separator: "#", omittingEmptySubsequences: false)
        if parts.count == 2 {
            guard let day = CronField.value(parts[0], in: 1...7, names: weekdayNames),
                let nth = CronField.value(parts[1], in: 1...5, names: [])
            else { return nil }
            return .nthDayOfWeek(day, nth: nth)
        }
        return CronField.values(text, in: 1...7, names: weekdayNames).map { .daysOfWeek($0) }
    }

    private static func weekday(ofDaysSinceEpoch days: Int) -> Int { ((days + 4) % 7 + 7) % 7 + 1 }

    private static func daysInMonth(of date: BackupDate) -> Int {
        for length in [31, 30, 29] where BackupDate(year: date.year, month: date.month, day: length) != nil {
            return length
        }
        return 28
    }
}
