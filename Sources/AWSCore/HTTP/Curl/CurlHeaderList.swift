internal import CCurl

/// The header fields of a request in the form that libcurl wants; the same memory for request after request.
///
/// libcurl reads the list while the transfer runs and keeps nothing of it. Its own `curl_slist_append` would take two
/// pieces of memory for each field.
struct CurlHeaderList: ~Copyable {
    private var lines: UnsafeMutablePointer<CChar>
    private var lineCapacity: Int
    private var nodes: UnsafeMutablePointer<curl_slist>
    private var nodeCapacity: Int

    init() {
        lineCapacity = 2048
        lines = .allocate(capacity: lineCapacity)
        nodeCapacity = 24
        nodes = .allocate(capacity: nodeCapacity)
    }

    deinit {
        lines.deallocate()
        nodes.deallocate()
    }

    /// Writes the fields of a request.
    ///
    /// - Returns: the list's first node, which stands until the next call.
    mutating func fill(_ request: HTTPRequest) -> UnsafeMutablePointer<curl_slist> {
        let fields = request.headers.fields
        // Four lines that libcurl would add or leave out by itself; a separator of two and the end for each.
        let bytes = fields.reduce(64 + request.authority.utf8.count) {
            $0 + $1.name.utf8.count + $1.value.utf8.count + 3
        }
        reserve(bytes: bytes, nodes: fields.count + 4)
        var writer = Writer(lines: lines, nodes: nodes)
        writer.append("Host", ": ", request.authority)
        // A colon with nothing behind it takes out what libcurl would add by itself.
        writer.append("Expect", ":", "")
        writer.append("Accept", ":", "")
        if !request.headers.contains("Content-Type") { writer.append("Content-Type", ":", "") }
        for field in fields {
            // For the same reason a field without a value is written with a semicolon.
            if Self.isBlank(field.value) {
                writer.append(field.name, ";", "")
            } else {
                writer.append(field.name, ": ", field.value)
            }
        }
        return nodes
    }

    private mutating func reserve(bytes: Int, nodes count: Int) {
        if bytes > lineCapacity {
            lines.deallocate()
            lineCapacity = bytes * 2
            lines = .allocate(capacity: lineCapacity)
        }
        if count > nodeCapacity {
            nodes.deallocate()
            nodeCapacity = count * 2
            nodes = .allocate(capacity: nodeCapacity)
        }
    }

    private static func isBlank(_ text: String) -> Bool {
        for byte in text.utf8 where byte != UInt8(ascii: " ") && byte != UInt8(ascii: "\t") { return false }
        return true
    }

    /// Writes one line behind the other and links them.
    private struct Writer {
        var lines: UnsafeMutablePointer<CChar>
        let nodes: UnsafeMutablePointer<curl_slist>
        var count = 0

        mutating func append(_ name: String, _ separator: StaticString, _ value: String) {
            (nodes + count).initialize(to: curl_slist(data: lines, next: nil))
            if count > 0 { nodes[count - 1].next = nodes + count }
            count += 1
            append(name)
            lines.update(
                from: UnsafeRawPointer(separator.utf8Start).assumingMemoryBound(to: CChar.self),
                count: separator.utf8CodeUnitCount
            )
            lines += separator.utf8CodeUnitCount
            append(value)
            lines.pointee = 0
            lines += 1
        }

        private mutating func append(_ text: String) {
            var text = text
            text.withUTF8 { bytes in
                guard let start = bytes.baseAddress else { return }
                UnsafeMutableRawPointer(lines).copyMemory(from: start, byteCount: bytes.count)
                lines += bytes.count
            }
        }
    }
}
