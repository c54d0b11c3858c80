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
        let capacity = request.maximumLength + region.utf8.count + service.utf8.count + 160
        var layout = SigV4CanonicalRequest.Layout(canonicalRequest: 0..<0, signedHeaders: 0..<0)
        var stringToSign = 0..<0
        var scope = 0..<0
        buffer = [UInt8](unsafeUninitializedCapacity: capacity) { memory, count in
            var writer = ByteWriter(memory)
            layout = request.write(to: &writer)
            let requestDigest = SHA256.digest(writer.bytes(layout.canonicalRequest))
            let start = writer.count
            writer.append("AWS4-HMAC-SHA256\n")
            timestamp.withBytes { writer.append($0) }
            writer.append(UInt8(ascii: "\n"))
            let scopeStart = writer.count
            timestamp.withDateBytes { writer.append($0) }
            writer.append(UInt8(ascii: "/"))
            writer.append(region)
            writer.append(UInt8(ascii: "/"))
            writer.append(service)
            writer.append("/aws4_request")
            scope = scopeStart..<writer.count
            writer.append(UInt8(ascii: "\n"))
            writer.appendHexadecimal(requestDigest)
            stringToSign = start..<writer.count
            count = writer.count
        }
        digest = buffer.withUnsafeBytes { key.authenticate(UnsafeRawBufferPointer(rebasing: $0[stringToSign])) }
        self.timestamp = timestamp
        self.key = key
        canonicalRequestRange = layout.canonicalRequest
        stringToSignRange = stringToSign
        scopeRange = scope
        signedHeadersRange = layout.signedHeaders
    }

    package var canonicalRequest: String { String(decoding: buffer[canonicalRequestRange], as: UTF8.self) }

    package var stringToSign: String { String(decoding: buffer[stringToSignRange], as: UTF8.self) }

    /// `20150830/us-east-1/service/aws4_request`.
    package var credentialScope: String { String(decoding: buffer[scopeRange], as: UTF8.self) }

    /// Step 4: the value of `Authorization`.
    func authorization(accessKeyID: String) -> String {
        let capacity = 128 + accessKeyID.utf8.count + scopeRange.count + signedHeadersRange.count
        return String(unsafeUninitializedCapacity: capacity) { memory in
            var writer = ByteWriter(memory)
            buffer.withUnsafeBytes { buffer in
                writer.append("AWS4-HMAC-SHA256 Credential=")
                writer.append(accessKeyID)
                writer.append(UInt8(ascii: "/"))
                writer.append(UnsafeRawBufferPointer(rebasing: buffer[scopeRange]))
                writer.append(", SignedHeaders=")
                writer.append(UnsafeRawBufferPointer(rebasing: buffer[signedHeadersRange]))
                writer.append(", Signature=")
            }
            writer.appendHexadecimal(digest)
            return writer.count
        }
    }

    /// Signs the chunks that follow this signature, which is their seed.
    package var chunkSigner: SigV4ChunkSigner {
        SigV4ChunkSigner(seed: digest, key: key, timestamp: timestamp, scope: buffer[scopeRange])
    }
}
