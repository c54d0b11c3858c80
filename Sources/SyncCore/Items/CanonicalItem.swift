import AWSCore

/// An item in a form in which canonically equal values are the same bytes; see ``ItemDigest`` for what is equal.
///
/// Exact, where the digest is only nearly so, and slower.
struct CanonicalItem {
    /// By the bytes of the names, each with its value in canonical form.
    let attributes: [(name: [UInt8], value: [UInt8])]

    /// - Throws: ``JSONScanError``, also for an attribute that stands twice.
    init(_ item: UnsafeRawBufferPointer) throws(JSONScanError) {
        var reader = try ItemReader(item)
        var attributes = try Self.members(&reader, depth: 0)
        try reader.scanner.requireEnd()
        attributes.removeAll { $0.name.starts(with: "aws:rep:".utf8) }
        self.attributes = attributes
    }

    /// The canonical form of one attribute value: `{"S":"a"}`.
    static func value(_ typedValue: UnsafeRawBufferPointer) throws(JSONScanError) -> [UInt8] {
        var scanner = JSONScanner(typedValue)
        var output: [UInt8] = []
        try append(&scanner, to: &output, depth: 0)
        return output
    }

    private static func members(
        _ reader: inout ItemReader,
        depth: Int
    ) throws(JSONScanError) -> [(name: [UInt8], value: [UInt8])] {
        var members: [(name: [UInt8], value: [UInt8])] = []
        while let name = try reader.nextName() {
            var value: [UInt8] = []
            let bytes = JSONStringBytes.unescaped(reader.scanner.bytes, name.content)
            try append(&reader.scanner, to: &value, depth: depth)
            members.append((bytes, value))
        }
        members.sort { $0.name.lexicographicallyPrecedes($1.name) }
        for (member, next) in zip(members, members.dropFirst()) where member.name == next.name {
            throw reader.scanner.error("each name once")
        }
        return members
    }

    /// Appends type, length and content, and goes behind the value.
    private static func append(
        _ scanner: inout JSONScanner,
        to output: inout [UInt8],
        depth: Int
    ) throws(JSONScanError) {
        guard depth < 64 else { throw scanner.error("at most 64 levels of values") }
        let start = scanner.position
        let type = try scanner.openAttributeValue()
        output.append(type.code)
        switch type {
        case .string, .number, .binary: append(try scalar(&scanner, type), to: &output)
        case .bool, .null:
            output.append(scanner.peek() ?? 0)
            try scanner.skipValue()
        case .list:
            var elements: [UInt8] = []
            try scanner.forEachElement { scanner throws(JSONScanError) in
                try append(&scanner, to: &elements, depth: depth + 1)
            }
            append(elements, to: &output)
        case .map:
            var reader = try ItemReader(scanner.bytes, at: scanner.position)
            var content: [UInt8] = []
            for member in try members(&reader, depth: depth + 1) {
                append(member.name, to: &content)
                append(member.value, to: &content)
            }
            scanner.position = reader.scanner.position
            append(content, to: &output)
        case .stringSet, .numberSet, .binarySet:
            var elements: [[UInt8]] = []
            let elementType: AttributeType = type == .stringSet ? .string : type == .numberSet ? .number : .binary
            try scanner.forEachElement { scanner throws(JSONScanError) in
                elements.append(try scalar(&scanner, elementType))
            }
            var content: [UInt8] = []
            for element in elements.sorted(by: { $0.lexicographicallyPrecedes($1) }) { append(element, to: &content) }
            append(content, to: &output)
        case .unknown:
            scanner.position = start
            try scanner.skipValue()
            append(Array(scanner.bytes[start..<scanner.position]), to: &output)
            return
        }
        try scanner.closeAttributeValue()
    }

    private static func append(_ bytes: [UInt8], to output: inout [UInt8]) {
        withUnsafeBytes(of: UInt64(bytes.count).bigEndian) { output.append(contentsOf: $0) }
        output += bytes
    }

    private static func scalar(_ scanner: inout JSONScanner, _ type: AttributeType) throws(JSONScanError) -> [UInt8] {
        let offset = scanner.position
        let string = try scanner.skipString()
        let bytes = JSONStringBytes.unescaped(scanner.bytes, string.content)
        switch type {
        case .number:
            guard let number = bytes.withUnsafeBytes({ CanonicalNumber($0) }) else {
                throw JSONScanError(offset: offset, expected: "a number of up to 38 digits")
            }
            return Array("\(number.isNegative ? "-" : "")\(number.significand)e\(number.exponent)".utf8)
        case .binary:
            let form = bytes.withUnsafeBytes { CanonicalBinary.form(of: $0) }
            var canonical = Array(bytes.prefix(form.count))
            if let lastByte = form.lastByte { canonical[canonical.count - 1] = lastByte }
            return canonical
        default: return bytes
        }
    }
}
