/// Signs the chunks of an aws-chunked body, each on top of the one before.
///
/// Source: S3 API Reference, "Signature calculations for the authorization header: transferring payload in multiple
/// chunks", and "… including trailing headers".
package struct SigV4ChunkSigner: Sendable {
    private let key: HMACSHA256
    /// Time stamp and scope, each with its line end: what every string to sign has in common.
    private let timestampAndScope: [UInt8]
    private var previous: SHA256Digest

    init(seed: SHA256Digest, key: HMACSHA256, timestamp: SigV4Timestamp, scope: ArraySlice<UInt8>) {
        self.key = key
        self.previous = seed
        let newline = [UInt8(ascii: "\n")]
        timestampAndScope = timestamp.withBytes { Array($0) } + newline + scope + newline
    }

    /// The signature of the next chunk; the last one is empty.
    package mutating func sign(chunk: UnsafeRawBufferPointer) -> SHA256Digest {
        sign("AWS4-HMAC-SHA256-PAYLOAD\n", SigV4Payload.emptyHash + "\n", SHA256.digest(chunk))
    }

    /// The signature of the trailing headers, each as `name:value` and a line feed; comes after the empty chunk.
    package mutating func sign(trailer: String) -> SHA256Digest {
        sign("AWS4-HMAC-SHA256-TRAILER\n", "", SHA256.digest(trailer.utf8))
    }

    private mutating func sign(_ algorithm: String, _ separator: String, _ hash: SHA256Digest) -> SHA256Digest {
        var text: [UInt8] = []
        text.reserveCapacity(320)
        text.append(contentsOf: algorithm.utf8)
        text.append(contentsOf: timestampAndScope)
        previous.withUnsafeBytes { Hexadecimal.append($0, to: &text) }
        text.append(UInt8(ascii: "\n"))
        text.append(contentsOf: separator.utf8)
        hash.withUnsafeBytes { Hexadecimal.append($0, to: &text) }
        previous = key.authenticate(text)
        return previous
    }
}
