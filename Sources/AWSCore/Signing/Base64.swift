internal import struct FoundationEssentials.Data

/// Base64 with padding (RFC 4648 section 4), as S3 writes checksums.
package enum Base64 {
    package static func string(_ bytes: some Collection<UInt8>) -> String {
        Data(bytes).base64EncodedString()
    }

    /// - Returns: `nil` when `text` is not Base64 with its padding.
    package static func bytes(_ text: String) -> [UInt8]? {
        Data(base64Encoded: text).map { Array($0) }
    }
}
