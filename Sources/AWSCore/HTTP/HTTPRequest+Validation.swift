/// What makes sure that nothing in a request can be taken for something else on the wire.
///
/// Throws ``HTTPError`` of code ``HTTPError/Code/malformed``, whose message holds no value.
extension HTTPRequest {
    /// Checks what the request line and the Host header are made of.
    func validateURL() throws {
        // Nothing that ends the request line, and no fragment, which would never be sent.
        guard path.utf8.isEvery(Self.mayStandInURL), query.utf8.isEvery(Self.mayStandInURL),
            authority.utf8.isEvery(Self.mayStandInURL)
        else {
            throw HTTPError(.malformed, "the URL holds a blank, a control character or a #")
        }
        guard path.utf8.first == UInt8(ascii: "/"), path.utf8.isEvery({ $0 != UInt8(ascii: "?") }) else {
            throw HTTPError(.malformed, "the path does not begin with / or holds a ?")
        }
        // Anything else would send the request, signature included, somewhere else than its Host header says.
        guard !authority.isEmpty, authority.utf8.isEvery({ !Self.endsAuthority($0) }) else {
            throw HTTPError(.malformed, "the host is empty or holds one of / ? @ \\")
        }
    }

    private static func mayStandInURL(_ byte: UInt8) -> Bool {
        byte > 0x20 && byte != 0x7F && byte != UInt8(ascii: "#")
    }

    private static func endsAuthority(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: "/") || byte == UInt8(ascii: "?") || byte == UInt8(ascii: "@")
            || byte == UInt8(ascii: "\\")
    }

    /// Checks a header field by the bytes that go out.
    @inline(__always)
    static func validate(fieldName name: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer) throws {
        guard !name.isEmpty, name.allSatisfy(isTokenByte) else {
            throw HTTPError(.malformed, "the name of a header field is none")
        }
        guard !isOwnField(name) else {
            let name = String(decoding: name, as: UTF8.self)
            throw HTTPError(.malformed, "the header field \(name) is the transport's to set")
        }
        guard mayStandInField(value) else {
            let name = String(decoding: name, as: UTF8.self)
            throw HTTPError(.malformed, "the header field \(name) holds a line break or another control character")
        }
    }

    /// What the transport alone decides; two of them would tell two lengths.
    private static func isOwnField(_ name: UnsafeRawBufferPointer) -> Bool {
        switch name.count {
        case 4: isEqual(name, "host")
        case 14: isEqual(name, "content-length")
        case 17: isEqual(name, "transfer-encoding")
        default: false
        }
    }

    private static func isEqual(_ name: UnsafeRawBufferPointer, _ lowercased: StaticString) -> Bool {
        for index in 0..<name.count where name[index].asciiLowercased != lowercased.utf8Start[index] { return false }
        return true
    }

    /// RFC 9110 section 5.6.2: letters, digits and ``!#$%&'*+-.^_`|~``, as the bits of two words.
    private static func isTokenByte(_ byte: UInt8) -> Bool {
        let low: UInt64 = 0x03FF_6CFA_0000_0000
        let high: UInt64 = 0x57FF_FFFF_C7FF_FFFE
        return byte < 128 && (byte < 64 ? low : high) >> UInt64(byte & 63) & 1 == 1
    }

    /// Whether there are no control characters but tabs; eight bytes at a time, which mostly are all right.
    private static func mayStandInField(_ value: UnsafeRawBufferPointer) -> Bool {
        var offset = 0
        while offset + 8 <= value.count {
            let word = value.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
            if word.holdsByte(below: 0x20) || word.holdsByte(0x7F) {
                guard value[offset..<offset + 8].allSatisfy(mayStandInField) else { return false }
            }
            offset += 8
        }
        return value[offset...].allSatisfy(mayStandInField)
    }

    private static func mayStandInField(_ byte: UInt8) -> Bool {
        (byte >= 0x20 && byte != 0x7F) || byte == UInt8(ascii: "\t")
    }
}

extension String.UTF8View {
    /// `allSatisfy` over the bytes as they lie in memory.
    @inline(__always)
    fileprivate func isEvery(_ isRight: (UInt8) -> Bool) -> Bool {
        withContiguousStorageIfAvailable { $0.allSatisfy(isRight) } ?? allSatisfy(isRight)
    }
}

/// Eight bytes at once (Sean Eron Anderson, "Bit Twiddling Hacks": "Determine if a word has a zero byte" and after).
extension UInt64 {
    private static var ones: UInt64 { 0x0101_0101_0101_0101 }

    /// Whether one of the bytes is less than `limit`, which is at most 128.
    @inline(__always)
    fileprivate func holdsByte(below limit: UInt8) -> Bool {
        (self &- Self.ones &* UInt64(limit)) & ~self & (Self.ones << 7) != 0
    }

    @inline(__always)
    fileprivate func holdsByte(_ byte: UInt8) -> Bool {
        (self ^ (Self.ones &* UInt64(byte))).holdsByte(below: 1)
    }
}
