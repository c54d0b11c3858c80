extension UInt8 {
    var isASCIIDigit: Bool { (0x30...0x39).contains(self) }
    var isASCIILowercase: Bool { (0x61...0x7A).contains(self) }
    var isASCIIAlphanumeric: Bool { isASCIIDigit || (0x61...0x7A).contains(asciiLowercased) }
    var isASCIIHexDigit: Bool { isASCIIDigit || (0x61...0x66).contains(asciiLowercased) }
    /// Space, tab, carriage return, newline, vertical tab or form feed.
    var isASCIIWhitespace: Bool { self == 0x20 || (0x09...0x0D).contains(self) }
}

extension StringProtocol {
    /// The text without ASCII white space at either end.
    var strippingASCIIWhitespace: String {
        let bytes = Array(utf8)
        guard let first = bytes.firstIndex(where: { !$0.isASCIIWhitespace }),
            let last = bytes.lastIndex(where: { !$0.isASCIIWhitespace })
        else { return "" }
        return String(decoding: bytes[first...last], as: UTF8.self)
    }
}
