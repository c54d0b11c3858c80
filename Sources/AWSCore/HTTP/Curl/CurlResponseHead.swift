/// Status and headers of an answer, put together from the lines that libcurl hands over.
struct CurlResponseHead {
    private(set) var status = 0
    private(set) var headers = HTTPHeaders()

    var contentLength: Int? { headers["Content-Length"].flatMap { Int($0) } }

    /// Takes one line, its line end included.
    ///
    /// - Returns: whether the head is whole; those of `100 Continue` and its like are passed over.
    mutating func consume(_ line: UnsafeRawBufferPointer) -> Bool {
        var line = line[...]
        while let last = line.last, last == UInt8(ascii: "\r") || last == UInt8(ascii: "\n") { line.removeLast() }
        if line.isEmpty { return status >= 200 }
        if line.starts(with: "HTTP/".utf8) {
            status =
                line.split(separator: UInt8(ascii: " ")).dropFirst().first.flatMap { Self.text($0) }.flatMap(Int.init)
                ?? 0
            headers = HTTPHeaders()
        } else if let colon = line.firstIndex(of: UInt8(ascii: ":")), let name = Self.text(line[..<colon]) {
            let value = line[(colon + 1)...].drop { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
            headers.add(name, Self.text(value) ?? "")
        }
        return false
    }

    private static func text(_ bytes: Slice<UnsafeRawBufferPointer>) -> String? {
        String(validating: bytes, as: UTF8.self)
    }
}
