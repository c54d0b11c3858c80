package import struct FoundationEssentials.Date

/// A calendar day in UTC, the folder in which a day's backups lie.
///
/// Real days of the years 1 to 9999 only, in the Gregorian calendar carried back before 1582.
package struct BackupDate: Sendable, Hashable {
    package let year: Int
    package let month: Int
    package let day: Int

    /// - Returns: `nil` for a day that no calendar has, such as 30 February.
    package init?(year: Int, month: Int, day: Int) {
        guard (1...9999).contains(year), (1...12).contains(month),
            (1...BackupDate.numberOfDays(inMonth: month, year: year)).contains(day)
        else { return nil }
        self.init(checkedYear: year, month: month, day: day)
    }

    private init(checkedYear: Int, month: Int, day: Int) {
        self.year = checkedYear
        self.month = month
        self.day = day
    }

    /// The day of a text such as `2026/11/21` or `2026-11-21`; both separators must be the same, all digits there.
    package init?(_ text: some StringProtocol) {
        self.init(utf8: Array(text.utf8)[...])
    }

    init?<Bytes: RandomAccessCollection<UInt8>>(utf8 bytes: Bytes) where Bytes.Index == Int {
        let start = bytes.startIndex
        guard bytes.count == 10, bytes[start + 4] == bytes[start + 7],
            bytes[start + 4] == UInt8(ascii: "/") || bytes[start + 4] == UInt8(ascii: "-"),
            let year = Int(digits: bytes[start..<start + 4]), let month = Int(digits: bytes[start + 5..<start + 7]),
            let day = Int(digits: bytes[start + 8..<start + 10])
        else { return nil }
        self.init(year: year, month: month, day: day)
    }

    /// The day in UTC that holds an instant; instants outside the years 1 to 9999 give the first or last day of these,
    /// a NaN the first.
    package init(_ instant: Date) {
        let days = (instant.timeIntervalSince1970 / 86_400).rounded(.down)
        guard !days.isNaN else {
            self = BackupDate.minimum
            return
        }
        let limited = Swift.min(
            Swift.max(days, Double(BackupDate.minimum.daysSinceEpoch)),
            Double(BackupDate.maximum.daysSinceEpoch)
        )
        self.init(daysSinceEpochWithinRange: Int(limited))
    }

    package static let minimum = BackupDate(checkedYear: 1, month: 1, day: 1)
    package static let maximum = BackupDate(checkedYear: 9999, month: 12, day: 31)

    /// Days since 1 January 1970, negative before it.
    ///
    /// Counts in years that begin in March, so that the leap day is a year's last; "chrono-Compatible Low-Level Date
    /// Algorithms" by Howard Hinnant explains the numbers.
    package var daysSinceEpoch: Int {
        let shiftedYear = month > 2 ? year : year - 1
        let era = shiftedYear / 400
        let yearOfEra = shiftedYear - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * 146_097 + dayOfEra - 719_468
    }

    /// - Returns: `nil` outside the years 1 to 9999.
    package init?(daysSinceEpoch days: Int) {
        guard (BackupDate.minimum.daysSinceEpoch...BackupDate.maximum.daysSinceEpoch).contains(days) else { return nil }
        self.init(daysSinceEpochWithinRange: days)
    }

    private init(daysSinceEpochWithinRange days: Int) {
        let shifted = days + 719_468
        let era = shifted / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        self.init(
            checkedYear: yearOfEra + era * 400 + (month <= 2 ? 1 : 0),
            month: month,
            day: dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
        )
    }

    /// The day that many days later, or earlier for a negative number; `nil` outside the years 1 to 9999.
    package func adding(days: Int) -> BackupDate? {
        let (sum, overflow) = daysSinceEpoch.addingReportingOverflow(days)
        return overflow ? nil : BackupDate(daysSinceEpoch: sum)
    }

    /// The day's first instant, 00:00 UTC.
    package var start: Date { Date(timeIntervalSince1970: Double(daysSinceEpoch) * 86_400) }

    /// `20261121`, as names of restored tables hold it.
    package var compactDescription: String {
        year.padded(to: 4) + month.padded(to: 2) + day.padded(to: 2)
    }

    private static func numberOfDays(inMonth month: Int, year: Int) -> Int {
        switch month {
        case 2: year.isMultiple(of: 4) && (!year.isMultiple(of: 100) || year.isMultiple(of: 400)) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }
}

extension BackupDate: Comparable {
    package static func < (left: BackupDate, right: BackupDate) -> Bool {
        (left.year, left.month, left.day) < (right.year, right.month, right.day)
    }
}

extension BackupDate: CustomStringConvertible {
    /// `2026/11/21`, the day as it stands in keys.
    package var description: String { "\(year.padded(to: 4))/\(month.padded(to: 2))/\(day.padded(to: 2))" }
}

extension Int {
    /// A number of decimal digits and nothing else; `Int(_:)` would take a sign as well.
    init?(digits: some Collection<UInt8>) {
        guard !digits.isEmpty, digits.count <= 18 else { return nil }
        var value = 0
        for byte in digits {
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else { return nil }
            value = value * 10 + Int(byte - UInt8(ascii: "0"))
        }
        self = value
    }

    /// The digits of a number that is not negative, with zeros in front.
    func padded(to width: Int) -> String {
        let digits = String(self)
        return String(repeating: "0", count: Swift.max(0, width - digits.utf8.count)) + digits
    }
}
