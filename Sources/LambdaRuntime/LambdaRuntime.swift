package import Logging

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// The run loop of a Lambda function: next event, handler, answer or error, and again.
package struct LambdaRuntime: Sendable {
    private let api: any LambdaRuntimeAPI
    private let function: LambdaFunctionInformation
    private let logger: Logger
    private let publishTraceID: @Sendable (String?) -> Void

    /// - Parameters:
    ///   - publishTraceID: Called before each invocation, while nothing else runs; sets `_X_AMZN_TRACE_ID`, as Lambda
    ///     asks of runtimes.
    package init(
        api: any LambdaRuntimeAPI,
        environment: [String: String],
        logger: Logger,
        publishTraceID: @escaping @Sendable (String?) -> Void = LambdaRuntime.setTraceIDVariable
    ) {
        self.api = api
        self.function = LambdaFunctionInformation(environment: environment)
        self.logger = logger
        self.publishTraceID = publishTraceID
    }

    /// Sets up the handler and serves events until the process is to end.
    ///
    /// A failed set-up is reported to Lambda as an initialization error.
    /// - Returns: the code to exit with: 0 after the task was cancelled, 1 after a failure.
    package func run(makeHandler: () async throws -> any LambdaHandler) async -> Int32 {
        let handler: any LambdaHandler
        do {
            handler = try await makeHandler()
        } catch {
            await reportInitializationError(error)
            return 1
        }
        do {
            try await run(handler)
            return 0
        } catch {
            logger.critical("The runtime ends: \(error)")
            return 1
        }
    }

    /// Serves events one by one until the task is cancelled.
    ///
    /// A handler's failure is reported and does not end the loop.
    /// - Throws: ``LambdaRuntimeError`` after which the process must end.
    package func run<Handler: LambdaHandler>(_ handler: Handler) async throws {
        while !Task.isCancelled {
            do {
                try await serveOne(handler)
            } catch let error as LambdaRuntimeError where !error.endsRuntime {
                logger.error("\(error)")
            } catch is CancellationError where Task.isCancelled {
                return
            }
        }
    }

    private func serveOne<Handler: LambdaHandler>(_ handler: Handler) async throws {
        let invocation: LambdaInvocation
        do {
            invocation = try await api.nextInvocation()
        } catch let error as LambdaRuntimeError where error.code == .malformedInvocation {
            // With a request id the caller gets to know; without one the runtime ends.
            guard let requestID = error.requestID else { throw error }
            let report = LambdaFunctionError(type: .runtime("MalformedInvocation"), message: error.message)
            try await api.sendError(report, requestID: requestID)
            throw error
        }
        publishTraceID(invocation.traceID)
        let context = LambdaContext(invocation, function: function, logger: logger)
        try await LambdaContext.$current.withValue(context) {
            try await serve(invocation, context: context, handler)
        }
    }

    private func serve<Handler: LambdaHandler>(
        _ invocation: LambdaInvocation,
        context: LambdaContext,
        _ handler: Handler
    ) async throws {
        let response: [UInt8]
        do {
            response = try await handler.handle(invocation, context: context)
        } catch {
            if error is CancellationError && Task.isCancelled { throw error }
            let report = LambdaFunctionError(reporting: error)
            logger.error("The invocation failed: \(report.message)", metadata: ["errorType": "\(report.type)"])
            try await api.sendError(report, requestID: invocation.requestID)
            return
        }
        do {
            try await api.sendResponse(response, requestID: invocation.requestID)
        } catch let error as LambdaRuntimeError where !error.endsRuntime {
            // Logged here, where the line still gets the request id.
            logger.error("\(error)")
        }
    }

    private func reportInitializationError(_ error: any Error) async {
        let report = LambdaFunctionError(reporting: error)
        logger.critical(
            "The function could not be set up: \(report.message)",
            metadata: ["errorType": "\(report.type)"]
        )
        do {
            try await api.sendInitializationError(report)
        } catch {
            logger.critical("The initialization error could not be reported: \(error)")
        }
    }

    /// Sets `_X_AMZN_TRACE_ID`, or removes it.
    ///
    /// The C library's environment must not be read meanwhile: the loop calls this between two invocations, when the
    /// last handler has returned and no transfer is under way.
    package static let setTraceIDVariable: @Sendable (String?) -> Void = { traceID in
        if let traceID {
            setenv("_X_AMZN_TRACE_ID", traceID, 1)
        } else {
            unsetenv("_X_AMZN_TRACE_ID")
        }
    }
}
