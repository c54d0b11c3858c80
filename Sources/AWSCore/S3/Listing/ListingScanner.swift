internal import Glibc

/// Reads a listing in the very form in which S3 sends it, byte by byte, some fifty times as fast as an XML parser.
///
/// It takes only documents of which it is sure that a parser would read the same: elements without attributes, known
/// containers, ASCII, the references every document has. At everything else, from comments to what is cut off, it gives
/// up, and ``ListingElementReader`` says what the document is.
struct ListingScanner {
    private let base: UnsafeMutablePointer<UInt8>
    private let end: Int
    private var position = 0
    private var page = ListingPageBuilder()

    /// - Returns: `nil` for a document that is another reader's.
    static func read(_ document: [UInt8]) -> ListingPageBuilder? {
        // References are replaced in place, which needs a copy: the other reader gets the document as it came.
        var bytes = document
        let page: ListingPageBuilder? = bytes.withUnsafeMutableBufferPointer { bytes in
            guard let base = bytes.baseAddress, bytes.count <= Int(UInt32.max) else { return nil }
            var scanner = ListingScanner(base: base, end: bytes.count)
            return scanner.document() ? scanner.page : nil
        }
        guard var page else { return nil }
        page.bytes = bytes
        return page
    }

    private init(base: UnsafeMutablePointer<UInt8>, end: Int) {
        self.base = base
        self.end = end
        page.entries.reserveCapacity(1_000)
    }

    private mutating func document() -> Bool {
        guard
            skip("<?xml version=\"1.0\" encoding=\"UTF-8\"?>") || skip("<?xml version='1.0' encoding='utf-8'?>")
                || skip("<?xml version=\"1.0\" encoding=\"utf-8\"?>") || isAt("<")
        else { return false }
        skipBlanks()
        guard
            skip("<ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">") || skip("<ListBucketResult>")
        else { return false }
        while true {
            skipBlanks()
            if skip("<Contents>") {
                guard object() else { return false }
            } else if skip("<CommonPrefixes>") {
                guard commonPrefixes() else { return false }
            } else if skip("</ListBucketResult>") {
                skipBlanks()
                return position == end
            } else {
                guard pageElement() else { return false }
            }
        }
    }

    private mutating func pageElement() -> Bool {
        guard let (name, text) = element() else { return false }
        if equals(name, "IsTruncated") {
            guard equals(text, "true") || equals(text, "false") else { return false }
            page.isTruncated = equals(text, "true")
        } else if equals(name, "NextContinuationToken") {
            page.nextContinuationToken = string(text)
        } else if equals(name, "EncodingType") {
            page.isURLEncoded = equals(text, "url")
        } else if equals(name, "KeyCount") {
            guard let count = number(text) else { return false }
            page.keyCount = count
        } else if equals(name, "Contents") || equals(name, "CommonPrefixes") {
            return false
        }
        return true
    }

    private mutating func commonPrefixes() -> Bool {
        while true {
            skipBlanks()
            if skip("</CommonPrefixes>") { return true }
            guard let (prefix, mayBeEncoded) = leaf("<Prefix>", "</Prefix>", isKey: true) else { return false }
            if mayBeEncoded { page.encodedPrefixes.append(page.prefixes.count) }
            page.prefixes.append(prefix)
        }
    }

    /// What is behind `<Contents>`.
    private mutating func object() -> Bool {
        var entry = ListedObject.Entry()
        var (hasKey, hasSize, keyMayBeEncoded) = (false, false, false)
        while true {
            skipBlanks()
            guard position + 1 < end else { return false }
            switch base[position + 1] {
            case UInt8(ascii: "K"):
                guard let key = leaf("<Key>", "</Key>", isKey: true) else { return false }
                (entry.keySpan, keyMayBeEncoded) = key
                hasKey = true
            case UInt8(ascii: "L"):
                guard let text = leaf("<LastModified>", "</LastModified>") else { return false }
                entry.lastModifiedSpan = text.span
            case UInt8(ascii: "E"):
                guard let text = etag() else { return false }
                entry.etagSpan = text
            case UInt8(ascii: "S"):
                if isAt("<Size>") {
                    guard let text = leaf("<Size>", "</Size>"), let size = number(text.span) else { return false }
                    entry.size = size
                    hasSize = true
                } else {
                    guard let text = leaf("<StorageClass>", "</StorageClass>") else { return false }
                    entry.storageClassSpan = text.span
                }
            case UInt8(ascii: "C"):
                if isAt("<ChecksumType>") {
                    guard let text = leaf("<ChecksumType>", "</ChecksumType>") else { return false }
                    entry.checksumTypeSpan = text.span
                } else {
                    guard let text = leaf("<ChecksumAlgorithm>", "</ChecksumAlgorithm>") else { return false }
                    entry.checksumAlgorithmSpan = text.span
                }
            case UInt8(ascii: "O"):
                guard owner() else { return false }
            case UInt8(ascii: "R"):
                guard restoreStatus(&entry) else { return false }
            case UInt8(ascii: "/"):
                guard skip("</Contents>"), hasKey, hasSize else { return false }
                if keyMayBeEncoded { page.encodedKeys.append(page.entries.count) }
                page.entries.append(entry)
                return true
            default: return false
            }
        }
    }

    /// `&quot;d41d8cd98f00b204e9800998ecf8427e&quot;` most often, whose ends are written over at once.
    private mutating func etag() -> ByteSpan? {
        let start = position
        if skip("<ETag>&quot;") {
            let first = position - 1
            passPlainText()
            let last = position
            if skip("&quot;</ETag>") {
                base[first] = UInt8(ascii: "\"")
                base[last] = UInt8(ascii: "\"")
                return ByteSpan(from: first, to: last + 1)
            }
            position = start
        }
        return leaf("<ETag>", "</ETag>")?.span
    }

    private mutating func owner() -> Bool {
        guard skip("<Owner>") else { return false }
        while true {
            skipBlanks()
            if skip("</Owner>") { return true }
            guard element() != nil else { return false }
        }
    }

    private mutating func restoreStatus(_ entry: inout ListedObject.Entry) -> Bool {
        guard skip("<RestoreStatus>") else { return false }
        while true {
            skipBlanks()
            if skip("</RestoreStatus>") { return true }
            guard let (name, text) = element() else { return false }
            if equals(name, "IsRestoreInProgress") { entry.isRestoreInProgress = equals(text, "true") }
            if equals(name, "RestoreExpiryDate") { entry.restoreExpirySpan = text }
        }
    }
}

// MARK: - Bytes

extension ListingScanner {
    /// An element of any name that has nothing inside but text.
    private mutating func element() -> (name: ByteSpan, text: ByteSpan)? {
        guard isAt("<") else { return nil }
        let nameStart = position + 1
        var nameEnd = nameStart
        while nameEnd < end, base[nameEnd].isASCIIAlphanumeric { nameEnd += 1 }
        guard nameEnd > nameStart, !base[nameStart].isASCIIDigit else { return nil }
        let name = ByteSpan(from: nameStart, to: nameEnd)
        position = nameEnd
        if skip("/>") { return (name, ByteSpan()) }
        guard skip(">"), let text = text(isKey: false), skip("</"), end - position > Int(name.count),
            memcmp(base + position, base + nameStart, Int(name.count)) == 0
        else { return nil }
        position += Int(name.count)
        return skip(">") ? (name, text.span) : nil
    }

    /// The text between two tags.
    ///
    /// Without them the document is the other reader's: this one may be past their start.
    @inline(__always)
    private mutating func leaf(
        _ opening: StaticString,
        _ closing: StaticString,
        isKey: Bool = false
    ) -> (span: ByteSpan, mayBeEncoded: Bool)? {
        guard skip(opening), let text = text(isKey: isKey), skip(closing) else { return nil }
        return text
    }

    /// Text up to the next tag, its references replaced.
    ///
    /// `mayBeEncoded` is told of keys alone: there may be a `%` or `+`.
    @inline(__always)
    private mutating func text(isKey: Bool) -> (span: ByteSpan, mayBeEncoded: Bool)? {
        let start = position
        var encoded = isKey ? passKeyText() : passPlainText()
        var hasReferences = false
        while true {
            guard position < end else { return nil }
            switch base[position] {
            case UInt8(ascii: "<"):
                let span = ByteSpan(from: start, to: position)
                guard hasReferences else { return (span, encoded) }
                return (XMLReferences.decode(UnsafeMutableBufferPointer(start: base, count: end), span), true)
            case UInt8(ascii: "&"):
                guard let (_, count) = XMLReferences.read(UnsafeBufferPointer(start: base, count: end)[position...])
                else { return nil }
                hasReferences = true
                position += count
            // A carriage return would have to become a line feed; ">" may stand behind "]]".
            case 0x09, 0x0A, 0x20..<0x3C, 0x3D, 0x3F..<0x80:
                if isKey, base[position] == UInt8(ascii: "%") || base[position] == UInt8(ascii: "+") { encoded = true }
                position += 1
            default: return nil
            }
            if (isKey ? passKeyText() : passPlainText()) { encoded = true }
        }
    }

    /// Goes on to the next byte that is not plainly text, or to one of the last seven; eight at a time.
    ///
    /// - Returns: false.
    @inline(__always) @discardableResult
    private mutating func passPlainText() -> Bool {
        while position + 8 <= end {
            let word = UnsafeRawPointer(base + position).loadUnaligned(as: UInt64.self).littleEndian
            let stops = Self.stops(word)
            if stops != 0 {
                position += stops.trailingZeroBitCount >> 3
                return false
            }
            position += 8
        }
        return false
    }

    /// The same.
    ///
    /// - Returns: Whether there was a `%` or `+` on the way, or shortly behind.
    @inline(__always)
    private mutating func passKeyText() -> Bool {
        var encoded: UInt64 = 0
        while position + 8 <= end {
            let word = UnsafeRawPointer(base + position).loadUnaligned(as: UInt64.self).littleEndian
            encoded |= Self.zeros(word ^ 0x2525_2525_2525_2525) | Self.zeros(word ^ 0x2B2B_2B2B_2B2B_2B2B)
            let stops = Self.stops(word)
            if stops != 0 {
                position += stops.trailingZeroBitCount >> 3
                break
            }
            position += 8
        }
        return encoded != 0
    }

    /// Marks bytes that are `<`, `>` or `&`, control characters, or not ASCII; above the first mark may be wrong ones.
    @inline(__always)
    private static func stops(_ word: UInt64) -> UInt64 {
        // The second bit is all that "<" and ">" differ in.
        zeros((word | 0x0202_0202_0202_0202) ^ 0x3E3E_3E3E_3E3E_3E3E) | zeros(word ^ 0x2626_2626_2626_2626)
            | ((word &- 0x2020_2020_2020_2020) & ~word & 0x8080_8080_8080_8080) | (word & 0x8080_8080_8080_8080)
    }

    /// Marks bytes that are zero (Alan Mycroft's trick); above the first mark may be wrong ones.
    @inline(__always)
    private static func zeros(_ word: UInt64) -> UInt64 {
        (word &- 0x0101_0101_0101_0101) & ~word & 0x8080_8080_8080_8080
    }

    @inline(__always)
    private func isAt(_ literal: StaticString) -> Bool {
        end - position >= literal.utf8CodeUnitCount
            && memcmp(base + position, literal.utf8Start, literal.utf8CodeUnitCount) == 0
    }

    @inline(__always)
    private mutating func skip(_ literal: StaticString) -> Bool {
        guard isAt(literal) else { return false }
        position += literal.utf8CodeUnitCount
        return true
    }

    @inline(__always)
    private mutating func skipBlanks() {
        while position < end {
            switch base[position] {
            case 0x20, 0x09, 0x0A, 0x0D: position += 1
            default: return
            }
        }
    }

    private func equals(_ span: ByteSpan, _ literal: StaticString) -> Bool {
        Int(span.count) == literal.utf8CodeUnitCount
            && memcmp(base + span.range.lowerBound, literal.utf8Start, Int(span.count)) == 0
    }

    private func string(_ span: ByteSpan) -> String {
        String(decoding: UnsafeBufferPointer(start: base, count: end)[span.range], as: UTF8.self)
    }

    @inline(__always)
    private func number(_ span: ByteSpan) -> Int? {
        guard (1...18).contains(span.count) else { return nil }
        var value = 0
        for index in span.range {
            guard base[index].isASCIIDigit else { return nil }
            value = value &* 10 &+ Int(base[index] &- UInt8(ascii: "0"))
        }
        return value
    }
}
