internal import COpenSSL

/// An incremental SHA-1, for the file names of the SSO token cache and `x-amz-checksum-sha1`; never for security.
package struct SHA1: Sendable {
    package static let byteCount = 20
    private var context = SHA_CTX()

    package init() {
        SHA1_Init(&context)
    }

    package mutating func update(_ bytes: UnsafeRawBufferPointer) {
        SHA1_Update(&context, bytes.baseAddress, bytes.count)
    }

    /// The digest of what was added so far; more may be added afterwards.
    package func finalize() -> [UInt8] {
        var copy = context
        return [UInt8](unsafeUninitializedCapacity: Self.byteCount) { buffer, count in
            SHA1_Final(buffer.baseAddress, &copy)
            count = Self.byteCount
        }
    }

    package static func digest(_ bytes: some Collection<UInt8>) -> [UInt8] {
        var hash = SHA1()
        Array(bytes).withUnsafeBytes { hash.update($0) }
        return hash.finalize()
    }
}
