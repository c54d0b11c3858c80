/// What went wrong between this process and Lambda's runtime API.
package struct LambdaRuntimeError: Error, Sendable, Equatable, CustomStringConvertible {
    package enum Code: Sendable, Equatable {
        /// The environment is not that of a Lambda function.
        case notInLambda
        /// An invocation came without what it takes to run it.
        case malformedInvocation
        /// The answer is larger than Lambda takes, 6 MiB; the caller has been told by Lambda.
        case responseTooLarge
        /// Lambda did not accept what was sent: the invocation is over or unknown.
        case rejected
        /// "Container error. Non-recoverable state. Runtime should exit promptly."
        case containerError
        /// The runtime API could not be reached, or did not answer with HTTP.
        case unreachable
    }

    package var code: Code
    /// One line.
    package var message: String
    /// The invocation, where it is known.
    package var requestID: String?

    package init(_ code: Code, _ message: String, requestID: String? = nil) {
        self.code = code
        self.message = message
        self.requestID = requestID
    }

    /// Whether the process must end because no further invocation can be expected to work.
    package var endsRuntime: Bool {
        switch code {
        case .notInLambda, .containerError, .unreachable: true
        case .malformedInvocation: requestID == nil
        case .responseTooLarge, .rejected: false
        }
    }

    package var description: String {
        requestID.map { "\(message) [request \($0)]" } ?? message
    }
}
