import Glibc

/// The header fields of an HTTP message, in the order in which they were added.
///
/// Names compare without regard to ASCII case, as RFC 9110 section 5.1 has it; one name may stand several times.
package struct HTTPHeaders: Sendable {
    package struct Field: Sendable, Equatable {
        package var name: String
        package var value: String

        package init(name: String, value: String) {
            self.name = name
            self.value = value
        }
    }

    /// Of the fifteen fields of an answer one or two are looked at: they stay the bytes they came as until somebody
    /// wants all of them.
    private enum Storage: Sendable {
        case fields([Field])
        /// Lines as on the wire, each ended by a line feed.
        case lines([UInt8])
    }

    private var storage: Storage

    package init(_ fields: [Field] = []) {
        storage = .fields(fields)
    }

    /// The fields of an answer's lines; a line without a colon is none, and bytes that are not UTF-8 become U+FFFD.
    init(lines: [UInt8]) {
        storage = .lines(lines)
    }

    /// The same fields, with room for more.
    init(_ headers: HTTPHeaders, capacityFor more: Int) {
        let others = headers.fields
        var fields: [Field] = []
        fields.reserveCapacity(others.count + more)
        fields.append(contentsOf: others)
        storage = .fields(fields)
    }

    package var fields: [Field] {
        switch storage {
        case .fields(let fields): fields
        case .lines(let lines): Self.fields(of: lines)
        }
    }

    /// The value of the first field of that name; setting replaces every field of that name, `nil` removes them.
    package subscript(name: String) -> String? {
        get {
            switch storage {
            case .fields(let fields): fields.first { $0.name.equalsIgnoringASCIICase(name) }?.value
            case .lines(let lines): Self.value(of: name, in: lines)
            }
        }
        set {
            let isThere = contains(name)
            change { fields in
                if isThere { fields.removeAll { $0.name.equalsIgnoringASCIICase(name) } }
                if let newValue { fields.append(Field(name: name, value: newValue)) }
            }
        }
    }

    /// Whether a field of that name is there.
    package func contains(_ name: String) -> Bool {
        switch storage {
        case .fields(let fields):
            fields.withUnsafeBufferPointer { fields in
                fields.indices.contains { fields[$0].name.equalsIgnoringASCIICase(name) }
            }
        case .lines: self[name] != nil
        }
    }

    /// Appends a field and keeps those that already have its name.
    package mutating func add(_ name: String, _ value: String) {
        change { $0.append(Field(name: name, value: value)) }
    }

    private mutating func change(_ body: (inout [Field]) -> Void) {
        var fields = fields
        // Held here alone, the array is changed in place.
        storage = .fields([])
        body(&fields)
        storage = .fields(fields)
    }
}

/// Reading lines as they came.
extension HTTPHeaders {
    static func isBlankOrLineEnd(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") || byte == UInt8(ascii: "\r")
            || byte == UInt8(ascii: "\n")
    }

    private static func fields(of lines: [UInt8]) -> [Field] {
        var fields: [Field] = []
        fields.reserveCapacity(16)
        lines.withUnsafeBytes { bytes in
            for line in bytes.split(separator: UInt8(ascii: "\n")) {
                guard let colon = line.firstIndex(of: UInt8(ascii: ":")) else { continue }
                let name = UnsafeRawBufferPointer(rebasing: line[..<colon])
                let value = withoutBlanks(UnsafeRawBufferPointer(rebasing: line[(colon + 1)...]))
                fields.append(
                    Field(name: String(decoding: name, as: UTF8.self), value: String(decoding: value, as: UTF8.self))
                )
            }
        }
        return fields
    }

    /// Looks at the beginning of each line only.
    private static func value(of wanted: String, in lines: [UInt8]) -> String? {
        var wanted = wanted
        return wanted.withUTF8 { wanted in
            lines.withUnsafeBytes { bytes in
                var rest = bytes[...]
                while !rest.isEmpty {
                    let line = UnsafeRawBufferPointer(rebasing: rest)
                    let length = line.firstIndexOfLineFeed ?? line.count
                    if length > wanted.count, line[wanted.count] == UInt8(ascii: ":"), hasName(line, wanted) {
                        let value = UnsafeRawBufferPointer(rebasing: line[(wanted.count + 1)..<length])
                        return String(decoding: withoutBlanks(value), as: UTF8.self)
                    }
                    rest = rest.dropFirst(length + 1)
                }
                return nil
            }
        }
    }

    private static func hasName(_ line: UnsafeRawBufferPointer, _ name: UnsafeBufferPointer<UInt8>) -> Bool {
        for index in 0..<name.count where line[index].asciiLowercased != name[index].asciiLowercased { return false }
        return true
    }

    private static func withoutBlanks(_ bytes: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
        var (first, last) = (0, bytes.count)
        while first < last, isBlankOrLineEnd(bytes[first]) { first += 1 }
        while last > first, isBlankOrLineEnd(bytes[last - 1]) { last -= 1 }
        return UnsafeRawBufferPointer(rebasing: bytes[first..<last])
    }
}

extension UnsafeRawBufferPointer {
    fileprivate var firstIndexOfLineFeed: Int? {
        guard let baseAddress, let found = memchr(baseAddress, CInt(UInt8(ascii: "\n")), count) else { return nil }
        return UnsafeRawPointer(found) - baseAddress
    }
}

extension HTTPHeaders: Equatable {
    package static func == (left: HTTPHeaders, right: HTTPHeaders) -> Bool { left.fields == right.fields }
}

extension HTTPHeaders: ExpressibleByDictionaryLiteral {
    package init(dictionaryLiteral elements: (String, String)...) {
        self.init(elements.map { Field(name: $0.0, value: $0.1) })
    }
}

extension String {
    /// Whether both strings are the same bytes once A–Z are folded to a–z.
    package func equalsIgnoringASCIICase(_ other: String) -> Bool {
        let (left, right) = (utf8, other.utf8)
        return left.count == right.count && left.elementsEqual(right) { $0.asciiLowercased == $1.asciiLowercased }
    }
}

extension UInt8 {
    /// The byte with A–Z folded to a–z.
    package var asciiLowercased: UInt8 {
        (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(self) ? self | 0x20 : self
    }
}
