/// Step 1 of a signature: the request in the one form that client and AWS agree on.
///
/// Source: IAM User Guide, "Create a signed AWS API request", step 1. Everything is written into one buffer, because a
/// signature per request is on the path of every call.
struct SigV4CanonicalRequest {
    /// Work space and canonical request; steps 2 and 3 are appended by the signer.
    private(set) var buffer: [UInt8] = []
    /// Where in ``buffer`` the canonical request stands.
    private(set) var range = 0..<0
    /// Where in ``buffer`` the list of signed headers stands: `host;x-amz-date`.
    private(set) var signedHeaders = 0..<0

    /// A header that takes part, by its lower-case name in the work space.
    private struct Header {
        let name: Range<Int>
        /// Index in the fields; ``hostIndex`` for the authority.
        let index: Int
    }

    private static let hostIndex = -1

    init(
        method: HTTPMethod,
        path: String,
        pathRule: SigV4Signer.PathRule,
        query: String,
        authority: String,
        fields: [HTTPHeaders.Field],
        payloadHash: String
    ) {
        // Room for everything that usually comes, the string to sign included; names stand in it three times.
        let headerLength = fields.reduce(0) { $0 + $1.name.utf8.count * 3 + $1.value.utf8.count + 4 }
        buffer.reserveCapacity(512 + headerLength + authority.utf8.count + path.utf8.count * 3 + query.utf8.count)
        let headers = gatherHeaders(fields)
        let start = buffer.count
        append(method.rawValue)
        append(UInt8(ascii: "\n"))
        switch pathRule {
        case .asSent: append(path.isEmpty ? "/" : path)
        case .normalizedAndEncodedAgain: appendNormalizedPath(path)
        }
        append(UInt8(ascii: "\n"))
        appendSortedQuery(query)
        append(UInt8(ascii: "\n"))
        appendHeaders(headers, fields: fields, authority: authority)
        append(UInt8(ascii: "\n"))
        let signedHeadersStart = buffer.count
        appendNames(headers)
        signedHeaders = signedHeadersStart..<buffer.count
        append(UInt8(ascii: "\n"))
        append(payloadHash)
        range = start..<buffer.count
    }

    /// The names as a presigned URL's `X-Amz-SignedHeaders` needs them before the canonical request can be written.
    static func signedHeaderNames(_ fields: [HTTPHeaders.Field]) -> String {
        var scratch = SigV4CanonicalRequest()
        let headers = scratch.gatherHeaders(fields)
        let start = scratch.buffer.count
        scratch.appendNames(headers)
        return String(decoding: scratch.buffer[start...], as: UTF8.self)
    }

    private init() {}

    mutating func append(_ text: String) {
        buffer.append(contentsOf: text.utf8)
    }

    mutating func append(_ byte: UInt8) {
        buffer.append(byte)
    }

    mutating func append(_ bytes: UnsafeRawBufferPointer) {
        buffer.append(contentsOf: bytes)
    }

    mutating func appendHexadecimal(_ digest: SHA256Digest) {
        digest.withUnsafeBytes { Hexadecimal.append($0, to: &buffer) }
    }

    // MARK: Headers

    /// Writes the lower-case names into the work space and returns the headers sorted by them, duplicates in order.
    private mutating func gatherHeaders(_ fields: [HTTPHeaders.Field]) -> [Header] {
        var headers: [Header] = []
        headers.reserveCapacity(fields.count + 1)
        append("host")
        headers.append(Header(name: 0..<buffer.count, index: Self.hostIndex))
        for index in fields.indices {
            let start = buffer.count
            append(fields[index].name)
            buffer.withUnsafeMutableBufferPointer { bytes in
                for position in start..<bytes.count { bytes[position] = bytes[position].asciiLowercased }
            }
            if SigV4UnsignedHeaders.contains(buffer[start...]) {
                buffer.removeSubrange(start...)
            } else {
                headers.append(Header(name: start..<buffer.count, index: index))
            }
        }
        sort(&headers)
        return headers
    }

    /// An insertion sort: it is stable, and there are ten headers or fewer.
    private func sort(_ headers: inout [Header]) {
        buffer.withUnsafeBufferPointer { bytes in
            for position in headers.indices.dropFirst() {
                let header = headers[position]
                var hole = position
                while hole > 0,
                    Self.precedes(bytes[rebasing: header.name], bytes[rebasing: headers[hole - 1].name])
                {
                    headers[hole] = headers[hole - 1]
                    hole -= 1
                }
                headers[hole] = header
            }
        }
    }

    private mutating func appendHeaders(_ headers: [Header], fields: [HTTPHeaders.Field], authority: String) {
        var previous: Header?
        for header in headers {
            let value = header.index == Self.hostIndex ? authority : fields[header.index].value
            if let previous, hasSameName(previous, header) {
                append(UInt8(ascii: ","))
            } else {
                if previous != nil { append(UInt8(ascii: "\n")) }
                buffer.append(contentsOf: buffer[header.name])
                append(UInt8(ascii: ":"))
            }
            appendFolded(value)
            previous = header
        }
        append(UInt8(ascii: "\n"))
    }

    private mutating func appendNames(_ headers: [Header]) {
        var previous: Header?
        for header in headers {
            if let previous {
                if hasSameName(previous, header) { continue }
                append(UInt8(ascii: ";"))
            }
            buffer.append(contentsOf: buffer[header.name])
            previous = header
        }
    }

    private func hasSameName(_ first: Header, _ second: Header) -> Bool {
        buffer[first.name].elementsEqual(buffer[second.name])
    }

    /// Appends a value without white space at its ends and with every run inside as one space.
    private mutating func appendFolded(_ value: String) {
        let start = buffer.count
        append(value)
        // Nearly every value is in its final form already; then its bytes are only looked at.
        let count = buffer.withUnsafeMutableBufferPointer {
            Self.fold(UnsafeMutableBufferPointer(rebasing: $0[start...]))
        }
        buffer.removeSubrange((start + count)...)
    }

    /// Folds in place and returns how many bytes are left.
    private static func fold(_ bytes: UnsafeMutableBufferPointer<UInt8>) -> Int {
        var count = 0
        var hasPendingSpace = false
        for index in bytes.indices {
            let byte = bytes[index]
            // Space, and tab to carriage return.
            if byte == 0x20 || (byte >= 0x09 && byte <= 0x0d) {
                hasPendingSpace = count > 0
                continue
            }
            if hasPendingSpace {
                bytes[count] = UInt8(ascii: " ")
                count += 1
                hasPendingSpace = false
            }
            bytes[count] = byte
            count += 1
        }
        return count
    }

    // MARK: Path

    /// Removes `.`, `..` and empty segments, keeps a closing `/`, and encodes what is already encoded once more.
    private mutating func appendNormalizedPath(_ path: String) {
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
        if segments.isEmpty { append(UInt8(ascii: "/")) }
        for segment in segments {
            append(UInt8(ascii: "/"))
            URIEncoding.append(segment, to: &buffer, keepsSlash: false)
        }
        if !segments.isEmpty, bytes.last == UInt8(ascii: "/") { append(UInt8(ascii: "/")) }
    }

    // MARK: Query

    /// Sorts the items by name and then value; `?a` becomes `a=`.
    private mutating func appendSortedQuery(_ query: String) {
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
        bytes.withUnsafeBufferPointer { bytes in
            // Name and value apart, because "=" sorts after the digits, "-", "." and "%".
            items.sort { first, second in
                let firstName = bytes[rebasing: first.name]
                let secondName = bytes[rebasing: second.name]
                if Self.precedes(firstName, secondName) { return true }
                if Self.precedes(secondName, firstName) { return false }
                return Self.precedes(bytes[rebasing: first.value], bytes[rebasing: second.value])
            }
        }
        for (position, item) in items.enumerated() {
            if position > 0 { append(UInt8(ascii: "&")) }
            buffer.append(contentsOf: bytes[item.name])
            append(UInt8(ascii: "="))
            buffer.append(contentsOf: bytes[item.value])
        }
    }

    private static func precedes(_ first: UnsafeBufferPointer<UInt8>, _ second: UnsafeBufferPointer<UInt8>) -> Bool {
        first.lexicographicallyPrecedes(second)
    }
}

extension UnsafeBufferPointer {
    fileprivate subscript(rebasing range: Range<Int>) -> UnsafeBufferPointer<Element> {
        UnsafeBufferPointer(rebasing: self[range])
    }
}
