extension JSONScanner {
    /// Goes through the members of an object, in whatever order they stand.
    ///
    /// - Parameter body: gets the name; must go behind the member's value.
    package mutating func forEachMember(
        _ body: (inout JSONScanner, JSONStringRange) throws(JSONScanError) -> Void
    ) throws(JSONScanError) {
        skipWhitespace()
        try require("{", "an object")
        skipWhitespace()
        if take("}") { return }
        while true {
            skipWhitespace()
            let name = try skipString()
            skipWhitespace()
            try require(":", "\":\"")
            skipWhitespace()
            try body(&self, name)
            skipWhitespace()
            if take("}") { return }
            try require(",", "\",\" or the end of the object")
        }
    }

    /// Goes through the elements of a list.
    ///
    /// - Parameter body: must go behind the element.
    package mutating func forEachElement(
        _ body: (inout JSONScanner) throws(JSONScanError) -> Void
    ) throws(JSONScanError) {
        skipWhitespace()
        try require("[", "a list")
        skipWhitespace()
        if take("]") { return }
        while true {
            skipWhitespace()
            try body(&self)
            skipWhitespace()
            if take("]") { return }
            try require(",", "\",\" or the end of the list")
        }
    }

    /// Goes behind an object.
    ///
    /// - Returns: its place.
    package mutating func skipObject() throws(JSONScanError) -> Range<Int> {
        skipWhitespace()
        let start = position
        guard peek() == UInt8(ascii: "{") else { throw error("an object") }
        try skipValue()
        return start..<position
    }

    /// Goes behind `null` if it stands here.
    package mutating func takeNull() throws(JSONScanError) -> Bool {
        guard peek() == UInt8(ascii: "n") else { return false }
        try skipValue()
        return true
    }

    /// A whole number that fits.
    package mutating func readInteger() throws(JSONScanError) -> Int {
        let start = position
        guard let value = JSONNumber(try wordText())?.integer else {
            throw JSONScanError(offset: start, expected: "a whole number")
        }
        return value
    }

    /// The nearest `Double`; never for items.
    package mutating func readDouble() throws(JSONScanError) -> Double {
        let start = position
        guard let value = JSONNumber(try wordText())?.double else {
            throw JSONScanError(offset: start, expected: "a number")
        }
        return value
    }

    private mutating func wordText() throws(JSONScanError) -> String {
        let start = position
        try skipValue()
        return String(decoding: UnsafeRawBufferPointer(rebasing: bytes[start..<position]), as: UTF8.self)
    }

    /// Whether the string's bytes, unescaped, are these.
    package func string(_ range: JSONStringRange, equals text: StaticString) -> Bool {
        let expected = UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount)
        guard range.hasEscapes else { return bytes[range.content].elementsEqual(expected) }
        return JSONStringBytes.unescaped(bytes, range.content).elementsEqual(expected)
    }
}
