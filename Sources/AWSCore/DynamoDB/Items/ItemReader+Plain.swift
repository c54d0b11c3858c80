/// A short way over attributes as DynamoDB itself writes them: without white space, with a scalar value.
///
/// It knows only what is certainly well-formed; whatever else stands there is left to the reader, which says what is wrong
/// with it.
extension ItemReader {
    /// Bytes that are looked at beyond a place where a string may end.
    private static let room = 24

    /// Goes behind the next attribute if it is one of type S, N, B, BOOL or NULL, written without white space or escapes.
    ///
    /// - Parameter isReplicated: becomes true if the attribute is one of ``ReplicationAttributes``.
    /// - Returns: whether it was; if not, nothing has changed.
    @inline(__always)
    mutating func skipPlainAttribute(_ isReplicated: inout Bool) -> Bool {
        let bytes = scanner.bytes
        var at = scanner.position
        let last = bytes.count &- Self.room
        guard at <= last else { return false }
        if isAtStart {
            guard bytes[at] == UInt8(ascii: "\"") else { return false }
            at &+= 1
        } else {
            // ,"
            guard UInt16(littleEndian: bytes.loadUnaligned(fromByteOffset: at, as: UInt16.self)) == 0x222C else {
                return false
            }
            at &+= 2
        }
        let name = at
        guard Self.skipPlainText(bytes, &at, last) else { return false }
        let word = Self.word(bytes, at)
        // ":{"X":"
        if word & 0xFFFF_FF00_FFFF_FFFF == 0x223A_2200_227B_3A22 {
            switch UInt8(truncatingIfNeeded: word &>> 32) {
            case UInt8(ascii: "S"), UInt8(ascii: "N"), UInt8(ascii: "B"): at &+= 8
            default: return false
            }
            guard Self.skipPlainText(bytes, &at, last), bytes[at &+ 1] == UInt8(ascii: "}") else { return false }
            at &+= 2
        } else if word == 0x4C4F_4F42_227B_3A22 {
            // ":{"BOOL
            let value = Self.word(bytes, at &+ 8)
            if value & 0x00FF_FFFF_FFFF_FFFF == Self.isTrue {
                at &+= 15
            } else if value == Self.isFalse {
                at &+= 16
            } else {
                return false
            }
        } else if word == 0x4C4C_554E_227B_3A22 {
            // ":{"NULL
            guard Self.word(bytes, at &+ 8) & 0x00FF_FFFF_FFFF_FFFF == Self.isTrue else { return false }
            at &+= 15
        } else {
            return false
        }
        if Self.word(bytes, name) == ReplicationAttributes.prefix { isReplicated = true }
        isAtStart = false
        scanner.position = at
        return true
    }

    // ":true} and ":false}
    private static let isTrue: UInt64 = 0x007D_6575_7274_3A22
    private static let isFalse: UInt64 = 0x7D65_736C_6166_3A22

    @inline(__always)
    private static func word(_ bytes: UnsafeRawBufferPointer, _ offset: Int) -> UInt64 {
        UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
    }

    /// Goes to the quote that closes a string, which must come before an escape and not behind `last`.
    @inline(__always)
    private static func skipPlainText(_ bytes: UnsafeRawBufferPointer, _ at: inout Int, _ last: Int) -> Bool {
        while at <= last {
            let stops = JSONScanner.stringStops(bytes.loadUnaligned(fromByteOffset: at, as: UInt64.self))
            if stops != 0 {
                at &+= stops.trailingZeroBitCount &>> 3
                return bytes[at] == UInt8(ascii: "\"") && at <= last
            }
            at &+= 8
        }
        return false
    }
}
