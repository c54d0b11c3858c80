extension JSONValue {
    /// How deep lists and objects may lie in each other: DynamoDB's 32 levels take at most two here each, and a limit
    /// keeps hostile input from exhausting the stack.
    package static let maximumDepth = 128

    /// Parses one JSON text, strictly by RFC 8259: nothing may follow it, and no name may stand twice in an object.
    ///
    /// - Throws: ``JSONSyntaxError``, with line and column.
    package init(parsing bytes: [UInt8]) throws(JSONSyntaxError) {
        try self.init(parsing: bytes[...])
    }

    /// Parses a piece of a larger buffer, such as one line; the places in errors count from its start.
    package init(parsing bytes: ArraySlice<UInt8>) throws(JSONSyntaxError) {
        let result = bytes.withUnsafeBufferPointer { buffer -> Result<JSONValue, JSONSyntaxError> in
            var parser = JSONParser(bytes: buffer)
            do throws(JSONSyntaxError) {
                return .success(try parser.parseText())
            } catch {
                return .failure(error)
            }
        }
        self = try result.get()
    }

    package init(parsing text: String) throws(JSONSyntaxError) {
        try self.init(parsing: Array(text.utf8))
    }
}

/// A name that equals another only byte for byte.
private struct ByteExactKey: Hashable {
    var string: String

    static func == (left: ByteExactKey, right: ByteExactKey) -> Bool { left.string.isSameBytes(as: right.string) }

    func hash(into hasher: inout Hasher) { hasher.combine(string) }
}

/// Recursive descent over bytes; lives no longer than the buffer it reads, and never reads past `bytes.count`.
private struct JSONParser {
    let bytes: UnsafeBufferPointer<UInt8>
    var position = 0
    var depth = 0

    init(bytes: UnsafeBufferPointer<UInt8>) {
        self.bytes = bytes
    }

    mutating func parseText() throws(JSONSyntaxError) -> JSONValue {
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) {
            throw error("the text begins with a byte order mark; save it as UTF-8 without one")
        }
        skipWhitespace()
        guard position < bytes.count else { throw error("the text is empty; expected a JSON value") }
        let value = try parseValue()
        skipWhitespace()
        guard position == bytes.count else { throw error("unexpected \(found()) after the end of the JSON value") }
        return value
    }

    private mutating func parseValue() throws(JSONSyntaxError) -> JSONValue {
        guard position < bytes.count else { throw error("the text ends where a value is expected") }
        switch bytes[position] {
        case UInt8(ascii: "{"): return .object(try parseObject())
        case UInt8(ascii: "["): return .array(try parseArray())
        case UInt8(ascii: "\""): return .string(try parseString())
        case UInt8(ascii: "t"): return try parseLiteral("true", .bool(true))
        case UInt8(ascii: "f"): return try parseLiteral("false", .bool(false))
        case UInt8(ascii: "n"): return try parseLiteral("null", .null)
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return .number(try parseNumber())
        default: throw error("unexpected \(found()); expected a value")
        }
    }

    private mutating func parseObject() throws(JSONSyntaxError) -> JSONObject {
        try enter()
        position += 1
        var members: [JSONObject.Member] = []
        var seen: Set<ByteExactKey> = []
        skipWhitespace()
        if peek() == UInt8(ascii: "}") {
            position += 1
            depth -= 1
            return JSONObject(uniqueMembers: members)
        }
        while true {
            skipWhitespace()
            guard peek() == UInt8(ascii: "\"") else {
                throw error("unexpected \(found()); expected a name in double quotes")
            }
            let keyPosition = position
            let key = try parseString()
            guard isNew(key, among: members, seen: &seen) else {
                position = keyPosition
                throw error("the name \"\(key)\" stands twice in the same object")
            }
            skipWhitespace()
            guard peek() == UInt8(ascii: ":") else { throw error("unexpected \(found()); expected \":\"") }
            position += 1
            skipWhitespace()
            members.append(JSONObject.Member(key: key, value: try parseValue()))
            skipWhitespace()
            switch peek() {
            case UInt8(ascii: ","):
                position += 1
            case UInt8(ascii: "}"):
                position += 1
                depth -= 1
                return JSONObject(uniqueMembers: members)
            default:
                throw error("unexpected \(found()); expected \",\" or \"}\"")
            }
        }
    }

    /// Compares with each member while they are few, which is cheaper than hashing, and by a set from then on.
    private func isNew(_ key: String, among members: [JSONObject.Member], seen: inout Set<ByteExactKey>) -> Bool {
        if members.count < 16 { return !members.contains { $0.key.isSameBytes(as: key) } }
        if seen.isEmpty { seen = Set(members.map { ByteExactKey(string: $0.key) }) }
        return seen.insert(ByteExactKey(string: key)).inserted
    }

    private mutating func parseArray() throws(JSONSyntaxError) -> [JSONValue] {
        try enter()
        position += 1
        var elements: [JSONValue] = []
        skipWhitespace()
        if peek() == UInt8(ascii: "]") {
            position += 1
            depth -= 1
            return elements
        }
        while true {
            skipWhitespace()
            elements.append(try parseValue())
            skipWhitespace()
            switch peek() {
            case UInt8(ascii: ","):
                position += 1
            case UInt8(ascii: "]"):
                position += 1
                depth -= 1
                return elements
            default:
                throw error("unexpected \(found()); expected \",\" or \"]\"")
            }
        }
    }

    private mutating func parseString() throws(JSONSyntaxError) -> String {
        let opening = position
        position += 1
        let start = position
        while position < bytes.count {
            switch bytes[position] {
            case UInt8(ascii: "\""):
                let content = UnsafeBufferPointer(rebasing: bytes[start..<position])
                guard let string = String(validating: content, as: UTF8.self) else {
                    position = opening
                    throw error("the string is not valid UTF-8")
                }
                position += 1
                return string
            case UInt8(ascii: "\\"):
                return try parseEscapedString(opening: opening)
            case 0..<0x20:
                throw error("a string holds the control character \(found()), which must be written as an escape")
            default:
                position += 1
            }
        }
        position = opening
        throw error("the string has no closing quote")
    }

    /// Continues a string at its first escape.
    private mutating func parseEscapedString(opening: Int) throws(JSONSyntaxError) -> String {
        var content = Array(bytes[(opening + 1)..<position])
        while position < bytes.count {
            let byte = bytes[position]
            switch byte {
            case UInt8(ascii: "\""):
                guard let string = String(validating: content, as: UTF8.self) else {
                    position = opening
                    throw error("the string is not valid UTF-8")
                }
                position += 1
                return string
            case UInt8(ascii: "\\"):
                try parseEscape(into: &content)
            case 0..<0x20:
                throw error("a string holds the control character \(found()), which must be written as an escape")
            default:
                content.append(byte)
                position += 1
            }
        }
        position = opening
        throw error("the string has no closing quote")
    }

    private mutating func parseEscape(into content: inout [UInt8]) throws(JSONSyntaxError) {
        let start = position
        position += 1
        guard let letter = peek() else { return }
        switch letter {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): content.append(letter)
        case UInt8(ascii: "b"): content.append(0x08)
        case UInt8(ascii: "f"): content.append(0x0C)
        case UInt8(ascii: "n"): content.append(0x0A)
        case UInt8(ascii: "r"): content.append(0x0D)
        case UInt8(ascii: "t"): content.append(0x09)
        case UInt8(ascii: "u"):
            position += 1
            var code = try parseHexDigits(escape: start)
            if (0xD800..<0xDC00).contains(code), peek() == UInt8(ascii: "\\"), position + 1 < bytes.count,
                bytes[position + 1] == UInt8(ascii: "u")
            {
                position += 2
                let low = try parseHexDigits(escape: start)
                if (0xDC00..<0xE000).contains(low) { code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00) }
            }
            guard let scalar = Unicode.Scalar(code) else {
                position = start
                throw error("the escape is half of a surrogate pair")
            }
            content += Array(String(Character(scalar)).utf8)
            return
        default:
            position = start
            throw error("unknown escape in a string; expected one of \\\" \\\\ \\/ \\b \\f \\n \\r \\t \\u")
        }
        position += 1
    }

    private mutating func parseHexDigits(escape: Int) throws(JSONSyntaxError) -> UInt32 {
        var code: UInt32 = 0
        for _ in 0..<4 {
            guard let byte = peek(), let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
                position = escape
                throw error("\\u needs four hexadecimal digits")
            }
            code = code << 4 + UInt32(digit)
            position += 1
        }
        return code
    }

    private mutating func parseNumber() throws(JSONSyntaxError) -> JSONNumber {
        let start = position
        guard JSONNumber.scan(bytes, from: &position) else { throw error("malformed number") }
        // The grammar allows no digit after a leading zero; without this, "01" would read "unexpected 1".
        if let byte = peek(), byte &- UInt8(ascii: "0") < 10 { throw error("a number may not begin with 0") }
        let text = String(decoding: UnsafeBufferPointer(rebasing: bytes[start..<position]), as: UTF8.self)
        return JSONNumber(checked: text)
    }

    private mutating func parseLiteral(_ word: StaticString, _ value: JSONValue) throws(JSONSyntaxError) -> JSONValue {
        let expected = UnsafeBufferPointer(start: word.utf8Start, count: word.utf8CodeUnitCount)
        guard bytes[position...].starts(with: expected) else {
            throw error("unexpected word; expected a value such as \(word)")
        }
        position += expected.count
        return value
    }

    private mutating func enter() throws(JSONSyntaxError) {
        depth += 1
        guard depth <= JSONValue.maximumDepth else {
            throw error("lists and objects lie more than \(JSONValue.maximumDepth) levels deep")
        }
    }

    private func peek() -> UInt8? { position < bytes.count ? bytes[position] : nil }

    private mutating func skipWhitespace() {
        while position < bytes.count {
            switch bytes[position] {
            case 0x20, 0x0A, 0x0D, 0x09: position += 1
            default: return
            }
        }
    }

    /// The character at the position, for messages.
    private func found() -> String {
        guard let byte = peek() else { return "end of the text" }
        switch byte {
        case 0x21..<0x7F: return "\"\(Character(Unicode.Scalar(byte)))\""
        default: return "byte 0x" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
        }
    }

    private func error(_ message: String) -> JSONSyntaxError {
        var line = 1
        var column = 1
        for byte in bytes[..<Swift.min(position, bytes.count)] {
            if byte == 0x0A {
                line += 1
                column = 1
            } else if byte & 0xC0 != 0x80 {
                column += 1
            }
        }
        return JSONSyntaxError(message: message, line: line, column: column)
    }
}
