import FoundationEssentials

/// Times as S3 writes them.
enum FakeS3Time {
    static func xml(_ date: Date) -> String {
        let text = Date(timeIntervalSince1970: date.timeIntervalSince1970.rounded(.down)).formatted(.iso8601)
        return text.dropLast() + ".000Z"
    }

    static func http(_ date: Date) -> String {
        let seconds = Int(date.timeIntervalSince1970.rounded(.down))
        let days = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        // 2026-11-21T02:00:07.000Z
        let text = Array(xml(date).utf8)
        func part(_ range: Range<Int>) -> String { String(decoding: text[range], as: UTF8.self) }
        let month = (Int(part(5..<7)) ?? 1) - 1
        return "\(days[seconds / 86_400 % 7]), \(part(8..<10)) \(months[month]) \(part(0..<4)) \(part(11..<19)) GMT"
    }
}
