/// Percent-encoding as AWS has it: everything but A–Z, a–z, 0–9 and `-_.~` becomes `%XX`, upper case.
///
/// Source: IAM User Guide, "Create a signed AWS API request", UriEncode.
package enum URIEncoding {
    /// Encodes a query's name or value, or one segment of a path; `/` becomes `%2F`.
    package static func encode(_ text: String) -> String {
        encode(text, keepsSlash: false)
    }

    /// Encodes a path, such as an S3 key, and leaves its `/` alone.
    package static func encodePath(_ path: String) -> String {
        encode(path, keepsSlash: true)
    }

    /// A query without `?`: names and values encoded, in the given order, always with `=`.
    package static func query(_ items: [QueryItem]) -> String {
        var bytes: [UInt8] = []
        for item in items {
            if !bytes.isEmpty { bytes.append(UInt8(ascii: "&")) }
            append(item.name.utf8, to: &bytes, keepsSlash: false)
            bytes.append(UInt8(ascii: "="))
            append(item.value.utf8, to: &bytes, keepsSlash: false)
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// - Returns: `nil` when a `%` is not followed by two hexadecimal digits, or the result is not UTF-8.
    package static func decode(_ text: String) -> String? {
        decode(text, plusIsSpace: false)
    }

    /// Decodes `application/x-www-form-urlencoded` text, where `+` is a space: S3 event keys and
    /// `encoding-type=url` listings.
    package static func decodeForm(_ text: String) -> String? {
        decode(text, plusIsSpace: true)
    }

    /// The same within bytes: what is decoded is never longer, and stands where its text began.
    ///
    /// - Returns: where the decoded text is now; `nil` as for a text, with the bytes half decoded.
    package static func decodeForm(_ bytes: UnsafeMutableBufferPointer<UInt8>, _ range: Range<Int>) -> Range<Int>? {
        var (read, write) = (range.lowerBound, range.lowerBound)
        var isASCII = true
        while read < range.upperBound {
            var byte = bytes[read]
            read += 1
            if byte == UInt8(ascii: "%") {
                guard range.upperBound - read >= 2, let high = Hexadecimal.value(bytes[read]),
                    let low = Hexadecimal.value(bytes[read + 1])
                else { return nil }
                byte = high << 4 | low
                read += 2
            } else if byte == UInt8(ascii: "+") {
                byte = UInt8(ascii: " ")
            }
            if byte >= 0x80 { isASCII = false }
            bytes[write] = byte
            write += 1
        }
        let decoded = range.lowerBound..<write
        guard isASCII || isUTF8(UnsafeBufferPointer(rebasing: bytes[decoded])) else { return nil }
        return decoded
    }

    private static func isUTF8(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        (try? UTF8Span(validating: bytes.span)) != nil
    }

    static func append(_ text: some Sequence<UInt8>, to output: inout [UInt8], keepsSlash: Bool) {
        encode(text, keepsSlash: keepsSlash) { output.append($0) }
    }

    /// Gives the encoded bytes one by one.
    @inline(__always)
    static func encode(_ text: some Sequence<UInt8>, keepsSlash: Bool, write: (UInt8) -> Void) {
        for byte in text {
            if isUnreserved(byte) || (keepsSlash && byte == UInt8(ascii: "/")) {
                write(byte)
            } else {
                write(UInt8(ascii: "%"))
                write(upperDigit(byte >> 4))
                write(upperDigit(byte & 0x0f))
            }
        }
    }

    /// Two words of 64 bits instead of a table, because a lookup in a global array costs its lazy initialisation check.
    @inline(__always)
    static func isUnreserved(_ byte: UInt8) -> Bool {
        // "-", "." and 0–9; then A–Z, "_", a–z and "~".
        let low: UInt64 = 0x03FF_6000_0000_0000
        let high: UInt64 = 0x47FF_FFFE_87FF_FFFE
        return switch byte {
        case 0..<64: low >> UInt64(byte) & 1 == 1
        case 64..<128: high >> UInt64(byte - 64) & 1 == 1
        default: false
        }
    }

    private static func encode(_ text: String, keepsSlash: Bool) -> String {
        if text.utf8.allSatisfy({ isUnreserved($0) || (keepsSlash && $0 == UInt8(ascii: "/")) }) { return text }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.utf8.count * 2)
        append(text.utf8, to: &bytes, keepsSlash: keepsSlash)
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func decode(_ text: String, plusIsSpace: Bool) -> String? {
        let isPlain = !text.utf8.contains {
            $0 == UInt8(ascii: "%") || (plusIsSpace && $0 == UInt8(ascii: "+"))
        }
        if isPlain { return text }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.utf8.count)
        var input = text.utf8.makeIterator()
        while let byte = input.next() {
            switch byte {
            case UInt8(ascii: "%"):
                guard let high = input.next().flatMap(Hexadecimal.value),
                    let low = input.next().flatMap(Hexadecimal.value)
                else { return nil }
                bytes.append(high << 4 | low)
            case UInt8(ascii: "+") where plusIsSpace:
                bytes.append(UInt8(ascii: " "))
            default:
                bytes.append(byte)
            }
        }
        return String(validating: bytes, as: UTF8.self)
    }

    private static func upperDigit(_ nibble: UInt8) -> UInt8 {
        nibble < 10 ? nibble + UInt8(ascii: "0") : nibble - 10 + UInt8(ascii: "A")
    }
}
