/// The function's own work: an event in, an answer out.
package protocol LambdaHandler: Sendable {
    /// Handles one event; never called again before it has returned.
    ///
    /// The process is frozen as soon as the answer is handed in, so nothing may go on after the return. Lambda kills
    /// the process at the deadline; a handler ends before, see ``LambdaContext/remainingTime(now:deadlineMargin:)``.
    ///
    /// - Returns: the answer, JSON of at most 6 MiB.
    /// - Throws: Anything; it is reported as a failed invocation, with type and message of a ``LambdaFunctionError``
    ///   as they are.
    func handle(_ invocation: LambdaInvocation, context: LambdaContext) async throws -> [UInt8]
}
