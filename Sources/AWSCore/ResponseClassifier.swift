/// Tells success from failure and what a failure means.
enum ResponseClassifier {
    /// What an answer that is a failure says.
    struct Judgement {
        var error: AWSError
        /// The wait that the server asked for.
        var retryAfter: Duration?
        /// The code can mean a wrong clock or a wrong secret; the `Date` header decides.
        var mayBeClockSkew = false
        /// S3: the Region in which the bucket lies.
        var bucketRegion: Region?
    }

    static func isSuccess(status: Int) -> Bool {
        (200..<300).contains(status) || status == 304
    }

    /// - Returns: `nil` when the answer is a success.
    static func failure(in response: HTTPResponse, of request: AWSRequest) -> Judgement? {
        guard isSuccess(status: response.status) else { return judge(response, of: request) }
        if let checksum = response.headers["x-amz-crc32"], UInt32(checksum) != CRC32.checksum(response.body) {
            var error = makeError(request, response, code: "CorruptResponse", status: response.status)
            error.message = "the answer does not match its x-amz-crc32 checksum"
            error.kind = .transient
            return Judgement(error: error)
        }
        // CopyObject, UploadPartCopy and CompleteMultipartUpload answer 200 before they are done, and say in the body
        // how it ended (S3 API reference, "CopyObject": "a 200 OK response can contain either a success or an error").
        if request.failureMayFollowStatus200, let parsed = AWSErrorBody.parseXML(response.body) {
            var judgement = judge(response, code: parsed.code, message: parsed.message, of: request)
            if judgement.error.kind == .client, response.status == 200, parsed.code == "InternalError" {
                judgement.error.kind = .transient
            }
            return judgement
        }
        return nil
    }

    static func requestID(of response: HTTPResponse) -> String? {
        for name in ["x-amzn-RequestId", "x-amz-request-id", "x-amz-requestid"] {
            if let id = response.headers[name] { return id }
        }
        return nil
    }

    private static func judge(_ response: HTTPResponse, of request: AWSRequest) -> Judgement {
        switch request.service.wireProtocol {
        case .json, .restJSON:
            let parsed = AWSErrorBody.parseJSON(response.body, headers: response.headers)
            return judge(response, code: parsed?.code, message: parsed?.message, of: request)
        case .restXML, .query:
            let parsed = AWSErrorBody.parseXML(response.body)
            var judgement = judge(response, code: parsed?.code, message: parsed?.message, of: request)
            if judgement.error.requestID == nil { judgement.error.requestID = parsed?.requestID }
            if request.service == .s3, [301, 307, 400].contains(response.status) {
                judgement.bucketRegion = (response.headers["x-amz-bucket-region"] ?? parsed?.region)
                    .flatMap { Region($0) }
            }
            return judgement
        }
    }

    private static func judge(
        _ response: HTTPResponse,
        code: String?,
        message: String?,
        of request: AWSRequest
    ) -> Judgement {
        let code = code ?? Self.code(forStatus: response.status)
        var error = makeError(request, response, code: code, status: response.status)
        error.message = message.map(OneLine.text) ?? "the answer has no message"
        var judgement = Judgement(error: error)
        judgement.retryAfter = retryAfter(response.headers)
        judgement.mayBeClockSkew = AWSError.Kind.possibleClockSkewCodes.contains(code)
        return judgement
    }

    /// HEAD has no body, and load balancers answer with HTML: then the status must do.
    private static func code(forStatus status: Int) -> String {
        switch status {
        case 403: "Forbidden"
        case 404: "NotFound"
        case 412: "PreconditionFailed"
        default: "HTTP \(status)"
        }
    }

    /// `x-amz-retry-after` counts milliseconds, `Retry-After` seconds.
    private static func retryAfter(_ headers: HTTPHeaders) -> Duration? {
        if let text = headers["x-amz-retry-after"], let milliseconds = Int(text), milliseconds >= 0 {
            return .milliseconds(milliseconds)
        }
        if let text = headers["Retry-After"], let seconds = Int(text), seconds >= 0 { return .seconds(seconds) }
        return nil
    }

    private static func makeError(
        _ request: AWSRequest,
        _ response: HTTPResponse,
        code: String,
        status: Int
    ) -> AWSError {
        AWSError(
            code: code,
            message: "",
            kind: AWSError.Kind(code: code, status: status),
            status: status,
            requestID: requestID(of: response),
            service: request.service.name,
            operation: request.operation,
            region: request.region.name,
            resource: request.resource
        )
    }
}

extension AWSError {
    /// A call that got no answer.
    init(transport error: HTTPError, of request: AWSRequest) {
        self.init(
            code: Self.code(of: error),
            message: OneLine.text(error.message),
            kind: error.isTransient ? .transient : .client,
            service: request.service.name,
            operation: request.operation,
            region: request.region.name,
            resource: request.resource
        )
    }

    private static func code(of error: HTTPError) -> String {
        switch error.code {
        case .couldNotResolveHost: "CouldNotResolveHost"
        case .couldNotConnect: "CouldNotConnect"
        case .tlsFailure: "TLSFailure"
        case .timedOut: "TimedOut"
        case .connectionLost: "ConnectionLost"
        case .responseTooLarge: "ResponseTooLarge"
        case .malformed: "MalformedRequest"
        case .resourcesExhausted: "ResourcesExhausted"
        }
    }
}

/// Messages of others as one printable line, since they reach terminals and logs.
package enum OneLine {
    /// Control characters and line breaks become blanks; at most 1,000 characters are kept.
    package static func text(_ text: String) -> String {
        String(
            String.UnicodeScalarView(
                text.unicodeScalars.prefix(1_000).map {
                    $0.properties.generalCategory == .control || $0.value == 0x2028 || $0.value == 0x2029 ? " " : $0
                }
            )
        )
    }
}
