/// What the XML error answer of S3 or a Query service such as STS says.
///
/// Sources: S3 API Reference, "Error responses"; IAM API Reference, "Common errors".
package struct AWSErrorBody: Sendable, Equatable {
    /// AWS's code, such as `NoSuchKey`; made from the status when the answer has none.
    package var code: String
    /// One line; empty when the answer has no message.
    package var message: String
    package var requestID: String?
    /// S3's second id, which AWS's support asks for.
    package var hostID: String?
    /// The Region that a bucket is in, when the answer says so.
    package var region: String?

    package init(
        code: String,
        message: String,
        requestID: String? = nil,
        hostID: String? = nil,
        region: String? = nil
    ) {
        self.code = code
        self.message = message
        self.requestID = requestID
        self.hostID = hostID
        self.region = region
    }

    /// Reads an error; a body that is missing, cut off or not XML (a proxy's page) leaves the status to speak.
    package static func parseXML(status: Int, headers: HTTPHeaders, body: [UInt8]) -> AWSErrorBody {
        var result =
            embeddedError(body) ?? AWSErrorBody(code: codeForStatus(status), message: messageForStatus(status))
        if result.code.isEmpty { result.code = codeForStatus(status) }
        result.requestID = result.requestID ?? headers["x-amz-request-id"] ?? headers["x-amzn-requestid"]
        result.hostID = result.hostID ?? headers["x-amz-id-2"]
        result.region = headers["x-amz-bucket-region"] ?? result.region
        return result
    }

    /// The error in a body, whatever the status: S3's CopyObject, UploadPartCopy and CompleteMultipartUpload answer 200
    /// before they are done, and may then end in an error.
    ///
    /// - Returns: `nil` when the body is something else than a whole `<Error>` or `<ErrorResponse>`.
    package static func embeddedError(_ body: [UInt8]) -> AWSErrorBody? {
        guard !body.isEmpty, let root = try? XMLElement(parsing: body) else { return nil }
        return AWSErrorBody(errorIn: root)
    }

    /// - Parameter root: of a whole document; one that is no `<Error>` or `<ErrorResponse>` gives `nil`.
    init?(errorIn root: XMLElement) {
        let error: XMLElement
        switch root.name {
        case "Error": error = root
        case "ErrorResponse":
            guard let inner = root["Error"] else { return nil }
            error = inner
        default: return nil
        }
        self.init(
            code: error["Code"]?.text ?? "",
            message: Self.oneLine(error["Message"]?.text ?? error["message"]?.text ?? ""),
            requestID: error["RequestId"]?.text ?? root["RequestId"]?.text ?? root["RequestID"]?.text,
            hostID: error["HostId"]?.text,
            region: error["Region"]?.text
        )
    }

    /// The code for an answer without a body, as HEAD gives it; a status with several meanings has S3's plainest.
    private static func codeForStatus(_ status: Int) -> String {
        switch status {
        case 301, 307: "PermanentRedirect"
        case 304: "NotModified"
        case 400: "BadRequest"
        case 401: "Unauthorized"
        case 403: "AccessDenied"
        case 404: "NotFound"
        case 405: "MethodNotAllowed"
        case 409: "Conflict"
        case 411: "MissingContentLength"
        case 412: "PreconditionFailed"
        case 416: "InvalidRange"
        case 503: "ServiceUnavailable"
        default: "HTTP \(status)"
        }
    }

    private static func messageForStatus(_ status: Int) -> String {
        switch status {
        case 301, 307: "the bucket is in another Region"
        case 400: "the request was not accepted; the answer does not say why"
        case 403: "access denied, or the bucket belongs to another account; the answer does not say why"
        case 404: "there is no such bucket, key or version"
        case 412: "a precondition of the request was not met"
        default: "the answer has no message"
        }
    }

    private static func oneLine(_ text: String) -> String {
        text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    }
}
