import AWSCore

/// A value while a condition is evaluated, as a place in memory.
struct FilterValue {
    var type: AttributeType
    /// What stands between the quotes of texts, numbers and binaries; the JSON value of others.
    var content: UnsafeRawBufferPointer
    var hasEscapes = false
    /// The value with its type, `{"S":"a"}`; of attributes only.
    var typedValue = UnsafeRawBufferPointer(start: nil, count: 0)
    /// Numbers that are known already: of literals and sizes.
    var number: CanonicalNumber?
    var bool = false

    init(_ attribute: ItemReader.Attribute, in item: UnsafeRawBufferPointer) {
        type = attribute.type
        let isQuoted = type == .string || type == .number || type == .binary
        let place = isQuoted ? attribute.value.lowerBound + 1..<attribute.value.upperBound - 1 : attribute.value
        content = UnsafeRawBufferPointer(rebasing: item[place])
        hasEscapes = isQuoted && attribute.valueHasEscapes
        typedValue = UnsafeRawBufferPointer(rebasing: item[attribute.typedValue])
        bool = content.first == UInt8(ascii: "t")
    }

    /// - Parameter quoted: the element of a set, with its quotes.
    init(type: AttributeType, element quoted: JSONStringRange, in bytes: UnsafeRawBufferPointer) {
        self.type = type
        content = UnsafeRawBufferPointer(rebasing: bytes[quoted.content])
        hasEscapes = quoted.hasEscapes
    }

    init(_ literal: FilterLiteral, pool: UnsafeRawBufferPointer) {
        type = literal.type
        content = UnsafeRawBufferPointer(rebasing: pool[literal.content])
        number = literal.type == .number ? literal.number : nil
        bool = literal.bool
    }

    init(size: Int) {
        type = .number
        content = UnsafeRawBufferPointer(start: nil, count: 0)
        number = CanonicalNumber(size)
    }

    // MARK: Comparing

    /// DynamoDB's `=`: the same type and the same value, deep inside as well.
    func equals(_ other: FilterValue) throws(JSONScanError) -> Bool {
        guard type == other.type else { return false }
        switch type {
        case .string:
            guard hasEscapes || other.hasEscapes else { return Self.isSame(content, other.content) }
            return bytes == other.bytes
        case .number: return try numberValue() == other.numberValue()
        case .binary: return try decoded() == other.decoded()
        case .bool: return bool == other.bool
        case .null: return true
        default: return try CanonicalItem.value(typedValue) == CanonicalItem.value(other.typedValue)
        }
    }

    /// Whether this comes before the other in DynamoDB's order; `nil` where there is none.
    func precedes(_ other: FilterValue) throws(JSONScanError) -> Bool? {
        guard type == other.type else { return nil }
        switch type {
        case .string:
            guard hasEscapes || other.hasEscapes else { return content.lexicographicallyPrecedes(other.content) }
            return bytes.lexicographicallyPrecedes(other.bytes)
        case .number: return try numberValue() < other.numberValue()
        case .binary: return try decoded().lexicographicallyPrecedes(other.decoded())
        default: return nil
        }
    }

    func beginsWith(_ prefix: FilterValue) throws(JSONScanError) -> Bool {
        guard type == prefix.type else { return false }
        switch type {
        case .string:
            guard hasEscapes || prefix.hasEscapes else { return content.starts(with: prefix.content) }
            return bytes.starts(with: prefix.bytes)
        case .binary: return try decoded().starts(with: prefix.decoded())
        default: return false
        }
    }

    /// Part of a text or binary, or element of a set or list.
    func contains(_ part: FilterValue) throws(JSONScanError) -> Bool {
        switch type {
        case .string where part.type == .string:
            guard hasEscapes || part.hasEscapes else { return Self.contains(content, part.content) }
            return Self.contains(bytes, part.bytes)
        case .binary where part.type == .binary: return Self.contains(try decoded(), try part.decoded())
        case .stringSet, .numberSet, .binarySet:
            let elementType: AttributeType = type == .stringSet ? .string : type == .numberSet ? .number : .binary
            guard part.type == elementType else { return false }
            var isFound = false
            var scanner = JSONScanner(content)
            try scanner.forEachElement { scanner throws(JSONScanError) in
                let element = FilterValue(type: elementType, element: try scanner.skipString(), in: content)
                if !isFound { isFound = try element.equals(part) }
            }
            return isFound
        case .list:
            var isFound = false
            var scanner = JSONScanner(content)
            try scanner.forEachElement { scanner throws(JSONScanError) in
                let element = FilterValue(try scanner.readAttributeValue(), in: content)
                if !isFound { isFound = try element.equals(part) }
            }
            return isFound
        default: return false
        }
    }

    /// DynamoDB's `size`: bytes of a text or binary, elements of a set, list or map; `nil` for other types.
    func size() throws(JSONScanError) -> Int? {
        switch type {
        case .string: return hasEscapes ? bytes.count : content.count
        case .binary: return try decoded().count
        case .stringSet, .numberSet, .binarySet, .list:
            var count = 0
            var scanner = JSONScanner(content)
            try scanner.forEachElement { scanner throws(JSONScanError) in
                try scanner.skipValue()
                count += 1
            }
            return count
        case .map:
            var count = 0
            var reader = try ItemReader(content)
            while try reader.next() != nil { count += 1 }
            return count
        default: return nil
        }
    }

    // MARK: Bytes

    private var bytes: [UInt8] {
        hasEscapes ? JSONStringBytes.unescaped(content, 0..<content.count) : Array(content)
    }

    private func numberValue() throws(JSONScanError) -> CanonicalNumber {
        if let number { return number }
        let number = hasEscapes ? bytes.withUnsafeBytes { CanonicalNumber($0) } : CanonicalNumber(content)
        guard let number else { throw JSONScanError(offset: 0, expected: "a number of up to 38 digits") }
        return number
    }

    private func decoded() throws(JSONScanError) -> [UInt8] {
        guard let decoded = bytes.withUnsafeBytes({ CanonicalBinary.decoded($0) }) else {
            throw JSONScanError(offset: 0, expected: "a binary in Base64")
        }
        return decoded
    }

    private static func isSame(_ left: UnsafeRawBufferPointer, _ right: UnsafeRawBufferPointer) -> Bool {
        guard left.count == right.count else { return false }
        for index in 0..<left.count where left[index] != right[index] { return false }
        return true
    }

    private static func contains<Bytes: RandomAccessCollection>(_ bytes: Bytes, _ part: Bytes) -> Bool
    where Bytes.Element == UInt8, Bytes.Index == Int {
        guard let first = part.first else { return true }
        guard bytes.count >= part.count else { return false }
        for start in bytes.startIndex...bytes.endIndex - part.count where bytes[start] == first {
            if bytes[start...].starts(with: part) { return true }
        }
        return false
    }
}

extension CanonicalNumber {
    init(_ value: Int) {
        self.init()
        isNegative = value < 0
        significand = UInt128(value.magnitude)
        while significand > 0, significand % 10 == 0 {
            significand /= 10
            exponent += 1
        }
    }
}

extension JSONScanner {
    /// An attribute value that has no name, such as an element of a list.
    mutating func readAttributeValue() throws(JSONScanError) -> ItemReader.Attribute {
        try ItemReader.readValue(&self)
    }
}
