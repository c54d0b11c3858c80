extension JSONValue {
    package enum Layout: Sendable {
        /// No space at all.
        case compact
        /// One member or element a line, two spaces a level, `"name": value`; no newline at the end.
        case pretty
    }

    package enum KeyOrder: Sendable {
        case original
        /// By the bytes of the names, so that equal values have equal texts.
        case sorted
    }

    /// The value as JSON text in UTF-8; parsing it again gives the same value.
    package func serialized(_ layout: Layout = .compact, keys: KeyOrder = .original) -> [UInt8] {
        var serializer = JSONSerializer(layout: layout, keyOrder: keys)
        serializer.write(self, level: 0)
        return serializer.output
    }

    package func text(_ layout: Layout = .compact, keys: KeyOrder = .original) -> String {
        String(decoding: serialized(layout, keys: keys), as: UTF8.self)
    }
}

private struct JSONSerializer {
    let layout: JSONValue.Layout
    let keyOrder: JSONValue.KeyOrder
    var output: [UInt8] = []

    init(layout: JSONValue.Layout, keyOrder: JSONValue.KeyOrder) {
        self.layout = layout
        self.keyOrder = keyOrder
    }

    mutating func write(_ value: JSONValue, level: Int) {
        switch value {
        case .null: output += "null".utf8
        case .bool(let value): output += (value ? "true" : "false").utf8
        case .number(let number): output += number.text.utf8
        case .string(let string): write(string)
        case .array(let elements):
            write(elements, open: "[", close: "]", level: level) { serializer, element in
                serializer.write(element, level: level + 1)
            }
        case .object(let object):
            let members =
                switch keyOrder {
                case .original: object.members
                case .sorted: object.members.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
                }
            write(members, open: "{", close: "}", level: level) { serializer, member in
                serializer.write(member.key)
                serializer.output.append(UInt8(ascii: ":"))
                if serializer.layout == .pretty { serializer.output.append(UInt8(ascii: " ")) }
                serializer.write(member.value, level: level + 1)
            }
        }
    }

    private mutating func write<Element>(
        _ elements: [Element],
        open: Unicode.Scalar,
        close: Unicode.Scalar,
        level: Int,
        writeElement: (inout JSONSerializer, Element) -> Void
    ) {
        output.append(UInt8(ascii: open))
        for (index, element) in elements.enumerated() {
            if index > 0 { output.append(UInt8(ascii: ",")) }
            breakLine(level: level + 1)
            writeElement(&self, element)
        }
        if !elements.isEmpty { breakLine(level: level) }
        output.append(UInt8(ascii: close))
    }

    private mutating func breakLine(level: Int) {
        guard layout == .pretty else { return }
        output.append(UInt8(ascii: "\n"))
        output += repeatElement(UInt8(ascii: " "), count: 2 * level)
    }

    private mutating func write(_ string: String) {
        output.append(UInt8(ascii: "\""))
        for byte in string.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                output.append(UInt8(ascii: "\\"))
                output.append(byte)
            case 0x08: output += "\\b".utf8
            case 0x09: output += "\\t".utf8
            case 0x0A: output += "\\n".utf8
            case 0x0C: output += "\\f".utf8
            case 0x0D: output += "\\r".utf8
            case 0..<0x20: output += ((byte < 16 ? "\\u000" : "\\u00") + String(byte, radix: 16)).utf8
            default: output.append(byte)
            }
        }
        output.append(UInt8(ascii: "\""))
    }
}
