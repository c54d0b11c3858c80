/// The bytes that a JSON string stands for.
package enum JSONStringBytes {
    /// The string's content without its escapes, which the scanner has checked.
    ///
    /// Half of a surrogate pair, which no UTF-8 can hold, becomes the three bytes that its number would have, so that
    /// different strings stay different.
    package static func unescaped(_ bytes: UnsafeRawBufferPointer, _ content: Range<Int>) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: content.count) { output, count in
            count = unescape(UnsafeRawBufferPointer(rebasing: bytes[content]), into: output)
        }
    }

    /// - Parameter output: at least as long as `content`, since no escape is shorter than what it stands for.
    /// - Returns: how many bytes were written.
    package static func unescape(_ content: UnsafeRawBufferPointer, into output: UnsafeMutableBufferPointer<UInt8>)
        -> Int
    {
        var read = 0
        var written = 0
        func append(_ byte: UInt8) {
            output[written] = byte
            written += 1
        }
        while read < content.count {
            let byte = content[read]
            guard byte == UInt8(ascii: "\\"), read + 1 < content.count else {
                append(byte)
                read += 1
                continue
            }
            let letter = content[read + 1]
            read += 2
            switch letter {
            case UInt8(ascii: "b"): append(0x08)
            case UInt8(ascii: "f"): append(0x0C)
            case UInt8(ascii: "n"): append(0x0A)
            case UInt8(ascii: "r"): append(0x0D)
            case UInt8(ascii: "t"): append(0x09)
            case UInt8(ascii: "u"):
                guard var code = codeUnit(content, at: read) else { continue }
                read += 4
                if (0xD800..<0xDC00).contains(code), read + 1 < content.count, content[read] == UInt8(ascii: "\\"),
                    content[read + 1] == UInt8(ascii: "u"), let low = codeUnit(content, at: read + 2),
                    (0xDC00..<0xE000).contains(low)
                {
                    code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
                    read += 6
                }
                switch code {
                case 0..<0x80: append(UInt8(code))
                case 0x80..<0x800:
                    append(UInt8(0xC0 | code >> 6))
                    append(UInt8(0x80 | code & 0x3F))
                case 0x800..<0x10000:
                    append(UInt8(0xE0 | code >> 12))
                    append(UInt8(0x80 | code >> 6 & 0x3F))
                    append(UInt8(0x80 | code & 0x3F))
                default:
                    append(UInt8(0xF0 | code >> 18))
                    append(UInt8(0x80 | code >> 12 & 0x3F))
                    append(UInt8(0x80 | code >> 6 & 0x3F))
                    append(UInt8(0x80 | code & 0x3F))
                }
            // The quote, the backslash and the slash stand for themselves.
            default: append(letter)
            }
        }
        return written
    }

    private static func codeUnit(_ content: UnsafeRawBufferPointer, at start: Int) -> UInt32? {
        guard start + 4 <= content.count else { return nil }
        var code: UInt32 = 0
        for index in start..<start + 4 {
            guard let digit = JSONScanner.hexadecimalValue(content[index]) else { return nil }
            code = code << 4 | UInt32(digit)
        }
        return code
    }
}
