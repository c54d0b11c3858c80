/// Builds one line of JSON; faster than an encoder and with nothing in it that a terminal or a log viewer would obey.
struct JSONLine {
    private(set) var bytes: [UInt8] = [UInt8(ascii: "{")]

    init() {
        bytes.reserveCapacity(256)
    }

    mutating func add(_ key: String, _ value: String) {
        addKey(key)
        addString(value)
    }

    mutating func addKey(_ key: String) {
        if bytes.count > 1 { bytes.append(UInt8(ascii: ",")) }
        addString(key)
        bytes.append(UInt8(ascii: ":"))
    }

    /// Appends text that is JSON already.
    mutating func addRaw(_ text: String) {
        bytes += text.utf8
    }

    mutating func end() {
        bytes += "}\n".utf8
    }

    /// Appends a JSON string.
    ///
    /// Beside what JSON demands, DEL, the C1 controls and the Unicode line separators are escaped.
    mutating func addString(_ string: String) {
        bytes.append(UInt8(ascii: "\""))
        for scalar in string.unicodeScalars {
            switch scalar {
            case "\"": bytes += "\\\"".utf8
            case "\\": bytes += "\\\\".utf8
            case "\n": bytes += "\\n".utf8
            case "\r": bytes += "\\r".utf8
            case "\t": bytes += "\\t".utf8
            default:
                if scalar.isUnsafeInLogs {
                    bytes += scalar.jsonEscape.utf8
                } else if scalar.isASCII {
                    bytes.append(UInt8(truncatingIfNeeded: scalar.value))
                } else {
                    bytes += UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter
                }
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }
}

extension Unicode.Scalar {
    /// Whether the character would end a line or steer a terminal.
    var isUnsafeInLogs: Bool {
        switch value {
        case 0..<0x20, 0x7F..<0xA0, 0x2028, 0x2029: true
        default: false
        }
    }

    /// The character as four hexadecimal digits; for those below U+10000.
    var jsonEscape: String {
        let digits = String(value, radix: 16)
        return "\\u" + String(repeating: "0", count: max(0, 4 - digits.utf8.count)) + digits
    }
}
