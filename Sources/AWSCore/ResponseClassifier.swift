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

    /// - Parameter readsBody: `false` when a success's body is still to come and cannot be judged; an error's is there.
    /// - Returns: `nil` when the answer is a success.
    static func failure(in response: HTTPResponse, of request: AWSRequest, readsBody: Bool = true) -> Judgement? {
        let isSuccess = isSuccess(status: response.status)
        if isSuccess, !readsBody { return nil }
        if let checksum = response.headers["x-amz-crc32"], UInt32(checksum) != CRC32.checksum(response.body) {
            let body = AWSErrorBody(
                code: "CorruptResponse",
                message: "the answer does not match its x-amz-crc32 checksum",
                requestID: requestID(of: response)
            )
            return judge(body, response, of: request, kind: .transient)
        }
        guard isSuccess else { return judge(errorBody(response, of: request), response, of: request) }
        // CopyObject, UploadPartCopy and CompleteMultipartUpload answer 200 before they are done, and say in the body
        // how it ended (S3 API Reference, "CopyObject": "a 200 OK response can contain either a success or an error").
        // botocore takes every such error, and an answer that breaks off, for a passing one.
        guard request.failureMayFollowStatus200 else { return nil }
        guard let root = try? XMLElement(parsing: response.body) else {
            let body = AWSErrorBody(code: "IncompleteResponse", message: "the answer is empty or breaks off")
            return judge(body, response, of: request, kind: .transient)
        }
        return AWSErrorBody(errorIn: root).map { judge($0, response, of: request, kind: .transient) }
    }

    static func requestID(of response: HTTPResponse) -> String? {
        for name in ["x-amzn-RequestId", "x-amz-request-id"] {
            if let id = response.headers[name] { return id }
        }
        return nil
    }

    private static func errorBody(_ response: HTTPResponse, of request: AWSRequest) -> AWSErrorBody {
        switch request.service.wireProtocol {
        case .json, .restJSON:
            .parseJSON(status: response.status, headers: response.headers, body: response.body)
        case .restXML, .query:
            .parseXML(status: response.status, headers: response.headers, body: response.body)
        }
    }

    /// - Parameter kind: overrides what code and status would mean.
    private static func judge(
        _ body: AWSErrorBody,
        _ response: HTTPResponse,
        of request: AWSRequest,
        kind: AWSError.Kind? = nil
    ) -> Judgement {
        var judgement = Judgement(
            error: AWSError(
                code: OneLine.text(body.code),
                message: OneLine.text(body.message),
                kind: kind ?? AWSError.Kind(code: body.code, status: response.status),
                status: response.status,
                requestID: body.requestID ?? requestID(of: response),
                service: request.service.name,
                operation: request.operation,
                region: request.region.name,
                resource: request.resource
            )
        )
        judgement.retryAfter = retryAfter(response.headers)
        judgement.mayBeClockSkew = AWSError.Kind.possibleClockSkewCodes.contains(body.code)
        if judgement.error.code == AWSError.conditionalCheckFailed {
            judgement.error.existingItem = (try? SingleItemAnswer(parsing: response.body, member: "Item"))?.item
        }
        if request.service == .s3 { judgement.error.bucketRegion = body.region.flatMap { Region($0) } }
        if request.service == .s3, [301, 307, 400].contains(response.status) {
            judgement.bucketRegion = judgement.error.bucketRegion
        }
        return judgement
    }

    /// `x-amz-retry-after` counts milliseconds, `Retry-After` seconds.
    private static func retryAfter(_ headers: HTTPHeaders) -> Duration? {
        if let text = headers["x-amz-retry-after"], let milliseconds = Int(text), milliseconds >= 0 {
            return .milliseconds(milliseconds)
        }
        if let text = headers["Retry-After"], let seconds = Int(text), seconds >= 0 { return .seconds(seconds) }
        return nil
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
        // Almost every text, and one for each request.
        if text.utf8.count <= 1_000, text.utf8.allSatisfy({ (0x20..<0x7F).contains($0) }) { return text }
        return String(
            String.UnicodeScalarView(
                text.unicodeScalars.prefix(1_000).map {
                    $0.properties.generalCategory == .control || $0.value == 0x2028 || $0.value == 0x2029 ? " " : $0
                }
            )
        )
    }
}
