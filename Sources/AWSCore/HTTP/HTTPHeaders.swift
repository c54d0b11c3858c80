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
            change { fields in
                fields.removeAll { $0.name.equalsIgnoringASCIICase(name) }
                if let newValue { fields.append(Field(name: name, value: newValue)) }
            }
        }
    }

    /// Whether a field of that name is there.
    package func contains(_ name: String) -> Bool {
        switch storage {
        case .fields(let fields): fields.contains { $0.name.equalsIgnoringASCIICase(name) }
        case .lines: self[name] != nil
        }
    }

    mutating func reserveCapacity(_ count: Int) {
        change { $0.reserveCapacity(count) }
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
            forEachLine(bytes) { name, value in
                fields.append(
                    Field(name: String(decoding: name, as: UTF8.self), value: String(decoding: value, as: UTF8.self))
                )
                return true
            }
        }
        return fields
    }

    private static func value(of wanted: String, in lines: [UInt8]) -> String? {
        var found: String?
        var wanted = wanted
        wanted.withUTF8 { wanted in
            lines.withUnsafeBytes { bytes in
                forEachLine(bytes) { name, value in
                    guard name.count == wanted.count else { return true }
                    for index in 0..<name.count where name[index].asciiLowercased != wanted[index].asciiLowercased {
                        return true
                    }
                    found = String(decoding: value, as: UTF8.self)
                    return false
                }
            }
        }
        return found
    }

    /// - Parameter body: gets a field's name and value without the blanks around it; returns whether to go on.
    @inline(__always)
    private static func forEachLine(
        _ bytes: UnsafeRawBufferPointer,
        _ body: (_ name: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) -> Bool
    ) {
        var start = 0
        while start < bytes.count {
            var colon: Int?
            var end = start
            while end < bytes.count, bytes[end] != UInt8(ascii: "\n") {
                if colon == nil, bytes[end] == UInt8(ascii: ":") { colon = end }
                end += 1
            }
            if let colon {
                var (first, last) = (colon + 1, end)
                while first < last, isBlankOrLineEnd(bytes[first]) { first += 1 }
                while last > first, isBlankOrLineEnd(bytes[last - 1]) { last -= 1 }
                let name = UnsafeRawBufferPointer(rebasing: bytes[start..<colon])
                guard body(name, UnsafeRawBufferPointer(rebasing: bytes[first..<last])) else { return }
            }
            start = end + 1
        }
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
