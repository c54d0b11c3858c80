internal import Glibc

/// Reads small answers in the very form in which AWS sends them, in a fraction of what a parser takes to be set up.
///
/// It takes only documents of which it is sure that ``XMLEventParser`` would read the same: ASCII, elements without
/// attributes but for `xmlns`, the references that every document has. At everything else it gives up, and the parser
/// says what the document is.
struct PlainXMLReader {
    private let bytes: UnsafeBufferPointer<UInt8>
    private var position: Int

    /// Deeper ones are the parser's.
    private static let maximumDepth = 16

    /// - Returns: the root; `nil` for a document that is the parser's.
    static func read(_ document: some Collection<UInt8>) -> XMLElement? {
        document.withContiguousStorageIfAvailable { bytes in
            var reader = PlainXMLReader(bytes: bytes, position: 0)
            return reader.document()
        } ?? nil
    }

    private mutating func document() -> XMLElement? {
        _ = skip("<?xml version=\"1.0\" encoding=\"UTF-8\"?>") || skip("<?xml version='1.0' encoding='utf-8'?>")
        skipBlanks()
        guard let root = element(depth: 1) else { return nil }
        skipBlanks()
        return position == bytes.count ? root : nil
    }

    private mutating func element(depth: Int) -> XMLElement? {
        guard depth <= Self.maximumDepth, let name = openingName() else { return nil }
        if skip("/>") { return XMLElement(name: string(name)) }
        skipNamespace()
        guard skip(">") else { return nil }
        var result = XMLElement(name: string(name))
        let start = position
        var hasReferences = false
        while true {
            guard let found = passText() else { return nil }
            hasReferences = hasReferences || found
            if skip("</") {
                if result.children.isEmpty {
                    result.text = hasReferences ? decoded(start..<(position - 2)) : string(start..<(position - 2))
                }
                return closes(name) ? result : nil
            }
            guard let child = element(depth: depth + 1) else { return nil }
            result.children.append(child)
        }
    }

    private mutating func openingName() -> Range<Int>? {
        guard skip("<") else { return nil }
        let start = position
        while position < bytes.count, bytes[position].isASCIIAlphanumeric { position += 1 }
        guard position > start, !bytes[start].isASCIIDigit else { return nil }
        return start..<position
    }

    private mutating func skipNamespace() {
        let start = position
        guard skip(" xmlns=\"") else { return }
        while position < bytes.count {
            switch bytes[position] {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "-")...UInt8(ascii: ":"): position += 1
            default:
                // What cannot be passed over is refused where a ">" has to follow.
                if !skip("\"") { position = start }
                return
            }
        }
    }

    private mutating func closes(_ name: Range<Int>) -> Bool {
        guard let base = bytes.baseAddress, bytes.count - position > name.count,
            memcmp(base + position, base + name.lowerBound, name.count) == 0
        else { return false }
        position += name.count
        return skip(">")
    }

    /// Goes on to the next tag.
    ///
    /// - Returns: whether there were references on the way; `nil` for what is the parser's.
    private mutating func passText() -> Bool? {
        var hasReferences = false
        while position < bytes.count {
            switch bytes[position] {
            case UInt8(ascii: "<"): return hasReferences
            case UInt8(ascii: "&"):
                guard let (_, count) = XMLReferences.read(bytes[position...]) else { return nil }
                hasReferences = true
                position += count
            // A carriage return would have to become a line feed; ">" may stand behind "]]".
            case 0x09, 0x0A, 0x20..<0x3E, 0x3F..<0x80: position += 1
            default: return nil
            }
        }
        return nil
    }

    private func string(_ range: Range<Int>) -> String { String(decoding: bytes[range], as: UTF8.self) }

    /// A text in which the references are replaced; none is shorter than its character.
    private func decoded(_ range: Range<Int>) -> String {
        String(unsafeUninitializedCapacity: range.count) { text in
            _ = text.initialize(from: bytes[range])
            return XMLReferences.decode(text, ByteSpan(from: 0, to: range.count)).range.count
        }
    }

    private mutating func skip(_ literal: StaticString) -> Bool {
        let count = literal.utf8CodeUnitCount
        guard let base = bytes.baseAddress, bytes.count - position >= count,
            memcmp(base + position, literal.utf8Start, count) == 0
        else { return false }
        position += count
        return true
    }

    private mutating func skipBlanks() {
        while position < bytes.count {
            switch bytes[position] {
            case 0x20, 0x09, 0x0A, 0x0D: position += 1
            default: return
            }
        }
    }
}
