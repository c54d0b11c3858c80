import AWSCore

/// Base64 text in one form, such that equal bytes have equal texts.
///
/// Without padding, and with zeros in the bits that stand for nothing. Other bytes than Base64's are left as they are.
enum CanonicalBinary {
    /// How much of the text counts, and what its last byte must be taken for if not for what it is.
    struct Form {
        var count: Int
        var lastByte: UInt8?
    }

    @inline(__always)
    static func form(of text: UnsafeRawBufferPointer) -> Form {
        var count = text.count
        if count > 0, text[count - 1] == UInt8(ascii: "=") { count -= 1 }
        if count > 0, text[count - 1] == UInt8(ascii: "=") { count -= 1 }
        let unusedBits = count & 3 == 2 ? 4 : count & 3 == 3 ? 2 : 0
        guard unusedBits > 0, let value = value(of: text[count - 1]) else { return Form(count: count) }
        let cleared = (value >> unusedBits) << unusedBits
        return Form(count: count, lastByte: cleared == value ? nil : alphabet(cleared))
    }

    /// The bytes that the text stands for; `nil` for what is not Base64, with its padding or without.
    static func decoded(_ text: UnsafeRawBufferPointer) -> [UInt8]? {
        let count = form(of: text).count
        guard count & 3 != 1, text.count == count || text.count & 3 == 0 else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(count * 3 / 4)
        var bits: UInt32 = 0
        var bitCount = 0
        for index in 0..<count {
            guard let value = value(of: text[index]) else { return nil }
            bits = bits << 6 | UInt32(value)
            bitCount += 6
            if bitCount >= 8 {
                bitCount -= 8
                bytes.append(UInt8(truncatingIfNeeded: bits >> bitCount))
            }
        }
        return bytes
    }

    private static func value(of byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): byte - UInt8(ascii: "A")
        case UInt8(ascii: "a")...UInt8(ascii: "z"): byte - UInt8(ascii: "a") + 26
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0") + 52
        case UInt8(ascii: "+"): 62
        case UInt8(ascii: "/"): 63
        default: nil
        }
    }

    private static func alphabet(_ value: UInt8) -> UInt8 {
        switch value {
        case 0..<26: value + UInt8(ascii: "A")
        case 26..<52: value - 26 + UInt8(ascii: "a")
        case 52..<62: value - 52 + UInt8(ascii: "0")
        case 62: UInt8(ascii: "+")
        default: UInt8(ascii: "/")
        }
    }
}
