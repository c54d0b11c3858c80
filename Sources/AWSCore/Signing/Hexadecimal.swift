/// Lower-case hexadecimal, as AWS writes digests.
package enum Hexadecimal {
    package static func string(_ bytes: UnsafeRawBufferPointer) -> String {
        String(unsafeUninitializedCapacity: bytes.count * 2) { output in
            write(bytes, to: output)
            return bytes.count * 2
        }
    }

    /// Writes two digits for each byte, four bytes at a time: a signature has three digests.
    static func write(_ bytes: UnsafeRawBufferPointer, to output: UnsafeMutableBufferPointer<UInt8>) {
        precondition(output.count >= bytes.count * 2)
        let target = UnsafeMutableRawBufferPointer(output)
        var index = 0
        while index + 4 <= bytes.count {
            let word = UInt32(bigEndian: bytes.loadUnaligned(fromByteOffset: index, as: UInt32.self))
            target.storeBytes(of: digits(word).bigEndian, toByteOffset: index * 2, as: UInt64.self)
            index += 4
        }
        while index < bytes.count {
            output[index * 2] = digit(bytes[index] >> 4)
            output[index * 2 + 1] = digit(bytes[index] & 0x0f)
            index += 1
        }
    }

    /// The eight digits of a number as the bytes of another one.
    @inline(__always)
    private static func digits(_ number: UInt32) -> UInt64 {
        // Every half byte gets a byte of its own.
        var nibbles = UInt64(number)
        nibbles = (nibbles << 16 | nibbles) & 0x0000_FFFF_0000_FFFF
        nibbles = (nibbles << 8 | nibbles) & 0x00FF_00FF_00FF_00FF
        nibbles = (nibbles << 4 | nibbles) & 0x0F0F_0F0F_0F0F_0F0F
        let isLetter = (nibbles &+ 0x0606_0606_0606_0606) >> 4 & 0x0101_0101_0101_0101
        // "a" is 39 behind what would follow "9".
        return nibbles &+ 0x3030_3030_3030_3030 &+ isLetter &* 39
    }

    package static func string(_ bytes: some Collection<UInt8>) -> String {
        Array(bytes).withUnsafeBytes { string($0) }
    }

    /// - Returns: `nil` unless `text` is pairs of hexadecimal digits, of either case.
    package static func bytes(_ text: String) -> [UInt8]? {
        let digits = Array(text.utf8)
        guard digits.count.isMultiple(of: 2) else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(digits.count / 2)
        for index in stride(from: 0, to: digits.count, by: 2) {
            guard let high = value(digits[index]), let low = value(digits[index + 1]) else { return nil }
            bytes.append(high << 4 | low)
        }
        return bytes
    }

    static func append(_ bytes: UnsafeRawBufferPointer, to output: inout [UInt8]) {
        for byte in bytes {
            output.append(digit(byte >> 4))
            output.append(digit(byte & 0x0f))
        }
    }

    /// The number a hexadecimal digit of either case stands for.
    static func value(_ digit: UInt8) -> UInt8? {
        switch digit {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): digit - UInt8(ascii: "A") + 10
        default: nil
        }
    }

    /// The lower-case digit of a number up to 15.
    @inline(__always)
    static func digit(_ nibble: UInt8) -> UInt8 {
        nibble < 10 ? nibble + UInt8(ascii: "0") : nibble - 10 + UInt8(ascii: "a")
    }
}
