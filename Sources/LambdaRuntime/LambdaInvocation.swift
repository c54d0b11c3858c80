package import AWSCore

package import struct FoundationEssentials.Date

/// One event that Lambda hands to the function, and what it says about the invocation.
package struct LambdaInvocation: Sendable {
    /// `Lambda-Runtime-Aws-Request-Id`.
    package var requestID: String
    /// The instant at which Lambda ends the invocation; `Lambda-Runtime-Deadline-Ms`.
    package var deadline: Date
    /// `Lambda-Runtime-Invoked-Function-Arn`; empty when Lambda did not say.
    package var invokedFunctionARN: String
    /// `Lambda-Runtime-Trace-Id`.
    package var traceID: String?
    /// The event as it came, JSON.
    package var event: [UInt8]

    package init(requestID: String, deadline: Date, invokedFunctionARN: String, traceID: String?, event: [UInt8]) {
        self.requestID = requestID
        self.deadline = deadline
        self.invokedFunctionARN = invokedFunctionARN
        self.traceID = traceID
        self.event = event
    }

    /// Reads an answer to `GET …/runtime/invocation/next`.
    ///
    /// - Throws: ``LambdaRuntimeError/Code/malformedInvocation``, with the request id where there is a usable one.
    package init(_ response: HTTPResponse) throws(LambdaRuntimeError) {
        guard let requestID = response.headers["Lambda-Runtime-Aws-Request-Id"], Self.isPathSegment(requestID) else {
            throw LambdaRuntimeError(.malformedInvocation, "Lambda sent an event without a valid request id")
        }
        guard let text = response.headers["Lambda-Runtime-Deadline-Ms"], let milliseconds = Int64(text),
            (0...253_402_300_799_999).contains(milliseconds)
        else {
            throw LambdaRuntimeError(
                .malformedInvocation,
                "Lambda sent an event without a valid deadline (Lambda-Runtime-Deadline-Ms)",
                requestID: requestID
            )
        }
        self.init(
            requestID: requestID,
            deadline: Date(timeIntervalSince1970: Double(milliseconds) / 1_000),
            invokedFunctionARN: response.headers["Lambda-Runtime-Invoked-Function-Arn"] ?? "",
            traceID: response.headers["Lambda-Runtime-Trace-Id"],
            event: response.body
        )
    }

    /// Whether the id can stand in a path as it is; Lambda's are UUIDs, and nothing else may lead elsewhere.
    private static func isPathSegment(_ text: String) -> Bool {
        (1...128).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                let lower = byte.asciiLowercased
                return (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(lower)
                    || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || byte == UInt8(ascii: "-")
                    || byte == UInt8(ascii: "_")
            }
    }
}
