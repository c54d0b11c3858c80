/// What a signature says about the request's body.
package enum SigV4Payload: Sendable, Equatable {
    /// Bytes by their SHA-256; a stream, which only S3 takes, ``unsigned`` over https and ``streamingSigned`` otherwise.
    case automatic
    /// aws-chunked with the checksum after the body: ``streamingUnsigned(checksum:)`` over https and
    /// ``streamingSignedWithChecksum(_:)`` otherwise. S3.
    case checksummedStream(ChecksumAlgorithm)
    /// The body's SHA-256, known beforehand, in lower-case hexadecimal.
    case hash(String)
    /// `UNSIGNED-PAYLOAD`: TLS alone protects the body. S3, and presigned URLs for it.
    case unsigned
    /// `STREAMING-UNSIGNED-PAYLOAD-TRAILER`: sent as aws-chunked, with the checksum after the body. S3 over https.
    case streamingUnsigned(checksum: ChecksumAlgorithm)
    /// `STREAMING-AWS4-HMAC-SHA256-PAYLOAD`: sent as aws-chunked, every chunk signed. S3.
    case streamingSigned
    /// `STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER`: every chunk signed, and a signed checksum after the body. S3.
    case streamingSignedWithChecksum(ChecksumAlgorithm)

    /// The checksum that follows the body as a trailer.
    var trailingChecksum: ChecksumAlgorithm? {
        switch self {
        case .streamingUnsigned(let checksum), .streamingSignedWithChecksum(let checksum),
            .checksummedStream(let checksum):
            checksum
        case .automatic, .hash, .unsigned, .streamingSigned: nil
        }
    }

    var signsChunks: Bool {
        switch self {
        case .streamingSigned, .streamingSignedWithChecksum: true
        case .automatic, .checksummedStream, .hash, .unsigned, .streamingUnsigned: false
        }
    }

    var isChunked: Bool { signsChunks || trailingChecksum != nil }

    /// The kinds that depend on the scheme, or on what the user has set, turned into what they mean for this request.
    func resolved(for request: HTTPRequest, signsStreams: Bool? = nil) -> SigV4Payload {
        let isUnsigned = signsStreams.map(!) ?? (request.scheme == .https)
        switch self {
        case .automatic:
            guard case .stream = request.body else { return self }
            return isUnsigned ? .unsigned : .streamingSigned
        case .checksummedStream(let checksum):
            return isUnsigned ? .streamingUnsigned(checksum: checksum) : .streamingSignedWithChecksum(checksum)
        case .hash, .unsigned, .streamingUnsigned, .streamingSigned, .streamingSignedWithChecksum:
            return self
        }
    }

    /// The last line of the canonical request and the value of `x-amz-content-sha256`.
    func hashText(body: HTTPRequestBody) -> String {
        switch self {
        case .automatic:
            switch body {
            case .bytes(let bytes) where !bytes.isEmpty: SHA256.digest(bytes).hexadecimal
            case .empty, .bytes: Self.emptyHash
            case .stream: Self.unsignedText
            }
        case .hash(let text): text
        case .unsigned: Self.unsignedText
        case .streamingUnsigned, .checksummedStream: "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
        case .streamingSigned: "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
        case .streamingSignedWithChecksum: "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER"
        }
    }

    static let unsignedText = "UNSIGNED-PAYLOAD"
    /// SHA-256 of no bytes.
    static let emptyHash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
}
