/// Status and headers of an answer, put together from the lines that libcurl hands over.
struct CurlResponseHead {
    private(set) var status = 0
    private(set) var headers = HTTPHeaders()
    private(set) var isWhole = false

    /// `nil` when it is not given, or not a number from 0 up.
    var contentLength: Int? {
        headers["Content-Length"].flatMap { Int($0) }.flatMap { $0 < 0 ? nil : $0 }
    }

    /// Takes one line, its line end included.
    ///
    /// - Returns: whether the head is whole; those of `100 Continue` and its like are passed over, and so are fields
    ///   after a chunked body, which must not pass for the head's own (RFC 9110 section 6.5.1).
    mutating func consume(_ line: UnsafeRawBufferPointer) -> Bool {
        guard !isWhole else { return false }
        var line = line[...]
        while let last = line.last, last == UInt8(ascii: "\r") || last == UInt8(ascii: "\n") || Self.isBlank(last) {
            line.removeLast()
        }
        if line.isEmpty {
            // 101 is not asked for and has no successor.
            isWhole = status >= 200 || status == 101
            return isWhole
        }
        if line.starts(with: "HTTP/".utf8) {
            status =
                line.split(separator: UInt8(ascii: " ")).dropFirst().first.flatMap { Self.text($0) }.flatMap(Int.init)
                ?? 0
            headers = HTTPHeaders()
        } else if let colon = line.firstIndex(of: UInt8(ascii: ":")), let name = Self.text(line[..<colon]) {
            let value = line[(colon + 1)...].drop(while: Self.isBlank)
            headers.add(name, Self.text(value) ?? "")
        }
        return false
    }

    private static func isBlank(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t")
    }

    private static func text(_ bytes: Slice<UnsafeRawBufferPointer>) -> String? {
        String(validating: bytes, as: UTF8.self)
    }
}
