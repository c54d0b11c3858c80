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
    /// - Throws: ``HTTPError`` of code ``HTTPError/Code/malformed`` for a field that would become another one.
    mutating func fill(_ request: HTTPRequest) throws -> UnsafeMutablePointer<curl_slist> {
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
        // Where they lie: a copy of each field would be two counts of references up and down again.
        try fields.withUnsafeBufferPointer { fields in
            for index in fields.indices { try writer.append(fields[index]) }
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

    /// Writes one line behind the other and links them.
    private struct Writer {
        var lines: UnsafeMutablePointer<CChar>
        let nodes: UnsafeMutablePointer<curl_slist>
        var count = 0

        mutating func append(_ name: String, _ separator: StaticString, _ value: String) {
            link()
            _ = write(name)
            write(constant: separator)
            _ = write(value)
            end()
        }

        /// Appends a field of the caller's, and looks at it where it then stands.
        mutating func append(_ field: HTTPHeaders.Field) throws {
            link()
            let name = write(field.name)
            let separator = lines
            write(constant: ": ")
            let value = write(field.value)
            try HTTPRequest.validate(fieldName: name, value: value)
            if value.allSatisfy({ $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }) {
                // libcurl leaves out a field without a value, unless it is written with a semicolon.
                lines = separator
                write(constant: ";")
            }
            end()
        }

        private mutating func link() {
            (nodes + count).initialize(to: curl_slist(data: lines, next: nil))
            if count > 0 { nodes[count - 1].next = nodes + count }
            count += 1
        }

        private mutating func end() {
            lines.pointee = 0
            lines += 1
        }

        private mutating func write(constant text: StaticString) {
            lines.update(
                from: UnsafeRawPointer(text.utf8Start).assumingMemoryBound(to: CChar.self),
                count: text.utf8CodeUnitCount
            )
            lines += text.utf8CodeUnitCount
        }

        /// - Returns: where it stands now.
        private mutating func write(_ text: String) -> UnsafeRawBufferPointer {
            let start = UnsafeMutableRawPointer(lines)
            let count = text.utf8.withContiguousStorageIfAvailable { bytes in
                if let source = bytes.baseAddress { start.copyMemory(from: source, byteCount: bytes.count) }
                return bytes.count
            }
            let copied =
                count
                ?? UnsafeMutableRawBufferPointer(start: start, count: text.utf8.count)
                .initializeMemory(as: UInt8.self, from: text.utf8).initialized.count
            lines += copied
            return UnsafeRawBufferPointer(start: start, count: copied)
        }
    }
}
