/// A JSON number as it is written, because `Double` would change numbers of DynamoDB, which have up to 38 digits.
package struct JSONNumber: Sendable, Hashable, CustomStringConvertible {
    /// The text: `-12`, `0.5`, `1.7E9`.
    package let text: String

    package init(_ value: Int) {
        self.text = String(value)
    }

    /// - Returns: `nil` when the text is not a number in JSON's grammar (RFC 8259 section 6): `+1`, `01`, `.5`, `NaN`.
    package init?(_ text: String) {
        var index = text.utf8.startIndex
        guard JSONNumber.scan(text.utf8, from: &index), index == text.utf8.endIndex else { return nil }
        self.text = text
    }

    /// For the parser, which has checked the grammar.
    init(checked text: String) {
        self.text = text
    }

    package var description: String { text }

    /// The nearest `Double`; for display and for points in time, never for items.
    package var double: Double? { Double(text) }

    /// The value, if it is whole and fits: exact for every way to write it.
    package var integer: Int? {
        if let plain = Int(text) { return plain }
        var digits: [UInt8] = []
        var exponent = 0
        var isNegative = false
        var isFraction = false
        var bytes = text.utf8[...]
        if bytes.first == UInt8(ascii: "-") {
            isNegative = true
            bytes = bytes.dropFirst()
        }
        while let byte = bytes.popFirst() {
            switch byte {
            case UInt8(ascii: "."): isFraction = true
            case UInt8(ascii: "e"), UInt8(ascii: "E"):
                // An exponent too long for Int belongs to a number far outside of Int, or to zero.
                guard let written = Int(String(Substring(bytes)).droppingLeadingPlus) else {
                    return digits.allSatisfy { $0 == 0 } ? 0 : nil
                }
                let (sum, overflow) = exponent.addingReportingOverflow(written)
                guard !overflow else { return digits.allSatisfy { $0 == 0 } ? 0 : nil }
                exponent = sum
                bytes = bytes[bytes.endIndex...]
            default:
                digits.append(byte - UInt8(ascii: "0"))
                if isFraction { exponent -= 1 }
            }
        }
        while digits.last == 0 {
            digits.removeLast()
            exponent += 1
        }
        if digits.isEmpty { return 0 }
        guard (0..<20).contains(exponent) else { return nil }
        digits += Array(repeating: 0, count: exponent)
        return Int((isNegative ? "-" : "") + String(decoding: digits.map { $0 + UInt8(ascii: "0") }, as: UTF8.self))
    }

    /// Advances over one number; `false` when there is none.
    static func scan<Bytes: Collection>(_ bytes: Bytes, from index: inout Bytes.Index) -> Bool
    where Bytes.Element == UInt8 {
        func skipDigits() -> Bool {
            let start = index
            while index < bytes.endIndex, bytes[index] &- UInt8(ascii: "0") < 10 { bytes.formIndex(after: &index) }
            return index > start
        }
        func next() -> UInt8? { index < bytes.endIndex ? bytes[index] : nil }

        if next() == UInt8(ascii: "-") { bytes.formIndex(after: &index) }
        if next() == UInt8(ascii: "0") {
            bytes.formIndex(after: &index)
        } else if !skipDigits() {
            return false
        }
        if next() == UInt8(ascii: ".") {
            bytes.formIndex(after: &index)
            guard skipDigits() else { return false }
        }
        if let byte = next(), byte | 0x20 == UInt8(ascii: "e") {
            bytes.formIndex(after: &index)
            if next() == UInt8(ascii: "+") || next() == UInt8(ascii: "-") { bytes.formIndex(after: &index) }
            guard skipDigits() else { return false }
        }
        return true
    }
}

extension String {
    /// An exponent may be written with a plus.
    fileprivate var droppingLeadingPlus: String { hasPrefix("+") ? String(dropFirst()) : self }
}
