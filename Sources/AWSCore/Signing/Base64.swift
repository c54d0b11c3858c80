internal import COpenSSL

/// Base64 with padding (RFC 4648 section 4), as S3 writes checksums.
package enum Base64 {
    package static func string(_ bytes: some Collection<UInt8>) -> String {
        let bytes = ContiguousArray(bytes)
        let count = (bytes.count + 2) / 3 * 4
        // One more byte than it gives: OpenSSL ends its text with a zero.
        return String(unsafeUninitializedCapacity: count + 1) { text in
            bytes.withUnsafeBufferPointer { bytes in
                Int(EVP_EncodeBlock(text.baseAddress, bytes.baseAddress, Int32(bytes.count)))
            }
        }
    }

    /// - Returns: `nil` when `text` is not Base64 with its padding.
    package static func bytes(_ text: String) -> [UInt8]? {
        let text = Array(text.utf8)
        let padding = text.suffix(2).reversed().prefix { $0 == UInt8(ascii: "=") }.count
        // OpenSSL reads past blanks, and = as a digit anywhere.
        guard text.count.isMultiple(of: 4), !text.dropLast(padding).contains(UInt8(ascii: "=")) else { return nil }
        let count = text.count / 4 * 3
        var isValid = true
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { bytes, initialized in
            isValid = text.isEmpty || EVP_DecodeBlock(bytes.baseAddress, text, Int32(text.count)) == count
            initialized = isValid ? count - padding : 0
        }
        return isValid ? bytes : nil
    }
}
