/// The references that XML has without a document type declaration: `&amp;` and its like, `&#38;` and `&#x26;`.
///
/// Source: Extensible Markup Language 1.0, sections 4.1 and 4.6; what is allowed agrees with expat.
enum XMLReferences {
    /// Reads the reference that begins at the start of the bytes with `&`.
    ///
    /// - Returns: `nil` for anything else, also when it ends too late.
    static func read(_ bytes: UnsafeBufferPointer<UInt8>.SubSequence) -> (scalar: Unicode.Scalar, count: Int)? {
        // The longest with a sense is "&#1114111;", but for zeros in front, which nobody writes.
        guard let end = bytes.prefix(12).firstIndex(of: UInt8(ascii: ";")), bytes.first == UInt8(ascii: "&") else {
            return nil
        }
        let name = bytes[(bytes.startIndex + 1)..<end]
        let scalar: Unicode.Scalar? =
            switch name.first {
            case UInt8(ascii: "#"): number(name.dropFirst())
            case UInt8(ascii: "a"):
                name.elementsEqual("amp".utf8) ? "&" : name.elementsEqual("apos".utf8) ? "'" : nil
            case UInt8(ascii: "l"): name.elementsEqual("lt".utf8) ? "<" : nil
            case UInt8(ascii: "g"): name.elementsEqual("gt".utf8) ? ">" : nil
            case UInt8(ascii: "q"): name.elementsEqual("quot".utf8) ? "\"" : nil
            default: nil
            }
        return scalar.map { ($0, end + 1 - bytes.startIndex) }
    }

    private static func number(_ digits: UnsafeBufferPointer<UInt8>.SubSequence) -> Unicode.Scalar? {
        let isHexadecimal = digits.first == UInt8(ascii: "x")
        let digits = isHexadecimal ? digits.dropFirst() : digits
        guard !digits.isEmpty else { return nil }
        var value: UInt32 = 0
        for byte in digits {
            guard let digit = Hexadecimal.value(byte), isHexadecimal || digit < 10, value < 0x11_0000 else {
                return nil
            }
            value = value * (isHexadecimal ? 16 : 10) + UInt32(digit)
        }
        // Section 2.2, Char; the type refuses surrogates and what is behind the last character.
        switch value {
        case 0x09, 0x0A, 0x0D, 0x20...0xFFFD, 0x1_0000...0x10_FFFF: return Unicode.Scalar(value)
        default: return nil
        }
    }

    /// Replaces the references in place; a reference is always longer than its character.
    ///
    /// What is no reference stays as it is: the reader of the document has looked.
    static func decode(_ bytes: UnsafeMutableBufferPointer<UInt8>, _ span: ByteSpan) -> ByteSpan {
        let range = span.range
        var (read, write) = (range.lowerBound, range.lowerBound)
        while read < range.upperBound {
            let byte = bytes[read]
            if byte == UInt8(ascii: "&"),
                let (scalar, count) = Self.read(UnsafeBufferPointer(bytes)[read..<range.upperBound])
            {
                for unit in UTF8.encode(scalar) ?? UTF8.EncodedScalar() {
                    bytes[write] = unit
                    write += 1
                }
                read += count
            } else {
                bytes[write] = byte
                write += 1
                read += 1
            }
        }
        return ByteSpan(from: range.lowerBound, to: write)
    }
}
