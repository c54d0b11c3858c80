internal import AWSCore

package import struct FoundationEssentials.Date

/// A calendar day in UTC, the folder in which a day's backups lie.
///
/// Real days of the years 1 to 9999 only, in the Gregorian calendar carried back before 1582.
package struct BackupDate: Sendable, Hashable {
    private let date: CivilDate

    package var year: Int { date.year }
    package var month: Int { date.month }
    package var day: Int { date.day }

    /// - Returns: `nil` for a day that no calendar has, such as 30 February.
    package init?(year: Int, month: Int, day: Int) {
        guard year >= 1, let date = CivilDate(year: year, month: month, day: day) else { return nil }
        self.date = date
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
        date = CivilDate(daysSinceEpoch: Int(limited))
    }

    /// 0001-01-01.
    package static let minimum = BackupDate(date: CivilDate(daysSinceEpoch: -719_162))
    /// 9999-12-31.
    package static let maximum = BackupDate(date: CivilDate(daysSinceEpoch: 2_932_896))

    private init(date: CivilDate) {
        self.date = date
    }

    /// Days since 1 January 1970, negative before it.
    package var daysSinceEpoch: Int { date.daysSinceEpoch }

    /// - Returns: `nil` outside the years 1 to 9999.
    package init?(daysSinceEpoch days: Int) {
        guard (BackupDate.minimum.daysSinceEpoch...BackupDate.maximum.daysSinceEpoch).contains(days) else { return nil }
        date = CivilDate(daysSinceEpoch: days)
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
