package import Logging

package import struct FoundationEssentials.Date

/// What a handler knows of the invocation it works on.
package struct LambdaContext: Sendable {
    package let requestID: String
    /// The instant at which Lambda kills the process if it still works on this invocation.
    package let deadline: Date
    package let invokedFunctionARN: String
    package let traceID: String?
    package let function: LambdaFunctionInformation
    /// Its lines carry the request id, as do those of every other logger while the handler runs.
    package let logger: Logger

    /// The invocation that the current task works on, for log lines; `nil` outside of any.
    @TaskLocal package static var current: LambdaContext?

    package init(_ invocation: LambdaInvocation, function: LambdaFunctionInformation, logger: Logger) {
        requestID = invocation.requestID
        deadline = invocation.deadline
        invokedFunctionARN = invocation.invokedFunctionARN
        traceID = invocation.traceID
        self.function = function
        self.logger = logger
    }

    /// The time until Lambda ends the invocation; zero when it is over.
    package func remainingTime(now: Date) -> Duration {
        remainingTime(now: now, deadlineMargin: .zero)
    }

    /// The time in which a handler may still begin work; zero when it must come to an end.
    ///
    /// - Parameter deadlineMargin: What the handler keeps back to finish what it has begun, to write its answer and to
    ///   report what it did not do.
    package func remainingTime(now: Date, deadlineMargin: Duration) -> Duration {
        let remaining = Duration.milliseconds(Int64((deadline.timeIntervalSince(now) * 1_000).rounded(.down)))
        return max(.zero, remaining - deadlineMargin)
    }
}

/// What Lambda says in the environment about the function as a whole.
package struct LambdaFunctionInformation: Sendable, Equatable {
    /// `AWS_LAMBDA_FUNCTION_NAME`.
    package var name: String
    /// `AWS_LAMBDA_FUNCTION_VERSION`.
    package var version: String
    /// `AWS_LAMBDA_FUNCTION_MEMORY_SIZE`, in MiB.
    package var memoryMegabytes: Int?
    /// `AWS_LAMBDA_LOG_GROUP_NAME`.
    package var logGroupName: String?
    /// `AWS_LAMBDA_LOG_STREAM_NAME`.
    package var logStreamName: String?

    package init(environment: [String: String]) {
        name = environment["AWS_LAMBDA_FUNCTION_NAME"] ?? ""
        version = environment["AWS_LAMBDA_FUNCTION_VERSION"] ?? ""
        memoryMegabytes = environment["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"].flatMap { Int($0) }
        logGroupName = environment["AWS_LAMBDA_LOG_GROUP_NAME"]
        logStreamName = environment["AWS_LAMBDA_LOG_STREAM_NAME"]
    }
}
