internal import CCurl

/// The header fields of a request in the form that libcurl wants.
///
/// `@unchecked Sendable`: filled by `init` and never changed after.
final class CurlHeaderList: @unchecked Sendable {
    private(set) var first: UnsafeMutablePointer<curl_slist>?

    /// - Throws: ``HTTPError`` of code ``HTTPError/Code/resourcesExhausted``.
    init(_ request: HTTPRequest) throws {
        // One buffer for every line: libcurl makes its own copy.
        var line: [UInt8] = []
        try append("Host", ": ", request.authority, by: &line)
        // A colon with nothing behind it takes out what libcurl would add by itself.
        try append("Expect", ":", by: &line)
        try append("Accept", ":", by: &line)
        if request.headers["Content-Type"] == nil { try append("Content-Type", ":", by: &line) }
        for field in request.headers.fields {
            // For the same reason a field without a value is written with a semicolon.
            if field.value.utf8.allSatisfy({ $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }) {
                try append(field.name, ";", by: &line)
            } else {
                try append(field.name, ": ", field.value, by: &line)
            }
        }
    }

    deinit {
        curl_slist_free_all(first)
    }

    private func append(_ name: String, _ separator: String, _ value: String = "", by line: inout [UInt8]) throws {
        line.removeAll(keepingCapacity: true)
        line.append(contentsOf: name.utf8)
        line.append(contentsOf: separator.utf8)
        line.append(contentsOf: value.utf8)
        line.append(0)
        let extended = line.withUnsafeBytes { bytes in
            bytes.withMemoryRebound(to: CChar.self) { curl_slist_append(first, $0.baseAddress) }
        }
        guard let extended else {
            throw HTTPError(.resourcesExhausted, "libcurl has no memory for headers")
        }
        first = extended
    }
}
