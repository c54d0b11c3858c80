package import struct FoundationEssentials.Date

extension SigV4Signer {
    /// A URL that carries the signature in its query, for use by someone without credentials.
    ///
    /// - Parameters:
    ///   - request: Its headers are signed too: whoever uses the URL must send the same.
    ///   - seconds: From `date` until the URL ends, at most a week; it ends earlier when temporary credentials do.
    ///   - payload: `nil` for what the service wants: ``SigV4Payload/unsigned`` for S3, else the hash of the body.
    /// - Throws: ``SigV4Error`` when `seconds` is out of range or `payload` cannot be presigned.
    package func presignedURL(
        for request: HTTPRequest,
        credentials: Credentials,
        date: Date,
        expiresIn seconds: Int,
        payload: SigV4Payload? = nil
    ) throws -> String {
        try presign(request, credentials: credentials, date: date, expiresIn: seconds, payload: payload).url
    }

    /// As ``presignedURL(for:credentials:date:expiresIn:payload:)``, with the stages of the signature.
    package func presign(
        _ request: HTTPRequest,
        credentials: Credentials,
        date: Date,
        expiresIn seconds: Int,
        payload: SigV4Payload? = nil
    ) throws -> (url: String, signature: SigV4Signature) {
        guard (1...604_800).contains(seconds) else { throw SigV4Error.expirationOutOfRange(seconds) }
        let payload = payload ?? (signingName == "s3" ? .unsigned : .automatic)
        guard !payload.isChunked else { throw SigV4Error.payloadNotPresignable }

        let timestamp = SigV4Timestamp(date)
        let fields = request.headers.fields
        let day = timestamp.withDateBytes { String(decoding: $0, as: UTF8.self) }
        let credential = "\(credentials.accessKeyID)/\(day)/\(region)/\(signingName)/aws4_request"
        let parameters = URIEncoding.query([
            QueryItem("X-Amz-Algorithm", "AWS4-HMAC-SHA256"),
            QueryItem("X-Amz-Credential", credential),
            QueryItem("X-Amz-Date", timestamp.string),
            QueryItem("X-Amz-SignedHeaders", SigV4HeaderList.names(of: fields)),
            QueryItem("X-Amz-Expires", String(seconds)),
        ])
        var query = request.query.isEmpty ? parameters : request.query + "&" + parameters
        let token = credentials.sessionToken.map { "&" + URIEncoding.query([QueryItem("X-Amz-Security-Token", $0)]) }
        if let token, signsSessionToken { query += token }

        let signature = signature(
            of: SigV4CanonicalRequest(
                method: request.method,
                path: request.path,
                pathRule: pathRule,
                query: query,
                authority: request.authority,
                fields: fields,
                payloadHash: payload.hashText(body: request.body)
            ),
            timestamp: timestamp,
            credentials: credentials
        )
        if let token, !signsSessionToken { query += token }
        var signed = request
        signed.query = query + "&X-Amz-Signature=" + signature.digest.hexadecimal
        return (signed.url, signature)
    }
}

/// Why a request could not be signed or its body not be sent.
package enum SigV4Error: Error, Sendable, Equatable, CustomStringConvertible {
    /// A presigned URL may hold for 1 to 604 800 seconds.
    case expirationOutOfRange(Int)
    /// A presigned URL cannot announce an aws-chunked body.
    case payloadNotPresignable
    /// A body stream gave more or fewer bytes than it said it would.
    case bodyLengthMismatch(announced: Int, produced: Int)

    package var description: String {
        switch self {
        case .expirationOutOfRange(let seconds):
            "a presigned URL may hold for 1 to 604800 seconds (one week), not for \(seconds)"
        case .payloadNotPresignable:
            "a presigned URL cannot be used with an aws-chunked body"
        case .bodyLengthMismatch(let announced, let produced):
            "the request body should have \(announced) bytes but gave \(produced)"
        }
    }
}
