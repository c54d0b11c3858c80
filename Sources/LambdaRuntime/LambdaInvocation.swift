package import struct FoundationEssentials.Date

/// One event that Lambda hands to the function, and what it says about the invocation.
package struct LambdaInvocation: Sendable {
    /// `Lambda-Runtime-Aws-Request-Id`.
    package var requestID: String
    /// The instant at which Lambda ends the invocation; `Lambda-Runtime-Deadline-Ms`.
    package var deadline: Date
    package var invokedFunctionARN: String
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
}
