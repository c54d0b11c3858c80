/// Headers that a proxy or libcurl may add, change or drop on the way, and that therefore stay out of the signature.
///
/// The list is that of the AWS SDKs: RFC 9110's hop-by-hop fields, the user agent and the trace id. `Host` is not from
/// the fields but from the request's authority, and a former `Authorization` is about to be replaced.
enum SigV4UnsignedHeaders {
    static func contains(_ lowercaseName: UnsafeRawBufferPointer) -> Bool {
        guard let first = lowercaseName.first, isPossibleStart(first) else { return false }
        return names.contains { $0.count == lowercaseName.count && $0.elementsEqual(lowercaseName) }
            || lowercaseName.starts(with: webSocketPrefix)
    }

    private static let names = [
        "authorization", "connection", "expect", "host", "keep-alive", "proxy-authenticate", "proxy-authorization",
        "te", "trailer", "transfer-encoding", "upgrade", "user-agent", "x-amzn-trace-id",
    ].map { Array($0.utf8) }

    private static let webSocketPrefix = Array("sec-websocket-".utf8)

    /// Whether any of the names begins with this letter; spares most headers the comparisons.
    private static func isPossibleStart(_ letter: UInt8) -> Bool {
        switch letter {
        case UInt8(ascii: "a"), UInt8(ascii: "c"), UInt8(ascii: "e"), UInt8(ascii: "h"), UInt8(ascii: "k"),
            UInt8(ascii: "p"), UInt8(ascii: "s"), UInt8(ascii: "t"), UInt8(ascii: "u"), UInt8(ascii: "x"):
            true
        default:
            false
        }
    }
}
