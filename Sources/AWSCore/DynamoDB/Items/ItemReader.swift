/// Goes through the attributes of a map in DynamoDB's JSON, `{"pk":{"S":"a"},…}`: an item, a key, or a value of type M.
///
/// Builds nothing: names and values are places in the text. Strict about the shape (each value is an object with one
/// member, whose value is valid JSON), not about what a type's value holds; whoever reads the value checks that.
package struct ItemReader {
    package struct Attribute: Sendable {
        /// The name, without its quotes.
        package var name: JSONStringRange
        package var type: AttributeType
        /// The type's own JSON text: `"a"` of `{"S":"a"}`, with its quotes.
        package var value: Range<Int>
        /// Whether the value's string, if it is one, must be unescaped.
        package var valueHasEscapes: Bool
        /// The whole value with its type: `{"S":"a"}`.
        package var typedValue: Range<Int>

        @inlinable
        init(
            name: JSONStringRange,
            type: AttributeType,
            value: Range<Int>,
            valueHasEscapes: Bool,
            typedValue: Range<Int>
        ) {
            self.name = name
            self.type = type
            self.value = value
            self.valueHasEscapes = valueHasEscapes
            self.typedValue = typedValue
        }
    }

    package var scanner: JSONScanner
    @usableFromInline var isAtStart = true

    /// - Parameter position: where the map's `{` stands, or white space before it.
    @inlinable
    package init(_ bytes: UnsafeRawBufferPointer, at position: Int = 0) throws(JSONScanError) {
        scanner = JSONScanner(bytes, at: position)
        scanner.skipWhitespace()
        try scanner.require("{", "a map of attributes")
    }

    /// The next attribute; `nil` when the map has ended, and `scanner` then stands behind it.
    @inlinable
    package mutating func next() throws(JSONScanError) -> Attribute? {
        scanner.skipWhitespace()
        if isAtStart {
            isAtStart = false
            if scanner.take("}") { return nil }
        } else if scanner.take(",") {
            scanner.skipWhitespace()
        } else {
            try scanner.require("}", "\",\" or the end of the map")
            return nil
        }
        let name = try scanner.skipString()
        scanner.skipWhitespace()
        try scanner.require(":", "\":\"")
        scanner.skipWhitespace()
        return try readValue(named: name)
    }

    @inlinable @inline(__always)
    mutating func readValue(named name: JSONStringRange) throws(JSONScanError) -> Attribute {
        let start = scanner.position
        if scanner.skipToScalar() {
            let valueStart = scanner.position &- 1
            let hasEscapes = try scanner.skipRestOfString()
            let value = valueStart..<scanner.position
            scanner.skipWhitespace()
            try scanner.require("}", "the end of the attribute value")
            let tag = UnsafeRawBufferPointer(rebasing: scanner.bytes[start &+ 2..<start &+ 3])
            return Attribute(
                name: name,
                type: try checked(AttributeType(tag: tag), firstByte: UInt8(ascii: "\""), at: valueStart),
                value: value,
                valueHasEscapes: hasEscapes,
                typedValue: start..<scanner.position
            )
        }
        return try readAnyValue(named: name, from: start)
    }

    /// A value of any type and in any layout.
    @usableFromInline
    mutating func readAnyValue(named name: JSONStringRange, from start: Int) throws(JSONScanError) -> Attribute {
        try scanner.require("{", "an attribute value such as {\"S\":\"text\"}")
        scanner.skipWhitespace()
        let tag = try scanner.skipString()
        scanner.skipWhitespace()
        try scanner.require(":", "\":\"")
        scanner.skipWhitespace()
        let valueStart = scanner.position
        let first = scanner.peek() ?? 0
        var hasEscapes = false
        if first == UInt8(ascii: "\"") {
            hasEscapes = try scanner.skipString().hasEscapes
        } else {
            try scanner.skipValue()
        }
        let value = valueStart..<scanner.position
        scanner.skipWhitespace()
        try scanner.require("}", "the end of the attribute value")
        return Attribute(
            name: name,
            type: try checked(
                AttributeType(tag: UnsafeRawBufferPointer(rebasing: scanner.bytes[tag.content])),
                firstByte: first,
                at: valueStart
            ),
            value: value,
            valueHasEscapes: hasEscapes,
            typedValue: start..<scanner.position
        )
    }

    /// The type, if its value begins as that type's must.
    @inlinable @inline(__always)
    func checked(_ type: AttributeType, firstByte: UInt8, at offset: Int) throws(JSONScanError) -> AttributeType {
        let fits =
            switch type {
            case .string, .number, .binary: firstByte == UInt8(ascii: "\"")
            case .bool: firstByte == UInt8(ascii: "t") || firstByte == UInt8(ascii: "f")
            case .null: firstByte == UInt8(ascii: "t")
            case .list, .stringSet, .numberSet, .binarySet: firstByte == UInt8(ascii: "[")
            case .map: firstByte == UInt8(ascii: "{")
            case .unknown: true
            }
        guard fits else { throw JSONScanError(offset: offset, expected: "a value of the type that is named before it") }
        return type
    }
}
