extension AWSErrorBody {
    /// Reads the error of a service that answers in JSON.
    ///
    /// The code stands in `__type` (`com.amazonaws.dynamodb.v20120810#ResourceNotFoundException`), in `code`, or in the
    /// header `x-amzn-ErrorType` (`ResourceNotFoundException:http://…`); the message in `message` or `Message`.
    static func parseJSON(_ body: [UInt8], headers: HTTPHeaders) -> (code: String, message: String?)? {
        let json = try? JSONValue(parsing: body)
        let type =
            headers["x-amzn-ErrorType"] ?? json?["__type"]?.string ?? json?["code"]?.string
            ?? json?["Type"]?.string
        guard var code = type?[...] else { return nil }
        if let hash = code.firstIndex(of: "#") { code = code[code.index(after: hash)...] }
        if let colon = code.firstIndex(of: ":") { code = code[..<colon] }
        guard !code.isEmpty else { return nil }
        return (String(code), json?["message"]?.string ?? json?["Message"]?.string)
    }
}
