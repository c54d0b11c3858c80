internal import COpenSSL

/// An incremental SHA-256 over OpenSSL's low-level functions.
///
/// The low-level functions, because a signature hashes a few hundred bytes: fetching an EVP digest for each would cost
/// more than the hashing. They use the processor's SHA instructions all the same.
package struct SHA256: Sendable {
    private var context = SHA256_CTX()

    package init() {
        SHA256_Init(&context)
    }

    package mutating func update(_ bytes: UnsafeRawBufferPointer) {
        SHA256_Update(&context, bytes.baseAddress, bytes.count)
    }

    package mutating func update(_ bytes: some Collection<UInt8>) {
        if bytes.withContiguousStorageIfAvailable({ update(UnsafeRawBufferPointer($0)) }) == nil {
            Array(bytes).withUnsafeBytes { update($0) }
        }
    }

    /// The digest of what was added so far; more may be added afterwards.
    package func finalize() -> SHA256Digest {
        var copy = context
        var storage = SIMD32<UInt8>()
        withUnsafeMutableBytes(of: &storage) { output in
            _ = SHA256_Final(output.baseAddress?.assumingMemoryBound(to: UInt8.self), &copy)
        }
        return SHA256Digest(storage: storage)
    }

    package static func digest(_ bytes: UnsafeRawBufferPointer) -> SHA256Digest {
        var hash = SHA256()
        hash.update(bytes)
        return hash.finalize()
    }

    package static func digest(_ bytes: some Collection<UInt8>) -> SHA256Digest {
        var hash = SHA256()
        hash.update(bytes)
        return hash.finalize()
    }
}

/// The 32 bytes of a SHA-256 or HMAC-SHA-256.
package struct SHA256Digest: Sendable, Hashable {
    private let storage: SIMD32<UInt8>

    fileprivate init(storage: SIMD32<UInt8>) {
        self.storage = storage
    }

    package var bytes: [UInt8] {
        withUnsafeBytes { Array($0) }
    }

    /// 64 lower-case digits.
    package var hexadecimal: String {
        withUnsafeBytes { Hexadecimal.string($0) }
    }

    package func withUnsafeBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
        try Swift.withUnsafeBytes(of: storage, body)
    }
}
