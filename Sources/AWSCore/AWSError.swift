/// A call of an AWS operation that failed for good, after whatever retries its kind allows.
package struct AWSError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What a failure means for a retry; decided once, where the answer is read.
    package enum Kind: Sendable, Equatable {
        /// No answer, or an answer that says nothing about the request: try again.
        case transient
        /// Too many requests: try again, later.
        case throttling
        /// This machine's clock differs too much from AWS's: correct it and try again.
        case clockSkew
        /// The request is wrong or not allowed: the same again fails again.
        case client
    }

    /// AWS's error code, such as `ResourceNotFoundException`; `HTTP 503` where the answer had none.
    package var code: String
    /// AWS's message, one line.
    package var message: String
    package var kind: Kind
    /// HTTP status; `nil` when there was no answer.
    package var status: Int?
    package var requestID: String?
    package var service: String
    package var operation: String
    package var region: String
    /// The table, bucket, key or function the call was about.
    package var resource: String?
    /// How often the request was sent.
    package var attempts: Int
    /// S3: the Region in which the bucket lies, which also comes with answers that refuse everything else.
    package var bucketRegion: Region?
    /// DynamoDB: the JSON text of the item that did not meet a write's condition, where the call asked for it.
    package var existingItem: [UInt8]?

    package init(
        code: String,
        message: String,
        kind: Kind,
        status: Int? = nil,
        requestID: String? = nil,
        service: String,
        operation: String,
        region: String,
        resource: String? = nil,
        attempts: Int = 1
    ) {
        self.code = code
        self.message = message
        self.kind = kind
        self.status = status
        self.requestID = requestID
        self.service = service
        self.operation = operation
        self.region = region
        self.resource = resource
        self.attempts = attempts
    }

    /// One line: what failed, on what, where, with AWS's code, message and request id.
    package var description: String {
        var line = "\(service) \(operation)"
        if let resource { line += " \(resource)" }
        line += " (\(region)): \(code): \(message)"
        var details: [String] = []
        if let status { details.append("HTTP \(status)") }
        if let requestID { details.append("request \(requestID)") }
        if attempts > 1 { details.append("\(attempts) attempts") }
        if !details.isEmpty { line += " [" + details.joined(separator: ", ") + "]" }
        return line
    }
}
