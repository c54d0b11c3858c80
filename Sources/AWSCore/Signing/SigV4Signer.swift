package import struct FoundationEssentials.Date

/// Signs requests for one service in one Region with AWS Signature Version 4.
///
/// Source: IAM User Guide, "Create a signed AWS API request"; S3 API Reference, "Authenticating Requests (AWS Signature
/// Version 4)". Cheap to make and to copy; derived keys are cached for all signers together.
package struct SigV4Signer: Sendable {
    /// How a path enters the signature.
    package enum PathRule: Sendable {
        /// S3: as it is sent. Keys may hold `//`, `.` and `..`, which are then not path syntax.
        case asSent
        /// Every other service: `.`, `..` and empty segments removed, and the encoded path encoded once more.
        case normalizedAndEncodedAgain
    }

    let signingName: String
    let region: String
    let pathRule: PathRule
    let sendsPayloadHash: Bool
    let signsSessionToken: Bool
    let signsStreams: Bool?

    /// - Parameters:
    ///   - signingName: The service in the credential scope, such as `dynamodb`.
    ///   - pathRule: `nil` for what the service wants.
    ///   - sendsPayloadHash: Whether `x-amz-content-sha256` is sent; `nil` for what the service wants: S3 must have it.
    ///   - signsSessionToken: `false` for the few services that want the token sent but not signed.
    ///   - signsStreams: Whether streamed bodies are signed; `nil` where nothing but the signature protects them: over
    ///     http.
    package init(
        signingName: String,
        region: String,
        pathRule: PathRule? = nil,
        sendsPayloadHash: Bool? = nil,
        signsSessionToken: Bool = true,
        signsStreams: Bool? = nil
    ) {
        let isS3 = signingName == "s3"
        self.signingName = signingName
        self.region = region
        self.pathRule = pathRule ?? (isS3 ? .asSent : .normalizedAndEncodedAgain)
        self.sendsPayloadHash = sendsPayloadHash ?? isS3
        self.signsSessionToken = signsSessionToken
        self.signsStreams = signsStreams
    }

    /// Adds `X-Amz-Date`, `Authorization` and what else the signature needs, in place of what is there of them.
    ///
    /// A streaming `payload` also turns the body into aws-chunked form and adds `Content-Encoding`,
    /// `X-Amz-Decoded-Content-Length` and `X-Amz-Trailer`; sign a fresh copy of such a request for every attempt.
    /// `path` and `query` must be percent-encoded as ``URIEncoding`` does it. The signature covers the authority and
    /// all headers but those that proxies may change.
    @discardableResult
    package func sign(
        _ request: inout HTTPRequest,
        credentials: Credentials,
        date: Date,
        payload: SigV4Payload = .automatic
    ) -> SigV4Signature {
        let timestamp = SigV4Timestamp(date)
        let payload = payload.resolved(for: request, signsStreams: signsStreams)
        if payload.isChunked { AWSChunkedBody.addHeaders(to: &request, payload: payload) }
        let payloadHash = payload.hashText(body: request.body)

        var fields = request.headers.fields
        // The array is changed in place when the request has none of its own.
        request.headers = HTTPHeaders()
        if fields.contains(where: { Self.isAddedBySigning($0.name) }) {
            fields.removeAll { Self.isAddedBySigning($0.name) }
        }
        fields.reserveCapacity(fields.count + 4)
        fields.append(HTTPHeaders.Field(name: "X-Amz-Date", value: timestamp.string))
        if sendsPayloadHash {
            fields.append(HTTPHeaders.Field(name: "X-Amz-Content-SHA256", value: payloadHash))
        }
        let tokenField = credentials.sessionToken.map { HTTPHeaders.Field(name: "X-Amz-Security-Token", value: $0) }
        if let tokenField, signsSessionToken { fields.append(tokenField) }

        let signature = signature(
            of: SigV4CanonicalRequest(
                method: request.method,
                path: request.path,
                pathRule: pathRule,
                query: request.query,
                authority: request.authority,
                fields: fields,
                payloadHash: payloadHash
            ),
            timestamp: timestamp,
            credentials: credentials
        )

        if let tokenField, !signsSessionToken { fields.append(tokenField) }
        let authorization = signature.authorization(accessKeyID: credentials.accessKeyID)
        fields.append(HTTPHeaders.Field(name: "Authorization", value: authorization))
        request.headers = HTTPHeaders(fields)
        if payload.isChunked {
            AWSChunkedBody.encode(
                &request.body,
                checksum: payload.trailingChecksum,
                signer: payload.signsChunks ? signature.chunkSigner : nil
            )
        }
        return signature
    }

    func signature(
        of request: SigV4CanonicalRequest,
        timestamp: SigV4Timestamp,
        credentials: Credentials
    ) -> SigV4Signature {
        let key = SigV4KeyCache.shared.key(
            secret: credentials.secretAccessKey,
            timestamp: timestamp,
            region: region,
            service: signingName
        )
        return SigV4Signature(request, timestamp: timestamp, region: region, service: signingName, key: key)
    }

    private static func isAddedBySigning(_ name: String) -> Bool {
        switch name.utf8.count {
        case 10: name.equalsIgnoringASCIICase("x-amz-date")
        case 13: name.equalsIgnoringASCIICase("authorization")
        case 20:
            name.equalsIgnoringASCIICase("x-amz-content-sha256") || name.equalsIgnoringASCIICase("x-amz-security-token")
        default: false
        }
    }
}
