import Glibc

/// Headers that a proxy or libcurl may add, change or drop on the way, and that therefore stay out of the signature.
///
/// The list is that of the AWS SDKs: RFC 9110's hop-by-hop fields, the user agent and the trace id. `Host` is not from
/// the fields but from the request's authority, and a former `Authorization` is about to be replaced.
enum SigV4UnsignedHeaders {
    static func contains(_ lowercaseName: UnsafeRawBufferPointer) -> Bool {
        // By length, because most names are as long as none of them.
        switch lowercaseName.count {
        case 2: isEqual(lowercaseName, "te")
        case 4: isEqual(lowercaseName, "host")
        case 6: isEqual(lowercaseName, "expect")
        case 7: isEqual(lowercaseName, "trailer") || isEqual(lowercaseName, "upgrade")
        case 10:
            isEqual(lowercaseName, "user-agent") || isEqual(lowercaseName, "connection")
                || isEqual(lowercaseName, "keep-alive")
        case 13: isEqual(lowercaseName, "authorization") || isOfWebSocket(lowercaseName)
        case 15: isEqual(lowercaseName, "x-amzn-trace-id") || isOfWebSocket(lowercaseName)
        case 17: isEqual(lowercaseName, "transfer-encoding") || isOfWebSocket(lowercaseName)
        case 18: isEqual(lowercaseName, "proxy-authenticate") || isOfWebSocket(lowercaseName)
        case 19: isEqual(lowercaseName, "proxy-authorization") || isOfWebSocket(lowercaseName)
        default: isOfWebSocket(lowercaseName)
        }
    }

    private static func isEqual(_ bytes: UnsafeRawBufferPointer, _ name: StaticString) -> Bool {
        bytes.count == name.utf8CodeUnitCount && bytes.baseAddress.map { memcmp($0, name.utf8Start, bytes.count) } == 0
    }

    private static func isOfWebSocket(_ bytes: UnsafeRawBufferPointer) -> Bool {
        let prefix: StaticString = "sec-websocket-"
        return bytes.count >= prefix.utf8CodeUnitCount
            && bytes.baseAddress.map { memcmp($0, prefix.utf8Start, prefix.utf8CodeUnitCount) } == 0
    }
}
