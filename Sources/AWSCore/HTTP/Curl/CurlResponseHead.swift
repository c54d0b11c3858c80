/// Status and header lines of an answer as libcurl hands them over, one by one.
///
/// The lines are only kept on the loop's thread; whoever waits for the answer takes them apart on its own.
struct CurlResponseHead: Sendable {
    private(set) var status = 0
    /// Whether the empty line has come: libcurl takes a head that breaks off after its first line for whole.
    private(set) var isWhole = false
    /// Everything after the status line, line ends included.
    private var lines: [UInt8] = []

    /// Takes one line, its line end included.
    ///
    /// - Returns: whether the head is whole; those of `100 Continue` and its like are passed over, and so are fields
    ///   after a chunked body, which must not pass for the head's own (RFC 9110 section 6.5.1).
    mutating func consume(_ line: UnsafeRawBufferPointer) -> Bool {
        guard !isWhole else { return false }
        if line.starts(with: "HTTP/".utf8) {
            let code = line.drop { $0 != UInt8(ascii: " ") }.dropFirst().prefix { $0 > UInt8(ascii: " ") }
            status = Int(String(decoding: UnsafeRawBufferPointer(rebasing: code), as: UTF8.self)) ?? 0
            lines.removeAll(keepingCapacity: true)
        } else if line.allSatisfy(Self.isBlankOrLineEnd) {
            // 101 is not asked for and has no successor.
            isWhole = status >= 200 || status == 101
        } else {
            lines.append(contentsOf: line)
        }
        return isWhole
    }

    /// The fields in their order; bytes that are not UTF-8 become U+FFFD.
    var headers: HTTPHeaders {
        var headers = HTTPHeaders()
        headers.reserveCapacity(16)
        lines.withUnsafeBytes { bytes in
            for line in bytes.split(separator: UInt8(ascii: "\n")) {
                guard let colon = line.firstIndex(of: UInt8(ascii: ":")) else { continue }
                var value = line[(colon + 1)...].drop(while: Self.isBlankOrLineEnd)
                while let last = value.last, Self.isBlankOrLineEnd(last) { value.removeLast() }
                headers.add(Self.text(line[..<colon]), Self.text(value))
            }
        }
        return headers
    }

    private static func isBlankOrLineEnd(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") || byte == UInt8(ascii: "\r")
            || byte == UInt8(ascii: "\n")
    }

    private static func text(_ bytes: Slice<UnsafeRawBufferPointer>) -> String {
        String(decoding: UnsafeRawBufferPointer(rebasing: bytes), as: UTF8.self)
    }
}

/// An answer before its head was taken apart.
struct CurlAnswer: Sendable {
    var head: CurlResponseHead
    /// Empty where the body is streamed.
    var body: [UInt8]

    var response: HTTPResponse { HTTPResponse(status: head.status, headers: head.headers, body: body) }
}
