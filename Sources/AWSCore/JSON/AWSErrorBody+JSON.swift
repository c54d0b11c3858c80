extension AWSErrorBody {
    /// Reads the error of a service that answers in JSON; a body without one leaves the status to speak.
    ///
    /// The code stands in `__type` (`com.amazonaws.dynamodb.v20120810#ResourceNotFoundException`), in `code`, or in the
    /// header `x-amzn-ErrorType` (`ResourceNotFoundException:http://…`); the message in `message` or `Message`.
    static func parseJSON(status: Int, headers: HTTPHeaders, body: [UInt8]) -> AWSErrorBody {
        let json = try? JSONValue(parsing: body)
        let type = headers["x-amzn-ErrorType"] ?? json?["__type"]?.string ?? json?["code"]?.string
        var code = type?[...] ?? ""
        if let hash = code.firstIndex(of: "#") { code = code[code.index(after: hash)...] }
        if let colon = code.firstIndex(of: ":") { code = code[..<colon] }
        return AWSErrorBody(
            code: code.isEmpty ? "HTTP \(status)" : String(code),
            message: json?["message"]?.string ?? json?["Message"]?.string ?? "the answer has no message",
            requestID: headers["x-amzn-RequestId"] ?? headers["x-amz-request-id"]
        )
    }
}
