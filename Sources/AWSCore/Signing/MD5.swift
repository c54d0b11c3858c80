internal import COpenSSL

/// An incremental MD5, for `Content-MD5`, the ETags of simple uploads and the `.md5` files of exports; never for security.
package struct MD5: Sendable {
    package static let byteCount = 16
    private var context = MD5_CTX()

    package init() {
        MD5_Init(&context)
    }

    package mutating func update(_ bytes: UnsafeRawBufferPointer) {
        MD5_Update(&context, bytes.baseAddress, bytes.count)
    }

    /// The digest of what was added so far; more may be added afterwards.
    package func finalize() -> [UInt8] {
        var copy = context
        return [UInt8](unsafeUninitializedCapacity: Self.byteCount) { buffer, count in
            MD5_Final(buffer.baseAddress, &copy)
            count = Self.byteCount
        }
    }

    package static func digest(_ bytes: some Collection<UInt8>) -> [UInt8] {
        var hash = MD5()
        Array(bytes).withUnsafeBytes { hash.update($0) }
        return hash.finalize()
    }
}
