package import struct FoundationEssentials.Date

extension Date {
    /// An instant as AWS writes it in events and manifests: `2026-11-21T02:00:00Z`, `2026-01-14T10:18:50.622Z`, or with
    /// an offset instead of `Z`.
    ///
    /// - Returns: `nil` for anything else, and for days and times that do not exist.
    package init?(iso8601 text: String) {
        var bytes = Array(text.utf8)[...]
        guard bytes.count >= 20, let day = BackupDate(text.prefix(10)), bytes[4] == UInt8(ascii: "-"),
            bytes[10] | 0x20 == UInt8(ascii: "t"), bytes[13] == UInt8(ascii: ":"), bytes[16] == UInt8(ascii: ":"),
            let hour = Int(digits: bytes[11..<13]), let minute = Int(digits: bytes[14..<16]),
            let second = Int(digits: bytes[17..<19]), hour < 24, minute < 60, second <= 60
        else { return nil }
        bytes = bytes[19...]
        var fraction = 0.0
        if bytes.first == UInt8(ascii: ".") {
            let digits = bytes.dropFirst().prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
            guard let value = Int(digits: digits) else { return nil }
            fraction = (0..<digits.count).reduce(Double(value)) { value, _ in value / 10 }
            bytes = bytes[digits.endIndex...]
        }
        var offset = 0
        switch bytes.first {
        case UInt8(ascii: "Z") where bytes.count == 1, UInt8(ascii: "z") where bytes.count == 1: break
        case UInt8(ascii: "+") where bytes.count == 6, UInt8(ascii: "-") where bytes.count == 6:
            let start = bytes.startIndex
            guard bytes[start + 3] == UInt8(ascii: ":"), let hours = Int(digits: bytes[(start + 1)..<(start + 3)]),
                let minutes = Int(digits: bytes[(start + 4)...]), hours < 24, minutes < 60
            else { return nil }
            offset = (hours * 3_600 + minutes * 60) * (bytes.first == UInt8(ascii: "-") ? -1 : 1)
        default: return nil
        }
        let seconds = day.daysSinceEpoch * 86_400 + hour * 3_600 + minute * 60 + second - offset
        self.init(timeIntervalSince1970: Double(seconds) + fraction)
    }

    /// The instant to the second, in UTC: `2026-11-21T02:00:00Z`.
    package var iso8601: String {
        let day = BackupDate(self)
        let seconds = Int((timeIntervalSince1970 - day.start.timeIntervalSince1970).rounded(.down))
        let time = [seconds / 3_600, seconds / 60 % 60, seconds % 60].map { $0.padded(to: 2) }.joined(separator: ":")
        return "\(day.description.split(separator: "/").joined(separator: "-"))T\(time)Z"
    }
}
