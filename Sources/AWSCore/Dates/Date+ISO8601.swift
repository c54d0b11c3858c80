package import struct FoundationEssentials.Date

extension Date {
    /// An instant as AWS writes it in events, listings, manifests and credentials: `2026-11-21T02:00:00Z`,
    /// `2026-01-14T10:18:50.622Z`, or with an offset (`+01:00`, `+0100`) instead of `Z`.
    ///
    /// - Returns: `nil` for anything else, and for days and times that do not exist.
    package init?(iso8601 text: some StringProtocol) {
        var text = String(text)
        guard let date = text.withUTF8({ Date(iso8601: $0) }) else { return nil }
        self = date
    }

    /// The same for a text that is bytes of something larger.
    package init?(iso8601 bytes: ArraySlice<UInt8>) {
        guard let date = bytes.withUnsafeBufferPointer({ Date(iso8601: $0) }) else { return nil }
        self = date
    }

    private init?(iso8601 bytes: UnsafeBufferPointer<UInt8>) {
        func number(_ range: Range<Int>) -> Int? {
            var value = 0
            for byte in bytes[range] {
                guard byte.isASCIIDigit else { return nil }
                value = value * 10 + Int(byte - UInt8(ascii: "0"))
            }
            return value
        }
        guard bytes.count >= 20, bytes[4] == UInt8(ascii: "-"), bytes[7] == UInt8(ascii: "-"),
            bytes[10] | 0x20 == UInt8(ascii: "t"), bytes[13] == UInt8(ascii: ":"), bytes[16] == UInt8(ascii: ":"),
            let year = number(0..<4), let month = number(5..<7), let dayOfMonth = number(8..<10),
            let day = CivilDate(year: year, month: month, day: dayOfMonth),
            let hour = number(11..<13), let minute = number(14..<16), let second = number(17..<19),
            hour < 24, minute < 60, second <= 60
        else { return nil }
        var index = 19
        var fraction = 0.0
        if bytes[index] == UInt8(ascii: ".") {
            let start = index + 1
            index = start
            while index < bytes.count, bytes[index].isASCIIDigit { index += 1 }
            guard (1...18).contains(index - start), let value = number(start..<index) else { return nil }
            var scale = 1.0
            for _ in start..<index { scale *= 10 }
            fraction = Double(value) / scale
        }
        guard index < bytes.count else { return nil }
        var offset = 0
        let zone = index..<bytes.count
        switch bytes[index] {
        case UInt8(ascii: "Z"), UInt8(ascii: "z"):
            guard zone.count == 1 else { return nil }
        case UInt8(ascii: "+"), UInt8(ascii: "-"):
            let hasColon = zone.count == 6 && bytes[index + 3] == UInt8(ascii: ":")
            guard hasColon || zone.count == 5, let hours = number((index + 1)..<(index + 3)),
                let minutes = number((bytes.count - 2)..<bytes.count), hours < 24, minutes < 60
            else { return nil }
            offset = (hours * 3_600 + minutes * 60) * (bytes[index] == UInt8(ascii: "-") ? -1 : 1)
        default: return nil
        }
        let seconds = day.daysSinceEpoch * 86_400 + hour * 3_600 + minute * 60 + second - offset
        self.init(timeIntervalSince1970: Double(seconds) + fraction)
    }

    /// The instant to the second, in UTC: `2026-11-21T02:00:00Z`.
    package var iso8601: String { formatted(separator: "T", milliseconds: false, suffix: "Z") }

    /// The instant to the millisecond, in UTC: `2026-11-21T02:00:07.123Z`.
    package var iso8601WithMilliseconds: String { formatted(separator: "T", milliseconds: true, suffix: "Z") }

    /// The instant to the second for people to read: `2026-11-21 02:00:00 UTC`.
    package var readable: String { formatted(separator: " ", milliseconds: false, suffix: " UTC") }

    /// Rounds down.
    ///
    /// Instants outside the years 0 to 9999 become the first or last inside, a NaN the first of 1970.
    private func formatted(separator: Unicode.Scalar, milliseconds: Bool, suffix: StaticString) -> String {
        let first = -62_167_219_200_000.0  // 0000-01-01T00:00:00.000Z
        let last = 253_402_300_799_999.0  // 9999-12-31T23:59:59.999Z
        let interval = (timeIntervalSince1970 * 1_000).rounded(.down)
        let instant = interval.isNaN ? 0 : Int(Swift.min(Swift.max(interval, first), last))
        let days = (instant >= 0 ? instant : instant - 86_399_999) / 86_400_000
        let time = instant - days * 86_400_000
        let date = CivilDate(daysSinceEpoch: days)
        return String(unsafeUninitializedCapacity: 32) { text in
            var count = 0
            func append(_ byte: UInt8) {
                text[count] = byte
                count += 1
            }
            func append(_ value: Int, digits: Int) {
                var rest = value
                for index in stride(from: count + digits - 1, through: count, by: -1) {
                    text[index] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
                    rest /= 10
                }
                count += digits
            }
            append(date.year, digits: 4)
            append(UInt8(ascii: "-"))
            append(date.month, digits: 2)
            append(UInt8(ascii: "-"))
            append(date.day, digits: 2)
            append(UInt8(ascii: separator))
            append(time / 3_600_000, digits: 2)
            append(UInt8(ascii: ":"))
            append(time / 60_000 % 60, digits: 2)
            append(UInt8(ascii: ":"))
            append(time / 1_000 % 60, digits: 2)
            if milliseconds {
                append(UInt8(ascii: "."))
                append(time % 1_000, digits: 3)
            }
            suffix.withUTF8Buffer { for byte in $0 { append(byte) } }
            return count
        }
    }
}
