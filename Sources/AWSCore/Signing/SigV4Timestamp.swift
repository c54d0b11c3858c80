internal import struct FoundationEssentials.Date

/// The instant of a signature, as `20150830T123600Z`, and its UTC day.
///
/// Header and credential scope take their date from one value of this type, so that no signature straddles midnight.
struct SigV4Timestamp: Sendable, Equatable {
    /// Days since 1970-01-01, UTC.
    let day: Int
    private let text: SIMD16<UInt8>

    /// Takes the second that `date` lies in; years outside 1970–9999 become the nearest second inside.
    init(_ date: Date) {
        let limit = 253_402_300_799.0  // 9999-12-31T23:59:59Z
        let interval = date.timeIntervalSince1970
        let seconds = interval.isNaN ? 0 : Int(min(max(interval, 0), limit))
        day = seconds / 86_400
        let second = seconds % 86_400
        let (year, month, dayOfMonth) = Self.civilDate(day: day)

        var text = SIMD16<UInt8>(repeating: UInt8(ascii: "Z"))
        func put(_ value: Int, at index: Int) {
            text[index] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: value / 10)
            text[index + 1] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: value % 10)
        }
        put(year / 100, at: 0)
        put(year % 100, at: 2)
        put(month, at: 4)
        put(dayOfMonth, at: 6)
        text[8] = UInt8(ascii: "T")
        put(second / 3600, at: 9)
        put(second / 60 % 60, at: 11)
        put(second % 60, at: 13)
        self.text = text
    }

    /// `20150830T123600Z`.
    var string: String {
        withBytes { String(decoding: $0, as: UTF8.self) }
    }

    func withBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
        try withUnsafeBytes(of: text, body)
    }

    /// `20150830`.
    func withDateBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
        try withUnsafeBytes(of: text) { try body(UnsafeRawBufferPointer(rebasing: $0[..<8])) }
    }

    /// The Gregorian date of a day after 1970-01-01, counted in 400-year eras that begin on 1 March.
    ///
    /// Foundation's calendar would take longer for this than the whole signature.
    private static func civilDate(day: Int) -> (year: Int, month: Int, day: Int) {
        let shifted = day + 719_468  // days since 0000-03-01
        let era = shifted / 146_097
        let dayOfEra = shifted % 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        let dayOfMonth = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
        let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfMonth)
    }
}
