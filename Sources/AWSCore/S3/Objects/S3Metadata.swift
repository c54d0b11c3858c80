/// User metadata, `x-amz-meta-*`, by lower-case name, each value as S3 has it in a header.
///
/// A header holds ASCII. S3 decodes what comes as an encoded word of RFC 2047, such as `=?UTF-8?B?w6k=?=`, and writes
/// what is not ASCII as one when it is read, so that a value that S3 gave can be sent back as it is. Only texts of other
/// origin must be encoded, which ``add(to:)`` does: S3 would take their bytes for Latin-1.
///
/// Source: Amazon S3 User Guide, "Working with object metadata".
package struct S3Metadata: Sendable, Equatable, ExpressibleByDictionaryLiteral {
    package private(set) var values: [String: String]

    /// - Parameter values: names of any case, which S3 has in lower case.
    package init(_ values: [String: String] = [:]) {
        self.values = [:]
        for (name, value) in values { self[name] = value }
    }

    package init(dictionaryLiteral elements: (String, String)...) {
        self.init()
        for (name, value) in elements { self[name] = value }
    }

    /// Several fields of one name are one value with commas, as in any header.
    init(headers: HTTPHeaders) {
        self.init()
        for field in headers.fields {
            let name = field.name.lowercased()
            guard name.hasPrefix(Self.prefix) else { continue }
            let key = String(name.dropFirst(Self.prefix.count))
            self[key] = self[key].map { "\($0),\(field.value)" } ?? field.value
        }
    }

    package subscript(name: String) -> String? {
        get { values[name.lowercased()] }
        set { values[name.lowercased()] = newValue }
    }

    package var isEmpty: Bool { values.isEmpty }

    /// The texts that the values stand for: two objects have the same metadata when these are equal, in whichever way
    /// two servers write them.
    package var decoded: [String: String] { values.mapValues(EncodedWord.decode) }

    func add(to headers: inout HTTPHeaders) {
        for (name, value) in values.sorted(by: { $0.key < $1.key }) {
            headers[Self.prefix + name] = value.utf8.allSatisfy { $0 < 0x80 } ? value : EncodedWord.encode(value)
        }
    }

    private static let prefix = "x-amz-meta-"
}

/// Text that is not ASCII in a header field (RFC 2047).
enum EncodedWord {
    static func encode(_ text: String) -> String { "=?UTF-8?B?\(Base64.string(Array(text.utf8)))?=" }

    /// The text with its encoded words decoded; what is none, or in another character set than UTF-8, stays as it is.
    static func decode(_ text: String) -> String {
        guard text.firstOccurrence(of: "=?") != nil else { return text }
        var result = ""
        var rest = text[...]
        // Blanks between two encoded words do not belong to the text (section 6.2).
        var blanks: Substring = ""
        var followsWord = false
        while let start = rest.firstOccurrence(of: "=?")?.lowerBound {
            blanks = rest[..<start]
            guard let (word, end) = self.word(rest[start...]) else {
                result += rest[...start]
                rest = rest[rest.index(after: start)...]
                followsWord = false
                continue
            }
            if !(followsWord && blanks.allSatisfy { $0 == " " || $0 == "\t" }) { result += blanks }
            result += word
            rest = rest[end...]
            followsWord = true
        }
        return result + rest
    }

    /// Reads `=?charset?encoding?text?=` at the start.
    private static func word(_ text: Substring) -> (String, end: Substring.Index)? {
        let parts = text.dropFirst(2).split(separator: "?", maxSplits: 3, omittingEmptySubsequences: false)
        guard parts.count == 4, parts[3].first == "=", String(parts[0]).equalsIgnoringASCIICase("UTF-8") else {
            return nil
        }
        let bytes: [UInt8]? =
            switch parts[1] {
            case "B", "b": Base64.bytes(String(parts[2]))
            case "Q", "q": quoted(parts[2])
            default: nil
            }
        guard let bytes, let word = String(validating: bytes, as: UTF8.self) else { return nil }
        return (word, parts[3].index(after: parts[3].startIndex))
    }

    /// `=C3=A9` for bytes and `_` for a blank (section 4.2).
    private static func quoted(_ text: Substring) -> [UInt8]? {
        var bytes: [UInt8] = []
        var input = text.utf8.makeIterator()
        while let byte = input.next() {
            switch byte {
            case UInt8(ascii: "="):
                guard let high = input.next().flatMap(Hexadecimal.value),
                    let low = input.next().flatMap(Hexadecimal.value)
                else { return nil }
                bytes.append(high << 4 | low)
            case UInt8(ascii: "_"): bytes.append(UInt8(ascii: " "))
            default: bytes.append(byte)
            }
        }
        return bytes
    }
}
