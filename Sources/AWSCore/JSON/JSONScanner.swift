/// Why bytes are not the JSON text that was expected there.
package struct JSONScanError: Error, Sendable, CustomStringConvertible {
    /// From the start of the text, in bytes.
    package var offset: Int
    /// What should have stood there.
    package var expected: StaticString

    @inlinable
    package init(offset: Int, expected: StaticString) {
        self.offset = offset
        self.expected = expected
    }

    package var description: String { "byte \(offset): expected \(expected)" }
}

/// Walks JSON text in place: checks its grammar (RFC 8259) and says where values begin and end, and builds nothing.
///
/// For texts of megabytes that are passed on as they are. Neither UTF-8 nor surrogate pairs are checked, because nothing
/// is decoded. Must not outlive the memory it was made with.
package struct JSONScanner {
    /// As ``JSONValue/maximumDepth``.
    @usableFromInline static let maximumDepth = 128

    package let bytes: UnsafeRawBufferPointer
    /// The next byte to look at, at most the number of bytes.
    package var position: Int

    @inlinable
    package init(_ bytes: UnsafeRawBufferPointer, at position: Int = 0) {
        self.bytes = bytes
        self.position = position
    }

    // MARK: Bytes

    @inlinable @inline(__always)
    package func peek() -> UInt8? { position < bytes.count ? bytes[position] : nil }

    @inlinable @inline(__always)
    package mutating func skipWhitespace() {
        while position < bytes.count, bytes[position] <= 0x20 {
            switch bytes[position] {
            case 0x20, 0x0A, 0x0D, 0x09: position += 1
            default: return
            }
        }
    }

    /// Takes the byte if it is the next one.
    @inlinable @inline(__always)
    package mutating func take(_ byte: Unicode.Scalar) -> Bool {
        guard position < bytes.count, bytes[position] == UInt8(ascii: byte) else { return false }
        position += 1
        return true
    }

    @inlinable @inline(__always)
    package mutating func require(_ byte: Unicode.Scalar, _ expected: StaticString) throws(JSONScanError) {
        guard take(byte) else { throw error(expected) }
    }

    package func error(_ expected: StaticString) -> JSONScanError {
        JSONScanError(offset: position, expected: expected)
    }

    /// The text must end here.
    package mutating func requireEnd() throws(JSONScanError) {
        skipWhitespace()
        guard position == bytes.count else { throw error("the end of the text") }
    }

    // MARK: Strings

    /// Goes behind a string that begins here.
    @inlinable @inline(__always)
    package mutating func skipString() throws(JSONScanError) -> JSONStringRange {
        try require("\"", "a string")
        let start = position
        let hasEscapes = try skipRestOfString()
        return JSONStringRange(content: start..<position - 1, hasEscapes: hasEscapes)
    }

    /// Goes behind the closing quote, looking at eight bytes at a time.
    ///
    /// - Returns: whether there are escapes.
    @inlinable @inline(__always)
    package mutating func skipRestOfString() throws(JSONScanError) -> Bool {
        var at = position
        var hasEscapes = false
        while true {
            while at &+ 8 <= bytes.count {
                let stops = Self.stringStops(bytes.loadUnaligned(fromByteOffset: at, as: UInt64.self))
                if stops != 0 {
                    at &+= stops.trailingZeroBitCount >> 3
                    break
                }
                at &+= 8
            }
            guard at < bytes.count else {
                position = at
                throw error("the string's closing quote")
            }
            switch bytes[at] {
            case UInt8(ascii: "\""):
                position = at &+ 1
                return hasEscapes
            case UInt8(ascii: "\\"):
                hasEscapes = true
                position = at
                try skipEscape()
                at = position
            case 0..<0x20:
                position = at
                throw error("an escape for the control character")
            // Among the last bytes, which are looked at one by one.
            default: at &+= 1
            }
        }
    }

    /// The top bit of each byte that ends a plain run inside a string: quote, backslash, control character.
    ///
    /// Subtracting sets the top bit of a byte that is too small; the borrow can reach bytes above a hit only, so the
    /// lowest hit is always right ("Bit Twiddling Hacks", hasless and haszero).
    @inlinable @inline(__always)
    static func stringStops(_ word: UInt64) -> UInt64 {
        let word = UInt64(littleEndian: word)
        let ones: UInt64 = 0x0101_0101_0101_0101
        let quotes = word ^ (ones &* 0x22)
        let backslashes = word ^ (ones &* 0x5C)
        let hits =
            ((word &- (ones &* 0x20)) & ~word)
            | ((quotes &- ones) & ~quotes)
            | ((backslashes &- ones) & ~backslashes)
        return hits & (ones &* 0x80)
    }

    @usableFromInline
    mutating func skipEscape() throws(JSONScanError) {
        position += 1
        guard let letter = peek() else { throw error("an escape") }
        switch letter {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
            UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
            position += 1
        case UInt8(ascii: "u"):
            position += 1
            for _ in 0..<4 {
                guard let digit = peek(), Self.hexadecimalValue(digit) != nil else {
                    throw error("four hexadecimal digits")
                }
                position += 1
            }
        default: throw error("an escape")
        }
    }

    @usableFromInline
    static func hexadecimalValue(_ digit: UInt8) -> UInt8? {
        switch digit {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): digit - UInt8(ascii: "A") + 10
        default: nil
        }
    }

    // MARK: Values

    /// Goes behind the value that begins here or after white space; names may repeat.
    ///
    /// - Throws: ``JSONScanError`` also when lists and objects lie more than 128 levels deep.
    @inlinable
    package mutating func skipValue() throws(JSONScanError) {
        // One bit a level, the lowest for the innermost: set for an object.
        var objects: UInt128 = 0
        var depth = 0
        while true {
            skipWhitespace()
            guard position < bytes.count else { throw error("a value") }
            switch bytes[position] {
            case UInt8(ascii: "\""):
                position += 1
                _ = try skipRestOfString()
            case UInt8(ascii: "{"):
                if skipToScalar() {
                    _ = try skipRestOfString()
                    // Nearly always so: {"S":"…"} and nothing else.
                    if take("}") { break }
                    try enter(&objects, &depth, isObject: true)
                    break
                }
                position += 1
                try enter(&objects, &depth, isObject: true)
                skipWhitespace()
                if peek() == UInt8(ascii: "}") { break }
                try skipName()
                continue
            case UInt8(ascii: "["):
                position += 1
                try enter(&objects, &depth, isObject: false)
                skipWhitespace()
                if peek() == UInt8(ascii: "]") { break }
                continue
            default: try skipWord()
            }
            if try leaveContainers(&objects, &depth) { return }
        }
    }

    /// After a value: goes behind all the containers that end here and, where one goes on, to its next value.
    ///
    /// - Returns: whether the outermost has ended.
    @inlinable @inline(__always)
    mutating func leaveContainers(_ objects: inout UInt128, _ depth: inout Int) throws(JSONScanError) -> Bool {
        while depth > 0 {
            skipWhitespace()
            let isObject = objects & 1 == 1
            if take(",") {
                if isObject {
                    skipWhitespace()
                    try skipName()
                }
                return false
            }
            guard take(isObject ? "}" : "]") else { throw error("\",\" or the end of the list or object") }
            objects >>= 1
            depth -= 1
        }
        return true
    }

    /// Where `{"X":"` stands here, as in every scalar of DynamoDB, goes behind it, into the string.
    @inlinable @inline(__always)
    mutating func skipToScalar() -> Bool {
        guard position &+ 8 <= bytes.count else { return false }
        let word = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: position, as: UInt64.self))
        // { " X " : "
        guard word & 0x0000_FFFF_FF00_FFFF == 0x0000_223A_2200_227B else { return false }
        let tag = UInt8(truncatingIfNeeded: word >> 16)
        guard tag &- UInt8(ascii: "A") < 26 else { return false }
        position &+= 6
        return true
    }

    @inlinable @inline(__always)
    mutating func enter(_ objects: inout UInt128, _ depth: inout Int, isObject: Bool) throws(JSONScanError) {
        depth += 1
        guard depth <= Self.maximumDepth else { throw error("at most 128 levels of lists and objects") }
        objects = objects << 1 | (isObject ? 1 : 0)
    }

    /// Goes behind a name and its colon.
    @inlinable @inline(__always)
    mutating func skipName() throws(JSONScanError) {
        try require("\"", "a name in double quotes")
        _ = try skipRestOfString()
        skipWhitespace()
        try require(":", "\":\"")
    }

    /// A number, `true`, `false` or `null`; none of them is frequent in what DynamoDB sends.
    @usableFromInline
    mutating func skipWord() throws(JSONScanError) {
        switch peek() {
        case UInt8(ascii: "t"): try skipLiteral("true")
        case UInt8(ascii: "f"): try skipLiteral("false")
        case UInt8(ascii: "n"): try skipLiteral("null")
        default:
            guard JSONNumber.scan(bytes, from: &position) else { throw error("a value") }
            if let byte = peek(), byte &- UInt8(ascii: "0") < 10 { throw error("no digit after a leading zero") }
        }
    }

    private mutating func skipLiteral(_ word: StaticString) throws(JSONScanError) {
        let length = word.utf8CodeUnitCount
        guard bytes.count - position >= length,
            (0..<length).allSatisfy({ bytes[position + $0] == word.utf8Start[$0] })
        else { throw error(word) }
        position += length
    }
}

/// A string's place in a text, without its quotes.
package struct JSONStringRange: Sendable {
    package var content: Range<Int>
    /// Whether it must be unescaped to know its bytes.
    package var hasEscapes: Bool

    @inlinable
    package init(content: Range<Int>, hasEscapes: Bool) {
        self.content = content
        self.hasEscapes = hasEscapes
    }
}
