/// HMAC-SHA-256 (RFC 2104) under one key.
///
/// The key's two padded blocks are hashed once, here, so that each message costs two compressions fewer than with
/// OpenSSL's `HMAC()`; SigV4 uses one derived key for a whole day.
package struct HMACSHA256: Sendable, CustomStringConvertible, CustomDebugStringConvertible {
    private static let blockSize = 64
    private let inner: SHA256
    private let outer: SHA256

    package init(key: UnsafeRawBufferPointer) {
        var inner = SHA256()
        var outer = SHA256()
        withUnsafeTemporaryAllocation(byteCount: Self.blockSize, alignment: 16) { block in
            block.initializeMemory(as: UInt8.self, repeating: 0)
            if key.count > Self.blockSize {
                SHA256.digest(key).withUnsafeBytes { block.copyMemory(from: $0) }
            } else {
                block.copyMemory(from: key)
            }
            for index in block.indices { block[index] ^= 0x36 }
            inner.update(UnsafeRawBufferPointer(block))
            for index in block.indices { block[index] ^= 0x36 ^ 0x5c }
            outer.update(UnsafeRawBufferPointer(block))
            // The block held the key; nothing of it stays behind on the stack.
            block.initializeMemory(as: UInt8.self, repeating: 0)
        }
        self.inner = inner
        self.outer = outer
    }

    package init(key: some Collection<UInt8>) {
        self = Array(key).withUnsafeBytes { HMACSHA256(key: $0) }
    }

    package func authenticate(_ message: UnsafeRawBufferPointer) -> SHA256Digest {
        var hash = inner
        hash.update(message)
        let innerDigest = hash.finalize()
        hash = outer
        innerDigest.withUnsafeBytes { hash.update($0) }
        return hash.finalize()
    }

    package func authenticate(_ message: some Collection<UInt8>) -> SHA256Digest {
        if let digest = message.withContiguousStorageIfAvailable({ authenticate(UnsafeRawBufferPointer($0)) }) {
            return digest
        }
        return Array(message).withUnsafeBytes { authenticate($0) }
    }

    package var description: String { "HMACSHA256(key withheld)" }
    package var debugDescription: String { description }
}
