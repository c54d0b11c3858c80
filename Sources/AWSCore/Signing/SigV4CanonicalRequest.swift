import Glibc

/// Step 1 of a signature: the request in the one form that client and AWS agree on.
///
/// Source: IAM User Guide, "Create a signed AWS API request", step 1. It is written straight into the signature's
/// memory, because a signature per request is on the path of every call.
struct SigV4CanonicalRequest {
    let method: HTTPMethod
    let path: String
    let pathRule: SigV4Signer.PathRule
    let query: String
    let authority: String
    let fields: [HTTPHeaders.Field]
    let payloadHash: String

    /// Where the parts stand in the memory that they were written to.
    struct Layout {
        var canonicalRequest: Range<Int>
        /// `host;x-amz-date`.
        var signedHeaders: Range<Int>
    }

    /// At least the bytes that ``write(to:)`` needs.
    var maximumLength: Int {
        // Names stand there three times: in lower case to be sorted, with their values, and in the list.
        let headers = fields.reduce(0) { $0 + $1.name.utf8.count * 3 + $1.value.utf8.count + 3 }
        return headers + authority.utf8.count + path.utf8.count * 3 + query.utf8.count * 2 + payloadHash.utf8.count + 64
    }

    func write(to writer: inout ByteWriter) -> Layout {
        SigV4HeaderList.withHeaders(of: fields, writer: &writer) { headers, writer in
            let start = writer.count
            writer.append(method.rawValue)
            writer.append(UInt8(ascii: "\n"))
            switch pathRule {
            case .asSent: writer.append(path.isEmpty ? "/" : path)
            case .normalizedAndEncodedAgain: writeNormalizedPath(to: &writer)
            }
            writer.append(UInt8(ascii: "\n"))
            writeSortedQuery(to: &writer)
            writer.append(UInt8(ascii: "\n"))
            headers.write(to: &writer, fields: fields, authority: authority)
            writer.append(UInt8(ascii: "\n"))
            let signedHeadersStart = writer.count
            headers.writeNames(to: &writer)
            let signedHeaders = signedHeadersStart..<writer.count
            writer.append(UInt8(ascii: "\n"))
            writer.append(payloadHash)
            return Layout(canonicalRequest: start..<writer.count, signedHeaders: signedHeaders)
        }
    }

    /// Removes `.`, `..` and empty segments, keeps a closing `/`, and encodes what is already encoded once more.
    private func writeNormalizedPath(to writer: inout ByteWriter) {
        if path == "/" { return writer.append(UInt8(ascii: "/")) }
        let bytes = Array(path.utf8)
        var segments: [ArraySlice<UInt8>] = []
        for segment in bytes.split(separator: UInt8(ascii: "/")) {
            if segment.elementsEqual(".".utf8) { continue }
            if segment.elementsEqual("..".utf8) {
                _ = segments.popLast()
            } else {
                segments.append(segment)
            }
        }
        if segments.isEmpty { writer.append(UInt8(ascii: "/")) }
        for segment in segments {
            writer.append(UInt8(ascii: "/"))
            URIEncoding.encode(segment, keepsSlash: false) { writer.append($0) }
        }
        if !segments.isEmpty, bytes.last == UInt8(ascii: "/") { writer.append(UInt8(ascii: "/")) }
    }

    /// Sorts the items by name and then value; `?a` becomes `a=`.
    private func writeSortedQuery(to writer: inout ByteWriter) {
        guard !query.isEmpty else { return }
        let bytes = Array(query.utf8)
        var items: [(name: Range<Int>, value: Range<Int>)] = []
        var start = 0
        while start < bytes.count {
            let end = bytes[start...].firstIndex(of: UInt8(ascii: "&")) ?? bytes.count
            if end > start {
                let equals = bytes[start..<end].firstIndex(of: UInt8(ascii: "=")) ?? end
                items.append((start..<equals, min(equals + 1, end)..<end))
            }
            start = end + 1
        }
        bytes.withUnsafeBytes { bytes in
            // Name and value apart, because "=" sorts after the digits, "-", "." and "%".
            items.sort { first, second in
                let order = compare(bytes, first.name, second.name)
                return order != 0 ? order < 0 : compare(bytes, first.value, second.value) < 0
            }
            for (position, item) in items.enumerated() {
                if position > 0 { writer.append(UInt8(ascii: "&")) }
                writer.append(UnsafeRawBufferPointer(rebasing: bytes[item.name]))
                writer.append(UInt8(ascii: "="))
                writer.append(UnsafeRawBufferPointer(rebasing: bytes[item.value]))
            }
        }
    }
}

/// Negative, zero or positive as the first range's bytes sort before, as or after the second's.
private func compare(_ bytes: UnsafeRawBufferPointer, _ first: Range<Int>, _ second: Range<Int>) -> Int {
    precondition(first.upperBound <= bytes.count && second.upperBound <= bytes.count)
    guard let start = bytes.baseAddress else { return 0 }
    let length = min(first.count, second.count)
    let order = memcmp(start + first.lowerBound, start + second.lowerBound, length)
    return order != 0 ? Int(order) : first.count - second.count
}

/// The headers that take part in a signature, sorted by their lower-case names.
struct SigV4HeaderList {
    private struct Header {
        /// Where its lower-case name stands in the writer's memory.
        let name: Range<Int>
        /// Index in the fields; ``hostIndex`` for the authority.
        let index: Int
    }

    private static let hostIndex = -1
    private let headers: UnsafeMutableBufferPointer<Header>

    /// Writes the lower-case names, sorts the headers and lends the list to `body`.
    static func withHeaders<Result>(
        of fields: [HTTPHeaders.Field],
        writer: inout ByteWriter,
        body: (SigV4HeaderList, inout ByteWriter) -> Result
    ) -> Result {
        withUnsafeTemporaryAllocation(of: Header.self, capacity: fields.count + 1) { headers in
            let start = writer.count
            writer.append("host")
            headers.initializeElement(at: 0, to: Header(name: start..<writer.count, index: hostIndex))
            var count = 1
            for index in fields.indices {
                let start = writer.count
                writer.append(fields[index].name)
                writer.lowercase(from: start)
                let name = start..<writer.count
                if SigV4UnsignedHeaders.contains(writer.bytes(name)) {
                    writer.removeAll(from: start)
                    continue
                }
                // An insertion sort: it is stable, so that duplicates stay in order, and there are ten headers or so.
                var hole = count
                while hole > 0, compare(UnsafeRawBufferPointer(writer.written), name, headers[hole - 1].name) < 0 {
                    headers[hole] = headers[hole - 1]
                    hole -= 1
                }
                headers[hole] = Header(name: name, index: index)
                count += 1
            }
            return body(SigV4HeaderList(headers: UnsafeMutableBufferPointer(rebasing: headers[..<count])), &writer)
        }
    }

    /// The names as a presigned URL's `X-Amz-SignedHeaders` needs them before the canonical request can be written.
    static func names(of fields: [HTTPHeaders.Field]) -> String {
        let capacity = fields.reduce(16) { $0 + $1.name.utf8.count * 2 + 1 }
        return withUnsafeTemporaryAllocation(of: UInt8.self, capacity: capacity) { memory in
            var writer = ByteWriter(memory)
            return withHeaders(of: fields, writer: &writer) { headers, writer in
                let start = writer.count
                headers.writeNames(to: &writer)
                return String(decoding: writer.bytes(start..<writer.count), as: UTF8.self)
            }
        }
    }

    /// One line for each name, the values of duplicates joined by commas.
    func write(to writer: inout ByteWriter, fields: [HTTPHeaders.Field], authority: String) {
        for position in headers.indices {
            let header = headers[position]
            if isDuplicate(position, writer) {
                writer.append(UInt8(ascii: ","))
            } else {
                if position > 0 { writer.append(UInt8(ascii: "\n")) }
                writer.append(writer.bytes(header.name))
                writer.append(UInt8(ascii: ":"))
            }
            let start = writer.count
            writer.append(header.index == Self.hostIndex ? authority : fields[header.index].value)
            writer.foldWhitespace(from: start)
        }
        writer.append(UInt8(ascii: "\n"))
    }

    /// `host;x-amz-date`.
    func writeNames(to writer: inout ByteWriter) {
        for position in headers.indices where !isDuplicate(position, writer) {
            if position > 0 { writer.append(UInt8(ascii: ";")) }
            writer.append(writer.bytes(headers[position].name))
        }
    }

    private func isDuplicate(_ position: Int, _ writer: ByteWriter) -> Bool {
        guard position > 0 else { return false }
        return compare(UnsafeRawBufferPointer(writer.written), headers[position].name, headers[position - 1].name) == 0
    }
}
