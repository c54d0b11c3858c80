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
        guard let name = try nextName() else { return nil }
        return try Self.readValue(&scanner, named: name)
    }

    /// Goes behind an attribute value, which has no name where it is an element of a list.
    @inlinable @inline(__always)
    package static func readValue(
        _ scanner: inout JSONScanner,
        named name: JSONStringRange = JSONStringRange(content: 0..<0, hasEscapes: false)
    ) throws(JSONScanError) -> Attribute {
        let start = scanner.position
        let type = try scanner.openAttributeValue()
        let valueStart = scanner.position
        var hasEscapes = false
        if scanner.take("\"") {
            hasEscapes = try scanner.skipRestOfString()
        } else {
            try scanner.skipValue()
        }
        let value = valueStart..<scanner.position
        try scanner.closeAttributeValue()
        return Attribute(
            name: name,
            type: type,
            value: value,
            valueHasEscapes: hasEscapes,
            typedValue: start..<scanner.position
        )
    }

    /// The next attribute's name; `nil` when the map has ended, and `scanner` then stands behind it.
    ///
    /// The scanner is left at the attribute's value, and whoever asks for the next name must have gone behind it.
    @inlinable @inline(__always)
    package mutating func nextName() throws(JSONScanError) -> JSONStringRange? {
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
        return name
    }
}

extension JSONScanner {
    /// Goes into an attribute value, `{"S":"a"}`, to the JSON value inside, which begins as its type's must.
    @inlinable @inline(__always)
    package mutating func openAttributeValue() throws(JSONScanError) -> AttributeType {
        let start = position
        if skipToScalar() {
            position &-= 1
            let tag = UnsafeRawBufferPointer(rebasing: bytes[start &+ 2..<start &+ 3])
            return try checked(AttributeType(tag: tag), firstByte: UInt8(ascii: "\""))
        }
        return try openAnyAttributeValue()
    }

    /// Of any type and in any layout.
    @usableFromInline
    mutating func openAnyAttributeValue() throws(JSONScanError) -> AttributeType {
        try require("{", "an attribute value such as {\"S\":\"text\"}")
        skipWhitespace()
        let tag = try skipString()
        skipWhitespace()
        try require(":", "\":\"")
        skipWhitespace()
        let type = AttributeType(tag: UnsafeRawBufferPointer(rebasing: bytes[tag.content]))
        return try checked(type, firstByte: peek() ?? 0)
    }

    /// Goes behind an attribute value whose inner value has been read.
    @inlinable @inline(__always)
    package mutating func closeAttributeValue() throws(JSONScanError) {
        skipWhitespace()
        try require("}", "the end of the attribute value")
    }

    /// The type, if its value begins as that type's must.
    @inlinable @inline(__always)
    func checked(_ type: AttributeType, firstByte: UInt8) throws(JSONScanError) -> AttributeType {
        let fits =
            switch type {
            case .string, .number, .binary: firstByte == UInt8(ascii: "\"")
            case .bool: firstByte == UInt8(ascii: "t") || firstByte == UInt8(ascii: "f")
            case .null: firstByte == UInt8(ascii: "t")
            case .list, .stringSet, .numberSet, .binarySet: firstByte == UInt8(ascii: "[")
            case .map: firstByte == UInt8(ascii: "{")
            case .unknown: true
            }
        guard fits else { throw error("a value of the type that is named before it") }
        return type
    }
}
