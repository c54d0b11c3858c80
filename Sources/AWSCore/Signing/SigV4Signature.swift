/// A finished signature, with the stages that led to it.
package struct SigV4Signature: Sendable {
    /// The signature itself.
    package let digest: SHA256Digest
    let timestamp: SigV4Timestamp
    let key: HMACSHA256
    private let buffer: [UInt8]
    private let canonicalRequestRange: Range<Int>
    private let stringToSignRange: Range<Int>
    private let scopeRange: Range<Int>
    private let signedHeadersRange: Range<Int>

    /// Steps 2 and 3: the string to sign, and its HMAC under the derived key.
    init(
        _ request: SigV4CanonicalRequest,
        timestamp: SigV4Timestamp,
        region: String,
        service: String,
        key: HMACSHA256
    ) {
        var request = request
        let canonicalRequestDigest = request.buffer.withUnsafeBytes {
            SHA256.digest(UnsafeRawBufferPointer(rebasing: $0[request.range]))
        }
        let start = request.buffer.count
        request.append("AWS4-HMAC-SHA256\n")
        timestamp.withBytes { request.append($0) }
        request.append(UInt8(ascii: "\n"))
        let scopeStart = request.buffer.count
        timestamp.withDateBytes { request.append($0) }
        request.append(UInt8(ascii: "/"))
        request.append(region)
        request.append(UInt8(ascii: "/"))
        request.append(service)
        request.append("/aws4_request")
        scopeRange = scopeStart..<request.buffer.count
        request.append(UInt8(ascii: "\n"))
        request.appendHexadecimal(canonicalRequestDigest)
        stringToSignRange = start..<request.buffer.count
        digest = request.buffer.withUnsafeBytes {
            key.authenticate(UnsafeRawBufferPointer(rebasing: $0[start...]))
        }
        self.timestamp = timestamp
        self.key = key
        buffer = request.buffer
        canonicalRequestRange = request.range
        signedHeadersRange = request.signedHeaders
    }

    package var canonicalRequest: String { String(decoding: buffer[canonicalRequestRange], as: UTF8.self) }

    package var stringToSign: String { String(decoding: buffer[stringToSignRange], as: UTF8.self) }

    /// `20150830/us-east-1/service/aws4_request`.
    package var credentialScope: String { String(decoding: buffer[scopeRange], as: UTF8.self) }

    /// Step 4: the value of `Authorization`.
    func authorization(accessKeyID: String) -> String {
        var text: [UInt8] = []
        text.reserveCapacity(128 + accessKeyID.utf8.count + scopeRange.count + signedHeadersRange.count)
        text.append(contentsOf: "AWS4-HMAC-SHA256 Credential=".utf8)
        text.append(contentsOf: accessKeyID.utf8)
        text.append(UInt8(ascii: "/"))
        text.append(contentsOf: buffer[scopeRange])
        text.append(contentsOf: ", SignedHeaders=".utf8)
        text.append(contentsOf: buffer[signedHeadersRange])
        text.append(contentsOf: ", Signature=".utf8)
        digest.withUnsafeBytes { Hexadecimal.append($0, to: &text) }
        return String(decoding: text, as: UTF8.self)
    }

    /// Signs the chunks that follow this signature, which is their seed.
    package var chunkSigner: SigV4ChunkSigner {
        SigV4ChunkSigner(seed: digest, key: key, timestamp: timestamp, scope: buffer[scopeRange])
    }
}
