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
        if Self.isStatusLine(line) {
            let code = line.drop { $0 != UInt8(ascii: " ") }.dropFirst().prefix { $0 > UInt8(ascii: " ") }
            status = Int(String(decoding: UnsafeRawBufferPointer(rebasing: code), as: UTF8.self)) ?? 0
            lines.removeAll(keepingCapacity: true)
            lines.reserveCapacity(Self.usualBytes)
        } else if let first = line.first, !HTTPHeaders.isBlankOrLineEnd(first) {
            lines.append(contentsOf: line)
        } else if line.allSatisfy(HTTPHeaders.isBlankOrLineEnd) {
            // 101 is not asked for and has no successor.
            isWhole = status >= 200 || status == 101
        } else {
            lines.append(contentsOf: line)
        }
        return isWhole
    }

    /// The fields in their order; bytes that are not UTF-8 become U+FFFD.
    var headers: HTTPHeaders { HTTPHeaders(lines: lines) }

    /// What the head says of its body's length, in bytes.
    var contentLength: Int? { headers["Content-Length"].flatMap { Int($0) }.flatMap { $0 < 0 ? nil : $0 } }

    /// What the fields of most answers fit into.
    private static let usualBytes = 480

    private static func isStatusLine(_ line: UnsafeRawBufferPointer) -> Bool {
        line.count > 5 && line[0] == UInt8(ascii: "H") && line[1] == UInt8(ascii: "T") && line[2] == UInt8(ascii: "T")
            && line[3] == UInt8(ascii: "P") && line[4] == UInt8(ascii: "/")
    }
}

/// An answer before its head was taken apart.
struct CurlAnswer: Sendable {
    var head: CurlResponseHead
    /// Empty where the body is streamed.
    var body: [UInt8]

    var response: HTTPResponse { HTTPResponse(status: head.status, headers: head.headers, body: body) }
}
