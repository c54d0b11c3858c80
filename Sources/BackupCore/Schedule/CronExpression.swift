package import struct FoundationEssentials.Date

/// The six fields of EventBridge's cron expressions: minutes, hours, day of month, month, day of week, year.
package struct CronExpression: Sendable, Equatable {
    private let minutes: Set<Int>
    private let hours: Set<Int>
    private let days: CronDays
    private let months: Set<Int>
    private let years: Set<Int>

    private static let monthNames = [
        "JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC",
    ]

    /// - Parameter text: what stands between the parentheses of `cron(…)`.
    package init?(_ text: some StringProtocol) {
        let fields = text.split(separator: " ").map { String($0).uppercased() }
        guard fields.count == 6,
            let minutes = CronField.values(fields[0], in: 0...59),
            let hours = CronField.values(fields[1], in: 0...23),
            let months = CronField.values(fields[3], in: 1...12, names: Self.monthNames),
            let years = CronField.values(fields[5], in: 1970...2199),
            let days = CronDays(dayOfMonth: fields[2], dayOfWeek: fields[4])
        else { return nil }
        self.minutes = minutes
        self.hours = hours
        self.days = days
        self.months = months
        self.years = years
    }

    /// The first matching minute after an instant; `nil` when none comes within the years that EventBridge knows.
    package func next(after instant: Date) -> Date? {
        let minute = Int((instant.timeIntervalSince1970 / 60).rounded(.down)) + 1
        var day = BackupDate(Date(timeIntervalSince1970: Double(minute * 60)))
        var first = minute - day.daysSinceEpoch * 1_440
        while day.year <= 2199 {
            if years.contains(day.year), months.contains(day.month), days.contains(day) {
                for hour in hours.sorted() where hour * 60 + 59 >= first {
                    if let match = minutes.sorted().first(where: { hour * 60 + $0 >= first }) {
                        return day.start.addingTimeInterval(Double((hour * 60 + match) * 60))
                    }
                }
            }
            guard let following = day.adding(days: 1) else { return nil }
            day = following
            first = 0
        }
        return nil
    }
}

/// One comma-separated field: `*`, `5`, `1-5`, `0/15`, `MON-FRI`.
enum CronField {
    /// - Returns: `nil` when the field is not valid.
    static func values(_ text: String, in bounds: ClosedRange<Int>, names: [String] = []) -> Set<Int>? {
        var values: Set<Int> = []
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            guard let more = range(part, in: bounds, names: names) else { return nil }
            values.formUnion(more)
        }
        return values
    }

    static func value(_ text: some StringProtocol, in bounds: ClosedRange<Int>, names: [String]) -> Int? {
        let number = names.firstIndex(of: String(text)).map { $0 + bounds.lowerBound } ?? Int(text)
        return number.flatMap { bounds.contains($0) ? $0 : nil }
    }

    private static func range(_ text: Substring, in bounds: ClosedRange<Int>, names: [String]) -> Set<Int>? {
        let step = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        var stride = 1
        if step.count == 2 {
            guard let number = Int(step[1]), number > 0 else { return nil }
            stride = number
        }
        let ends = step[0].split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
        let first: Int
        let last: Int
        if step[0] == "*" {
            (first, last) = (bounds.lowerBound, bounds.upperBound)
        } else if ends.count == 2 {
            guard let low = value(ends[0], in: bounds, names: names),
                let high = value(ends[1], in: bounds, names: names), low <= high
            else { return nil }
            (first, last) = (low, high)
        } else {
            guard let only = value(step[0], in: bounds, names: names) else { return nil }
            // "5/15" begins at 5 and goes on to the end; "5" is just that.
            (first, last) = (only, step.count == 2 ? bounds.upperBound : only)
        }
        return Set(Swift.stride(from: first, through: last, by: stride))
    }
}
