import AWSCore

/// Hashes of attribute values in canonical form.
///
/// Every message is a first word (type, kind of message, length of the name), the name, the content, and the content's
/// length in bytes as its end, so that no two different contents make the same message.
struct ValueHash {
    let key: SipHash128.Key

    /// DynamoDB allows 32 levels; more than the stack bears is refused.
    private static let maximumDepth = 64

    /// What a message stands for, besides the type.
    private enum Kind: UInt64 {
        case member = 1
        case element = 2
        case content = 3
        case whole = 4
    }

    @inline(__always)
    private func begin(_ kind: Kind, type: UInt8, nameLength: Int = 0) -> SipHash128 {
        var hash = SipHash128(key)
        hash.combine(UInt64(type) | kind.rawValue << 8 | UInt64(nameLength) << 16)
        return hash
    }

    func finish(_ sum: UInt128, count: UInt64, domain: UInt8) -> UInt128 {
        var hash = begin(.whole, type: domain)
        hash.combine(sum)
        return hash.digest(last: count)
    }

    /// The hash of a name and the attribute value that begins at the scanner; goes behind the value.
    @inline(__always)
    func attribute(_ scanner: inout JSONScanner, name: JSONStringRange) throws(JSONScanError) -> UInt128 {
        try attribute(&scanner, name: name, depth: 0)
    }

    @inline(__always)
    private func attribute(
        _ scanner: inout JSONScanner,
        name: JSONStringRange,
        depth: Int
    ) throws(JSONScanError) -> UInt128 {
        let start = scanner.position
        let type = try scanner.openAttributeValue()
        var hash: SipHash128
        if name.hasEscapes {
            let bytes = JSONStringBytes.unescaped(scanner.bytes, name.content)
            hash = begin(.member, type: type.code, nameLength: bytes.count)
            bytes.withUnsafeBytes { hash.combine($0, 0..<$0.count) }
        } else {
            hash = begin(.member, type: type.code, nameLength: name.content.count)
            hash.combine(scanner.bytes, name.content)
        }
        return try value(&scanner, type: type, start: start, hash, depth: depth)
    }

    /// Adds the content that begins at the scanner, goes behind the attribute value, and ends the message.
    @inline(__always)
    private func value(
        _ scanner: inout JSONScanner,
        type: AttributeType,
        start: Int,
        _ begun: consuming SipHash128,
        depth: Int
    ) throws(JSONScanError) -> UInt128 {
        var hash = begun
        var last: UInt64
        switch type {
        case .string, .number, .binary:
            last = try scalar(&scanner, type: type, &hash)
        case .bool:
            last = scanner.peek() == UInt8(ascii: "t") ? 1 : 0
            try scanner.skipValue()
        case .null:
            last = 0
            try scanner.skipValue()
        default:
            last = try container(&scanner, type: type, start: start, &hash, depth: depth)
            if type == .unknown { return hash.digest(last: last) }
        }
        try scanner.closeAttributeValue()
        return hash.digest(last: last)
    }

    /// - Returns: the content's length.
    @inline(__always)
    private func scalar(
        _ scanner: inout JSONScanner,
        type: AttributeType,
        _ hash: inout SipHash128
    ) throws(JSONScanError) -> UInt64 {
        let offset = scanner.position
        let string = try scanner.skipString()
        if string.hasEscapes {
            let bytes = JSONStringBytes.unescaped(scanner.bytes, string.content)
            let length = bytes.withUnsafeBytes { Self.combine($0, 0..<$0.count, type: type, &hash) }
            guard let length else { throw JSONScanError(offset: offset, expected: "a number of up to 38 digits") }
            return length
        }
        guard let length = Self.combine(scanner.bytes, string.content, type: type, &hash) else {
            throw JSONScanError(offset: offset, expected: "a number of up to 38 digits")
        }
        return length
    }

    /// - Returns: the content's length; `nil` for a number that is none.
    @inline(__always)
    private static func combine(
        _ bytes: UnsafeRawBufferPointer,
        _ range: Range<Int>,
        type: AttributeType,
        _ hash: inout SipHash128
    ) -> UInt64? {
        switch type {
        case .number:
            guard let number = CanonicalNumber(UnsafeRawBufferPointer(rebasing: bytes[range])) else { return nil }
            hash.combine(number.significand)
            hash.combine(UInt64(bitPattern: Int64(number.exponent)))
            return number.isNegative ? 1 : 0
        case .binary:
            let form = CanonicalBinary.form(of: UnsafeRawBufferPointer(rebasing: bytes[range]))
            let end = range.lowerBound + form.count
            guard let lastByte = form.lastByte else {
                hash.combine(bytes, range.lowerBound..<end)
                return UInt64(form.count)
            }
            var copy = Array(bytes[range.lowerBound..<end])
            copy[copy.count - 1] = lastByte
            copy.withUnsafeBytes { hash.combine($0, 0..<$0.count) }
            return UInt64(form.count)
        default:
            hash.combine(bytes, range)
            return UInt64(range.count)
        }
    }

    /// Adds a list, map or set, or the text of a type that is not known.
    ///
    /// - Returns: the number of its elements.
    private func container(
        _ scanner: inout JSONScanner,
        type: AttributeType,
        start: Int,
        _ hash: inout SipHash128,
        depth: Int
    ) throws(JSONScanError) -> UInt64 {
        guard depth < Self.maximumDepth else { throw scanner.error("at most 64 levels of values") }
        var count: UInt64 = 0
        var sum: UInt128 = 0
        switch type {
        case .map:
            var reader = try ItemReader(scanner.bytes, at: scanner.position)
            while let name = try reader.nextName() {
                sum = sum &+ (try attribute(&reader.scanner, name: name, depth: depth + 1))
                count += 1
            }
            scanner.position = reader.scanner.position
            hash.combine(sum)
        case .list:
            try scanner.forEachElement { scanner throws(JSONScanError) in
                let start = scanner.position
                let type = try scanner.openAttributeValue()
                let begun = begin(.element, type: type.code)
                hash.combine(try value(&scanner, type: type, start: start, begun, depth: depth + 1))
                count += 1
            }
        case .stringSet, .numberSet, .binarySet:
            let elementType: AttributeType =
                type == .stringSet ? .string : type == .numberSet ? .number : .binary
            try scanner.forEachElement { scanner throws(JSONScanError) in
                var element = begin(.content, type: elementType.code)
                let last = try scalar(&scanner, type: elementType, &element)
                sum = sum &+ element.digest(last: last)
                count += 1
            }
            hash.combine(sum)
        default:
            // Nothing is known of its layout: the whole text, with its tag.
            scanner.position = start
            try scanner.skipValue()
            hash.combine(scanner.bytes, start..<scanner.position)
            return UInt64(scanner.position - start)
        }
        return count
    }
}
