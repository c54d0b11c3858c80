extension HTTPRequest {
    /// Makes sure that nothing in the request can be taken for something else on the wire.
    ///
    /// - Throws: ``HTTPError`` of code ``HTTPError/Code/malformed``; the message holds no value.
    func validate() throws {
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
        for field in headers.fields { try Self.validate(field) }
    }

    private static func mayStandInURL(_ byte: UInt8) -> Bool {
        byte > 0x20 && byte != 0x7F && byte != UInt8(ascii: "#")
    }

    private static func endsAuthority(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: "/") || byte == UInt8(ascii: "?") || byte == UInt8(ascii: "@")
            || byte == UInt8(ascii: "\\")
    }

    /// What the transport alone decides; two of them would tell two lengths.
    private static func isOwnField(_ name: String) -> Bool {
        switch name.utf8.count {
        case 4: name.equalsIgnoringASCIICase("Host")
        case 14: name.equalsIgnoringASCIICase("Content-Length")
        case 17: name.equalsIgnoringASCIICase("Transfer-Encoding")
        default: false
        }
    }

    private static func validate(_ field: HTTPHeaders.Field) throws {
        guard !field.name.isEmpty, field.name.utf8.isEvery(isTokenByte) else {
            throw HTTPError(.malformed, "the name of a header field is none")
        }
        guard field.value.utf8.isEvery({ ($0 >= 0x20 && $0 != 0x7F) || $0 == UInt8(ascii: "\t") }) else {
            throw HTTPError(
                .malformed,
                "the header field \(field.name) holds a line break or another control character"
            )
        }
        guard !isOwnField(field.name) else {
            throw HTTPError(.malformed, "the header field \(field.name) is the transport's to set")
        }
    }

    /// RFC 9110 section 5.6.2: letters, digits and ``!#$%&'*+-.^_`|~``, as the bits of two words.
    private static func isTokenByte(_ byte: UInt8) -> Bool {
        let low: UInt64 = 0x03FF_6CFA_0000_0000
        let high: UInt64 = 0x57FF_FFFF_C7FF_FFFE
        return byte < 128 && (byte < 64 ? low : high) >> UInt64(byte & 63) & 1 == 1
    }
}

extension String.UTF8View {
    /// `allSatisfy` without leaving early, so that the compiler can look at many bytes at once: mostly all of them are
    /// right.
    @inline(__always)
    fileprivate func isEvery(_ isRight: (UInt8) -> Bool) -> Bool {
        func check(_ bytes: some Sequence<UInt8>) -> Bool {
            var wrong: UInt8 = 0
            for byte in bytes { wrong |= isRight(byte) ? 0 : 1 }
            return wrong == 0
        }
        return withContiguousStorageIfAvailable { check($0) } ?? check(self)
    }
}
