/// Turns the pieces of a body, of whatever sizes, into the chunks of one aws-chunked body.
///
/// With signatures the chunks are of one size. Without, the body is one chunk, whose pieces are sent as they come.
///
/// An actor only because its state outlives the waits for the source; it is asked for one piece after the other.
actor AWSChunkedEncoder {
    private let source: @Sendable () async throws -> [UInt8]?
    private let decodedLength: Int
    private let checksumName: String?
    private var checksum: RunningChecksum?
    private var signer: SigV4ChunkSigner?
    /// The beginning of a chunk that is not full: its bytes, behind the place of a full chunk's head.
    private var rest: [UInt8] = []
    private var received = 0
    private var isFinished = false

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

    /// The next chunks, the last of them with the trailer; then `nil`.
    func next() async throws -> [UInt8]? {
        while !isFinished {
            guard let piece = try await source() else {
                guard received == decodedLength else { throw mismatch }
                return finish()
            }
            received += piece.count
            // Found before it is sent: S3 would otherwise store the object with its end cut off.
            guard received <= decodedLength else { throw mismatch }
            let chunks = signer == nil ? passed(piece) : fullChunks(with: piece)
            if !chunks.isEmpty { return chunks }
        }
        return nil
    }

    private var mismatch: SigV4Error {
        .bodyLengthMismatch(announced: decodedLength, produced: received)
    }

    /// The bytes before those of a full chunk.
    private var headLength: Int {
        Self.fullChunkLength.count + Self.signatureName.count + 64 + 2
    }

    private static let fullChunkLength = Array(String(AWSChunkedBody.chunkSize, radix: 16).utf8)
    private static let signatureName = Array(";chunk-signature=".utf8)

    /// A piece of the only chunk, the first behind its head.
    private func passed(_ piece: [UInt8]) -> [UInt8] {
        piece.withUnsafeBytes { checksum?.update($0) }
        guard received == piece.count, !piece.isEmpty else { return piece }
        return Array("\(String(decodedLength, radix: 16))\r\n".utf8) + piece
    }

    /// Puts a piece behind what is left of the last one, in one copy: bytes are hashed where they will be sent from.
    private func fullChunks(with piece: [UInt8]) -> [UInt8] {
        let (chunkSize, headLength) = (AWSChunkedBody.chunkSize, headLength)
        var output: [UInt8] = []
        swap(&output, &rest)
        output.reserveCapacity(
            output.count + piece.count + (piece.count / chunkSize + 2) * (headLength + 2)
        )
        var (taken, chunk) = (0, 0)
        while taken < piece.count {
            if output.count == chunk { output.append(contentsOf: repeatElement(0, count: headLength)) }
            let count = min(chunkSize - (output.count - chunk - headLength), piece.count - taken)
            output.append(contentsOf: piece[taken..<(taken + count)])
            taken += count
            guard output.count - chunk - headLength == chunkSize else { break }
            seal(&output, at: chunk)
            chunk = output.count
        }
        rest = Array(output[chunk...])
        output.removeLast(output.count - chunk)
        return output
    }

    /// Writes the head of a full chunk into its place, and its line end.
    private func seal(_ output: inout [UInt8], at start: Int) {
        let headLength = headLength
        output.withUnsafeMutableBytes { bytes in
            let chunk = UnsafeRawBufferPointer(rebasing: bytes[(start + headLength)...])
            checksum?.update(chunk)
            var head = Self.fullChunkLength
            appendSignature(of: chunk, to: &head)
            head.append(contentsOf: "\r\n".utf8)
            UnsafeMutableRawBufferPointer(rebasing: bytes[start..<(start + headLength)]).copyBytes(from: head)
        }
        output.append(contentsOf: "\r\n".utf8)
    }

    /// The last chunk, the empty one and the trailer.
    private func finish() -> [UInt8] {
        isFinished = true
        var output: [UInt8] = []
        if signer == nil, decodedLength > 0 { output.append(contentsOf: "\r\n".utf8) }
        if !rest.isEmpty {
            rest.withUnsafeBytes { bytes in
                let chunk = UnsafeRawBufferPointer(rebasing: bytes[headLength...])
                checksum?.update(chunk)
                appendHead(chunk, to: &output)
                output.append(contentsOf: chunk)
            }
            output.append(contentsOf: "\r\n".utf8)
            rest = []
        }
        appendHead(UnsafeRawBufferPointer(start: nil, count: 0), to: &output)
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

    private func appendHead(_ chunk: UnsafeRawBufferPointer, to output: inout [UInt8]) {
        output.append(contentsOf: String(chunk.count, radix: 16).utf8)
        appendSignature(of: chunk, to: &output)
        output.append(contentsOf: "\r\n".utf8)
    }

    private func appendSignature(of chunk: UnsafeRawBufferPointer, to output: inout [UInt8]) {
        guard let signature = signer?.sign(chunk: chunk) else { return }
        output.append(contentsOf: Self.signatureName)
        output.append(contentsOf: signature.hexadecimal.utf8)
    }
}
