package import AWSCore

/// DynamoDB's values as its own comparisons see them; independent of the code under test.
package enum FakeDynamoDBValue {
    /// Whether two attribute values are equal to DynamoDB: numbers by value, sets in any order, maps by their members.
    package static func equal(_ left: JSONValue, _ right: JSONValue) -> Bool {
        canonical(left) == canonical(right)
    }

    /// Whether two items are equal, attribute by attribute.
    package static func equalItems(_ left: JSONValue, _ right: JSONValue) -> Bool {
        equal(["M": left], ["M": right])
    }

    /// A text that equal values have in common and others have not.
    package static func canonical(_ value: JSONValue) -> String {
        guard let member = value.object?.members.first else { return "?" }
        switch (member.key, member.value) {
        case ("N", .string(let text)): return "N" + number(text)
        case ("NS", .array(let elements)):
            return "NS" + elements.map { number($0.string ?? "?") }.sorted(by: utf8).joined(separator: ",")
        case ("SS", .array(let elements)), ("BS", .array(let elements)):
            return member.key + elements.map { quoted($0.string ?? "?") }.sorted(by: utf8).joined(separator: ",")
        case ("L", .array(let elements)): return "L[" + elements.map(canonical).joined(separator: ",") + "]"
        case ("M", .object(let object)):
            let members = object.members.map { quoted($0.key) + ":" + canonical($0.value) }
            return "M{" + members.sorted(by: utf8).joined(separator: ",") + "}"
        default: return member.key + String(decoding: member.value.serialized(), as: UTF8.self)
        }
    }

    /// A number without leading and trailing zeros: `-12e-1`; zero is `0`.
    package static func number(_ text: String) -> String {
        let (isNegative, digits, exponent) = decimal(text)
        guard !digits.isEmpty else { return "0" }
        return (isNegative ? "-" : "") + String(decoding: digits, as: UTF8.self) + "e\(exponent)"
    }

    /// Sign, digits without zeros at either end, and the power of ten of the last one.
    static func decimal(_ text: String) -> (isNegative: Bool, digits: [UInt8], exponent: Int) {
        var digits: [UInt8] = []
        var exponent = 0
        var isFraction = false
        var rest = Array(text.utf8)[...]
        let isNegative = rest.first == UInt8(ascii: "-")
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"):
                digits.append(byte)
                if isFraction { exponent -= 1 }
            case UInt8(ascii: "."): isFraction = true
            case UInt8(ascii: "e"), UInt8(ascii: "E"):
                let text = String(decoding: rest, as: UTF8.self)
                exponent += Int(text.hasPrefix("+") ? String(text.dropFirst()) : text) ?? 0
                rest = []
            default: break
            }
        }
        while digits.last == UInt8(ascii: "0") {
            digits.removeLast()
            exponent += 1
        }
        return (isNegative, Array(digits.drop { $0 == UInt8(ascii: "0") }), exponent)
    }

    static func numberIsLess(_ left: String, _ right: String) -> Bool {
        let (a, b) = (decimal(left), decimal(right))
        func sign(_ value: (isNegative: Bool, digits: [UInt8], exponent: Int)) -> Int {
            value.digits.isEmpty ? 0 : value.isNegative ? -1 : 1
        }
        guard sign(a) == sign(b) else { return sign(a) < sign(b) }
        guard sign(a) != 0 else { return false }
        let (high, low) = (a.digits.count + a.exponent, b.digits.count + b.exponent)
        let isSmaller = high == low ? a.digits.lexicographicallyPrecedes(b.digits) : high < low
        let isSame = high == low && a.digits == b.digits
        return !isSame && (sign(a) > 0 ? isSmaller : !isSmaller)
    }

    /// What DynamoDB counts for an item against its 400 KB and a page's 1 MB.
    static func size(ofItem item: JSONObject) -> Int {
        item.members.reduce(0) { $0 + $1.key.utf8.count + size($1.value) }
    }

    private static func size(_ value: JSONValue) -> Int {
        guard let member = value.object?.members.first else { return 1 }
        switch (member.key, member.value) {
        case ("S", .string(let text)): return text.utf8.count
        case ("N", .string(let text)): return text.utf8.count / 2 + 2
        case ("B", .string(let text)): return text.utf8.count * 3 / 4
        case (_, .array(let elements)):
            return elements.reduce(3) { $0 + 1 + ($1.string.map(\.utf8.count) ?? size($1)) }
        case (_, .object(let object)):
            return 3 + object.members.reduce(0) { $0 + $1.key.utf8.count + 1 + size($1.value) }
        default: return 1
        }
    }

    private static func quoted(_ text: String) -> String {
        String(decoding: JSONValue.string(text).serialized(), as: UTF8.self)
    }

    private static func utf8(_ left: String, _ right: String) -> Bool {
        left.utf8.lexicographicallyPrecedes(right.utf8)
    }
}
