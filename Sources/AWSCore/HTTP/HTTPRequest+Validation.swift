extension HTTPRequest {
    /// Makes sure that nothing in the request can be taken for something else on the wire.
    ///
    /// - Parameter url: the request's ``url``, which costs something to put together.
    /// - Throws: ``HTTPError`` of code ``HTTPError/Code/malformed``; the message holds no value.
    func validate(url: String) throws {
        // Nothing that ends the request line, and no fragment, which would never be sent.
        guard url.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7F && $0 != UInt8(ascii: "#") }) else {
            throw HTTPError(.malformed, "the URL holds a blank, a control character or a #")
        }
        guard path.utf8.first == UInt8(ascii: "/"), !path.utf8.contains(UInt8(ascii: "?")) else {
            throw HTTPError(.malformed, "the path does not begin with / or holds a ?")
        }
        // Anything else would send the request, signature included, somewhere else than its Host header says.
        guard !authority.isEmpty, !authority.utf8.contains(where: Self.endsAuthority) else {
            throw HTTPError(.malformed, "the host is empty or holds one of / ? @ \\")
        }
        for field in headers.fields { try Self.validate(field) }
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
        guard !field.name.isEmpty, field.name.utf8.allSatisfy(isTokenByte) else {
            throw HTTPError(.malformed, "the name of a header field is none")
        }
        guard !field.value.utf8.contains(where: { ($0 < 0x20 && $0 != UInt8(ascii: "\t")) || $0 == 0x7F }) else {
            throw HTTPError(
                .malformed,
                "the header field \(field.name) holds a line break or another control character"
            )
        }
        guard !isOwnField(field.name) else {
            throw HTTPError(.malformed, "the header field \(field.name) is the transport's to set")
        }
    }

    /// RFC 9110 section 5.6.2.
    private static func isTokenByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        case UInt8(ascii: "!"), UInt8(ascii: "#"), UInt8(ascii: "$"), UInt8(ascii: "%"), UInt8(ascii: "&"),
            UInt8(ascii: "'"), UInt8(ascii: "*"), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."),
            UInt8(ascii: "^"), UInt8(ascii: "_"), UInt8(ascii: "`"), UInt8(ascii: "|"), UInt8(ascii: "~"):
            true
        default: false
        }
    }
}
