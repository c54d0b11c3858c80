import AWSCore

/// A number of DynamoDB by its value, however it is written: 1, 1.0, 10e-1 and 0.1E+1 are one.
///
/// DynamoDB's numbers have up to 38 significant digits (Developer Guide, "Data types: Number"), which fit here exactly.
struct CanonicalNumber: Equatable {
    /// `false` for zero, which has no sign.
    var isNegative = false
    /// The digits without zeros at either end, as a whole number.
    var significand: UInt128 = 0
    /// The power of ten that the significand is multiplied by; 0 for zero.
    var exponent = 0

    static let maximumDigits = 38
    /// DynamoDB's own end at 10^125 and 10^-130; beyond these nothing is a number of any table.
    private static let maximumExponent = 100_000

    init() {}

    /// - Parameter text: what stands between the quotes of an N, without escapes.
    /// - Returns: `nil` for what is no number, or has more digits than DynamoDB keeps.
    init?(_ text: UnsafeRawBufferPointer) {
        var index = 0
        let count = text.count
        if index < count, text[index] == UInt8(ascii: "-") || text[index] == UInt8(ascii: "+") {
            isNegative = text[index] == UInt8(ascii: "-")
            index += 1
        }
        // Nearly all numbers have fewer digits than 64 bits hold, and 128 bits cost more.
        var small: UInt64 = 0
        var digits = 0
        var trailingZeros = 0
        var hasDigits = false
        var isFraction = false
        scan: while index < count {
            let byte = text[index]
            let digit = byte &- UInt8(ascii: "0")
            if digit < 10 {
                hasDigits = true
                if isFraction { exponent &-= 1 }
                if digit == 0 {
                    if digits > 0 { trailingZeros &+= 1 }
                } else {
                    let appended = trailingZeros &+ 1
                    guard digits &+ appended <= Self.maximumDigits else { return nil }
                    if digits &+ appended <= 19 {
                        for _ in 0..<appended { small = small &* 10 }
                        small = small &+ UInt64(digit)
                    } else {
                        if digits <= 19 { significand = UInt128(small) }
                        for _ in 0..<appended { significand = significand &* 10 }
                        significand = significand &+ UInt128(digit)
                    }
                    digits &+= appended
                    trailingZeros = 0
                }
            } else if byte == UInt8(ascii: "."), !isFraction {
                isFraction = true
            } else if byte | 0x20 == UInt8(ascii: "e"), hasDigits {
                break scan
            } else {
                return nil
            }
            index &+= 1
        }
        guard hasDigits else { return nil }
        if digits <= 19 { significand = UInt128(small) }
        var written = 0
        if index < count {
            guard let exponent = Self.exponent(text, from: index + 1) else { return nil }
            written = exponent
        }
        guard digits > 0 else {
            self = CanonicalNumber()
            return
        }
        exponent += trailingZeros + written
        guard abs(exponent) <= Self.maximumExponent else { return nil }
    }

    private static func exponent(_ text: UnsafeRawBufferPointer, from start: Int) -> Int? {
        var index = start
        var isNegative = false
        if index < text.count, text[index] == UInt8(ascii: "-") || text[index] == UInt8(ascii: "+") {
            isNegative = text[index] == UInt8(ascii: "-")
            index += 1
        }
        guard index < text.count else { return nil }
        var value = 0
        while index < text.count {
            let digit = text[index] &- UInt8(ascii: "0")
            guard digit < 10 else { return nil }
            // Zero may have any exponent at all.
            value = min(value * 10 + Int(digit), 2 * maximumExponent)
            index += 1
        }
        return isNegative ? -value : value
    }

    /// How many digits the significand has; 0 for zero.
    var digitCount: Int {
        var digits = 0
        var rest = significand
        while rest > 0 {
            rest /= 10
            digits += 1
        }
        return digits
    }
}

extension CanonicalNumber: Comparable {
    static func < (left: CanonicalNumber, right: CanonicalNumber) -> Bool {
        guard left.significand > 0, right.significand > 0, left.isNegative == right.isNegative else {
            return left.signum < right.signum
        }
        let isSmaller = left.hasSmallerMagnitude(than: right)
        return left.isNegative ? right.hasSmallerMagnitude(than: left) : isSmaller
    }

    private var signum: Int { significand == 0 ? 0 : isNegative ? -1 : 1 }

    private func hasSmallerMagnitude(than other: CanonicalNumber) -> Bool {
        if exponent == other.exponent { return significand < other.significand }
        let (digits, otherDigits) = (digitCount, other.digitCount)
        guard digits + exponent == other.exponent + otherDigits else {
            return digits + exponent < other.exponent + otherDigits
        }
        // Of the same length before the point: made as long as each other, at most 38 digits, they compare as they are.
        let scaled = digits < otherDigits ? significand * Self.power(otherDigits - digits) : significand
        let otherScaled =
            otherDigits < digits ? other.significand * Self.power(digits - otherDigits) : other.significand
        return scaled < otherScaled
    }

    private static func power(_ exponent: Int) -> UInt128 {
        (0..<exponent).reduce(1) { power, _ in power * 10 }
    }
}
