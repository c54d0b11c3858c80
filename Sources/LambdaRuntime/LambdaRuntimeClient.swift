package import AWSCore

/// Speaks Lambda's runtime API over HTTP: plain HTTP/1.1, on this machine, without a signature.
package struct LambdaRuntimeClient: LambdaRuntimeAPI {
    /// Lambda freezes the process between invocations and at any time after an answer, so no clock may run against a
    /// transfer; only the connection to this machine must stand soon.
    static let timeouts = HTTPTimeouts(connect: .seconds(5), total: nil, stall: nil)
    /// How often a call is sent when its connection fails.
    ///
    /// An answer that arrives twice is rejected the second time and does no harm.
    static let attempts = 3

    private let authority: String
    private let transport: any HTTPTransport

    /// - Parameter authority: Host and port of the runtime API, from `AWS_LAMBDA_RUNTIME_API`.
    package init(authority: String, transport: any HTTPTransport) {
        self.authority = authority
        self.transport = transport
    }

    /// - Throws: ``LambdaRuntimeError/Code/notInLambda`` without `AWS_LAMBDA_RUNTIME_API`.
    package init(environment: [String: String], transport: any HTTPTransport) throws(LambdaRuntimeError) {
        guard let authority = environment["AWS_LAMBDA_RUNTIME_API"], !authority.isEmpty else {
            throw LambdaRuntimeError(
                .notInLambda,
                "AWS_LAMBDA_RUNTIME_API is not set: this program is a Lambda function and is started by Lambda"
            )
        }
        self.init(authority: authority, transport: transport)
    }

    package func nextInvocation() async throws -> LambdaInvocation {
        let response = try await call(.get, "invocation/next")
        guard response.status == 200 else { throw refusal(response, of: "the next invocation") }
        return try LambdaInvocation(response)
    }

    package func sendResponse(_ response: [UInt8], requestID: String) async throws {
        let headers: HTTPHeaders = ["Content-Type": "application/json"]
        let answer = try await call(.post, "invocation/\(requestID)/response", headers: headers, body: response)
        if answer.status == 413 {
            throw LambdaRuntimeError(
                .responseTooLarge,
                "the answer of \(response.count) bytes is larger than Lambda takes (6 MiB)",
                requestID: requestID
            )
        }
        try expectAccepted(answer, of: "the answer", requestID: requestID)
    }

    package func sendError(_ error: LambdaFunctionError, requestID: String) async throws {
        let answer = try await report(error, to: "invocation/\(requestID)/error")
        try expectAccepted(answer, of: "the error report", requestID: requestID)
    }

    package func sendInitializationError(_ error: LambdaFunctionError) async throws {
        let answer = try await report(error, to: "init/error")
        try expectAccepted(answer, of: "the initialization error", requestID: nil)
    }

    private func report(_ error: LambdaFunctionError, to path: String) async throws -> HTTPResponse {
        let headers: HTTPHeaders = [
            "Content-Type": "application/vnd.aws.lambda.error+json",
            "Lambda-Runtime-Function-Error-Type": error.type.name,
        ]
        return try await call(.post, path, headers: headers, body: error.body)
    }

    private func call(
        _ method: HTTPMethod,
        _ path: String,
        headers: HTTPHeaders = HTTPHeaders(),
        body: [UInt8]? = nil
    ) async throws -> HTTPResponse {
        let request = HTTPRequest(
            method: method,
            scheme: .http,
            authority: authority,
            path: "/2018-06-01/runtime/\(path)",
            headers: headers,
            body: body.map { .bytes($0) } ?? .empty,
            timeouts: Self.timeouts,
            // A proxy for the world outside knows nothing of an address inside the sandbox.
            usesProxy: false
        )
        var attempt = 1
        while true {
            do {
                return try await transport.send(request)
            } catch let error as HTTPError {
                guard error.isTransient, attempt < Self.attempts else {
                    throw LambdaRuntimeError(.unreachable, "Lambda's runtime API at \(authority): \(error)")
                }
                attempt += 1
            }
        }
    }

    private func expectAccepted(_ response: HTTPResponse, of what: String, requestID: String?) throws {
        guard (200..<300).contains(response.status) else {
            throw refusal(response, of: what, requestID: requestID)
        }
    }

    private func refusal(_ response: HTTPResponse, of what: String, requestID: String? = nil) -> LambdaRuntimeError {
        // 500 is the one status by which Lambda asks the process to end; without an answer to `next` there is nothing
        // left to do either.
        let isOver = response.status >= 500 || requestID == nil
        let reason = (try? JSONValue(parsing: response.body)).flatMap { body -> String? in
            let parts = [body["errorType"]?.string, body["errorMessage"]?.string].compactMap { $0 }
            return parts.isEmpty ? nil : parts.joined(separator: ": ")
        }
        let message = "Lambda's runtime API refused \(what): HTTP \(response.status)"
        return LambdaRuntimeError(
            isOver ? .containerError : .rejected,
            reason.map { "\(message), \($0)" } ?? message,
            requestID: requestID
        )
    }
}
