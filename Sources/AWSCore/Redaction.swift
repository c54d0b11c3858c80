/// Keeps what signs a request out of messages about it.
enum Redaction {
    /// AWS's message without what AWS repeats of the request.
    ///
    /// To a wrong signature most services answer with the canonical request, session token included, and to a
    /// malformed one with the `Authorization` header.
    static func message(_ message: String, sentWith credentials: Credentials?) -> String {
        var bytes = Array(message.utf8)
        for marker in ["The Canonical String for this request", "The String-to-Sign", "AWS4-HMAC-SHA256"] {
            guard let index = firstIndex(of: Array(marker.utf8), in: bytes[...]) else { continue }
            bytes.removeSubrange(index...)
            while bytes.last == UInt8(ascii: " ") { bytes.removeLast() }
            bytes += " (withheld: what was signed)".utf8
        }
        for secret in [credentials?.secretAccessKey, credentials?.sessionToken] {
            guard let secret, !secret.isEmpty else { continue }
            let pattern = Array(secret.utf8)
            var start = bytes.startIndex
            while let index = firstIndex(of: pattern, in: bytes[start...]) {
                bytes.replaceSubrange(index..<index + pattern.count, with: "(withheld)".utf8)
                start = index + "(withheld)".utf8.count
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func firstIndex(of pattern: [UInt8], in bytes: ArraySlice<UInt8>) -> Int? {
        guard bytes.count >= pattern.count else { return nil }
        return (bytes.startIndex...bytes.endIndex - pattern.count).first { bytes[$0...].starts(with: pattern) }
    }
}
