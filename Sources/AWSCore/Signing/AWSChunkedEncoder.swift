/// Turns the pieces of a body, of whatever sizes, into the chunks of one aws-chunked body.
///
/// An actor only because its state outlives the waits for the source; it is asked for one piece after the other.
actor AWSChunkedEncoder {
    private enum Stage {
        case body
        case end
        case finished
    }

    private let source: @Sendable () async throws -> [UInt8]?
    private let decodedLength: Int
    private let checksumName: String?
    private var checksum: RunningChecksum?
    private var signer: SigV4ChunkSigner?
    /// What came from the source; up to ``consumed`` it is in a chunk already.
    private var buffer: [UInt8] = []
    private var consumed = 0
    private var received = 0
    private var stage = Stage.body

    init(
        source: @escaping @Sendable () async throws -> [UInt8]?,
        decodedLength: Int,
        checksum: RunningChecksum?,
        checksumName: String?,
        signer: SigV4ChunkSigner?
    ) {
        self.source = source
        self.decodedLength = decodedLength
        self.checksum = checksum
        self.checksumName = checksumName
        self.signer = signer
    }

    /// The next chunk, the last of them with the trailer; then `nil`.
    func next() async throws -> [UInt8]? {
        switch stage {
        case .body:
            while pendingCount < AWSChunkedBody.chunkSize {
                guard let piece = try await source() else {
                    guard received == decodedLength else { throw mismatch }
                    stage = .end
                    break
                }
                received += piece.count
                // Found before it is sent: S3 would otherwise store the object with its end cut off.
                guard received <= decodedLength else { throw mismatch }
                // Less than a chunk moves, and once per piece, however big the pieces are.
                buffer.removeFirst(consumed)
                consumed = 0
                buffer += piece
            }
            return pendingCount == 0 ? finish() : takeChunk()
        case .end:
            return pendingCount == 0 ? finish() : takeChunk()
        case .finished:
            return nil
        }
    }

    private var pendingCount: Int { buffer.count - consumed }

    private var mismatch: SigV4Error {
        .bodyLengthMismatch(announced: decodedLength, produced: received)
    }

    private func takeChunk() -> [UInt8] {
        let count = min(pendingCount, AWSChunkedBody.chunkSize)
        var output: [UInt8] = []
        output.reserveCapacity(count + 128)
        buffer.withUnsafeBytes { bytes in
            let chunk = UnsafeRawBufferPointer(rebasing: bytes[consumed..<consumed + count])
            checksum?.update(chunk)
            appendChunkHead(chunk, to: &output)
            output.append(contentsOf: chunk)
        }
        output.append(contentsOf: "\r\n".utf8)
        consumed += count
        return output
    }

    private func finish() -> [UInt8] {
        stage = .finished
        var output: [UInt8] = []
        appendChunkHead(UnsafeRawBufferPointer(start: nil, count: 0), to: &output)
        if let checksum, let checksumName {
            let trailer = "\(checksumName):\(checksum.headerValue)"
            output.append(contentsOf: "\(trailer)\r\n".utf8)
            if let signature = signer?.sign(trailer: trailer + "\n") {
                output.append(contentsOf: "x-amz-trailer-signature:\(signature.hexadecimal)\r\n".utf8)
            }
        }
        output.append(contentsOf: "\r\n".utf8)
        return output
    }

    private func appendChunkHead(_ chunk: UnsafeRawBufferPointer, to output: inout [UInt8]) {
        output.append(contentsOf: String(chunk.count, radix: 16).utf8)
        if let signature = signer?.sign(chunk: chunk) {
            output.append(contentsOf: ";chunk-signature=\(signature.hexadecimal)".utf8)
        }
        output.append(contentsOf: "\r\n".utf8)
    }
}
