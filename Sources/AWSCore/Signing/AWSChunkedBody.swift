/// The `aws-chunked` content encoding of S3 uploads, which carries chunk signatures and a trailing checksum.
enum AWSChunkedBody {
    /// Bytes of the body in each signed chunk but the last, of which S3 wants at least 8 KiB.
    ///
    /// Without signatures a body is one chunk.
    static let chunkSize = 64 * 1024

    /// Adds the headers that announce the encoding; call before signing, with the body not yet encoded.
    static func addHeaders(to request: inout HTTPRequest, payload: SigV4Payload) {
        let encoding = request.headers["Content-Encoding"]
        if encoding?.hasPrefix("aws-chunked") != true {
            request.headers["Content-Encoding"] = encoding.map { "aws-chunked,\($0)" } ?? "aws-chunked"
        }
        request.headers["X-Amz-Decoded-Content-Length"] = String(request.body.length)
        if let checksum = payload.trailingChecksum { request.headers["X-Amz-Trailer"] = checksum.headerName }
    }

    /// Puts the body in chunks.
    static func encode(_ body: inout HTTPRequestBody, checksum: ChecksumAlgorithm?, signer: SigV4ChunkSigner?) {
        let decodedLength = body.length
        let makeSource: @Sendable () -> @Sendable () async throws -> [UInt8]?
        switch body {
        case .empty: makeSource = { { nil } }
        case .bytes(let bytes):
            makeSource = {
                let cursor = PieceCursor(bytes)
                return { await cursor.next() }
            }
        case .stream(let stream): makeSource = stream.makeChunks
        }
        let length = encodedLength(decodedLength, checksum: checksum, isSigned: signer != nil)
        body = .stream(
            HTTPRequestStream(length: length) {
                let encoder = AWSChunkedEncoder(
                    source: makeSource(),
                    decodedLength: decodedLength,
                    checksum: checksum.map(RunningChecksum.init),
                    checksumName: checksum?.headerName,
                    signer: signer
                )
                return { try await encoder.next() }
            }
        )
    }

    /// The bytes that an encoded body has on the wire.
    static func encodedLength(_ decodedLength: Int, checksum: ChecksumAlgorithm?, isSigned: Bool) -> Int {
        let signatureLength = isSigned ? ";chunk-signature=".utf8.count + 64 : 0
        func chunkLength(_ count: Int) -> Int {
            String(count, radix: 16).utf8.count + signatureLength + 2 + count + 2
        }
        let chunkSize = isSigned ? chunkSize : max(decodedLength, 1)
        var length = decodedLength / chunkSize * chunkLength(chunkSize)
        if !decodedLength.isMultiple(of: chunkSize) { length += chunkLength(decodedLength % chunkSize) }
        length += 1 + signatureLength + 2  // the empty chunk's line
        if let checksum {
            let base64Length = (checksum.byteCount + 2) / 3 * 4
            length += checksum.headerName.utf8.count + 1 + base64Length + 2
            if isSigned { length += "x-amz-trailer-signature:".utf8.count + 64 + 2 }
        }
        return length + 2
    }

    /// Bytes in memory as the pieces of a stream.
    private actor PieceCursor {
        private let bytes: [UInt8]
        private var position = 0

        init(_ bytes: [UInt8]) {
            self.bytes = bytes
        }

        func next() -> [UInt8]? {
            guard position < bytes.count else { return nil }
            let end = min(position + AWSChunkedBody.chunkSize, bytes.count)
            defer { position = end }
            return Array(bytes[position..<end])
        }
    }
}
