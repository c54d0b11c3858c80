/// Lambda's runtime API, version 2018-06-01, as the run loop needs it.
///
/// The run loop knows nothing of HTTP; ``LambdaRuntimeClient`` is the implementation that does. The functions are
/// called one after the other, never at the same time. What an implementation can do about a failure it does itself
/// before it throws.
package protocol LambdaRuntimeAPI: Sendable {
    /// Waits for the next event; without a limit, because Lambda freezes the whole process between two events.
    ///
    /// - Throws: ``LambdaRuntimeError``; `CancellationError`.
    func nextInvocation() async throws -> LambdaInvocation

    /// Hands in the answer of the invocation.
    ///
    /// - Throws: ``LambdaRuntimeError``, of code ``LambdaRuntimeError/Code/responseTooLarge`` when Lambda refused the
    ///   answer for its size and has already reported that to the caller; `CancellationError`.
    func sendResponse(_ response: [UInt8], requestID: String) async throws

    /// Reports that the invocation failed.
    ///
    /// - Throws: ``LambdaRuntimeError``; `CancellationError`.
    func sendError(_ error: LambdaFunctionError, requestID: String) async throws

    /// Reports that the function could not be set up; the process must end soon after.
    ///
    /// - Throws: ``LambdaRuntimeError``; `CancellationError`.
    func sendInitializationError(_ error: LambdaFunctionError) async throws
}
