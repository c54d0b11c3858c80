import AWSCore
import AWSTesting

extension HTTPRequest {
    /// A request to the fault server, past any proxy that the machine may have set.
    static func to(
        _ server: ScriptedServer,
        _ method: HTTPMethod = .get,
        path: String = "/",
        query: String = "",
        headers: HTTPHeaders = HTTPHeaders(),
        body: HTTPRequestBody = .empty,
        timeouts: HTTPTimeouts = HTTPTimeouts()
    ) -> HTTPRequest {
        HTTPRequest(
            method: method,
            scheme: .http,
            authority: server.authority,
            path: path,
            query: query,
            headers: headers,
            body: body,
            timeouts: timeouts,
            usesProxy: false
        )
    }
}

extension HTTPRequestBody {
    /// The same bytes as a stream of pieces of `size`.
    static func stream(_ bytes: [UInt8], size: Int) -> HTTPRequestBody {
        .stream(
            HTTPRequestStream(length: bytes.count) {
                let offset = WatchedValue(0)
                return {
                    let start = offset.update { offset in
                        defer { offset = min(bytes.count, offset + size) }
                        return offset
                    }
                    return start < bytes.count ? Array(bytes[start..<min(bytes.count, start + size)]) : nil
                }
            }
        )
    }
}

extension SeededGenerator {
    mutating func bytes(_ count: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(count + 8)
        while bytes.count < count {
            withUnsafeBytes(of: next()) { bytes.append(contentsOf: $0) }
        }
        return Array(bytes.prefix(count))
    }
}

/// A seed for this run, printed so that a failure can be repeated.
func freshSeed(_ name: String = #function) -> UInt64 {
    let seed = UInt64.random(in: 0...UInt64.max)
    print("seed of \(name): \(seed)")
    return seed
}
