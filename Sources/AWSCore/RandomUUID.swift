/// Random ids in the form of RFC 9562, `8c4c1f2e-1d0b-4a35-9f0e-3c1b1f0d6a77`.
package enum RandomUUID {
    /// A new one, of the system's random numbers, in lower case.
    package static func make() -> String {
        var numbers = SystemRandomNumberGenerator()
        return string(high: numbers.next(), low: numbers.next())
    }

    /// The text of these 128 bits, of which six become version 4 and variant 10.
    static func string(high: UInt64, low: UInt64) -> String {
        let halves = (high & ~0xF000 | 0x4000, low & ~(3 << 62) | 1 << 63)
        return String(unsafeUninitializedCapacity: 36) { text in
            var index = 0
            for half in [halves.0, halves.1] {
                for shift in stride(from: 60, through: 0, by: -4) {
                    if index == 8 || index == 13 || index == 18 || index == 23 {
                        text[index] = UInt8(ascii: "-")
                        index += 1
                    }
                    text[index] = Hexadecimal.digit(UInt8(truncatingIfNeeded: half >> UInt64(shift)) & 0x0f)
                    index += 1
                }
            }
            return index
        }
    }
}
