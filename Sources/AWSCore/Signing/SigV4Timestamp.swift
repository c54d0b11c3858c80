internal import struct FoundationEssentials.Date

/// The instant of a signature, as `20150830T123600Z`, and its UTC day.
///
/// Header and credential scope take their date from one value of this type, so that no signature straddles midnight.
struct SigV4Timestamp: Sendable, Equatable {
    /// Days since 1970-01-01, UTC.
    let day: Int
    private let text: SIMD16<UInt8>

    /// Takes the second that `instant` lies in; years outside 1970–9999 become the nearest second inside.
    init(_ instant: Date) {
        let limit = 253_402_300_799.0  // 9999-12-31T23:59:59Z
        let interval = instant.timeIntervalSince1970
        let seconds = interval.isNaN ? 0 : Int(min(max(interval, 0), limit))
        day = seconds / 86_400
        let second = seconds % 86_400
        let date = CivilDate(daysSinceEpoch: day)

        var text = SIMD16<UInt8>(repeating: UInt8(ascii: "Z"))
        func put(_ value: Int, at index: Int) {
            text[index] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: value / 10)
            text[index + 1] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: value % 10)
        }
        put(date.year / 100, at: 0)
        put(date.year % 100, at: 2)
        put(date.month, at: 4)
        put(date.day, at: 6)
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
}
