package import struct FoundationEssentials.Date

/// The date form of HTTP header fields, `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110 section 5.6.7).
package enum HTTPDate {
    private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

    /// - Returns: `nil` for anything but the preferred form, which is all that AWS sends.
    package static func parse(_ text: String) -> Date? {
        let parts = text.split(separator: " ")
        guard parts.count == 6, parts[5] == "GMT",
            let dayOfMonth = Int(parts[1]), let month = months.firstIndex(of: String(parts[2])),
            let year = Int(parts[3]),
            year >= 1970, let day = CivilDate(year: year, month: month + 1, day: dayOfMonth)
        else { return nil }
        let time = parts[4].split(separator: ":").compactMap { Int($0) }
        guard time.count == 3, (0..<24).contains(time[0]), (0..<60).contains(time[1]), (0...60).contains(time[2]) else {
            return nil
        }
        return Date(
            timeIntervalSince1970: Double(day.daysSinceEpoch * 86_400 + time[0] * 3_600 + time[1] * 60 + time[2])
        )
    }
}
