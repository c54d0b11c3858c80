package import Logging

package import struct FoundationEssentials.Date
package import typealias FoundationEssentials.TimeInterval

/// Sends calls of AWS operations: resolve, sign, send, classify, retry.
///
/// A value that may be copied and used from any number of tasks; the copies share connections, the retry quota and
/// what was learned of AWS's clock. Typed operations are extensions of the service clients around it.
package struct AWSClient: Sendable {
    package let configuration: AWSConfiguration
    private var transport: any HTTPTransport
    private let environment: Environment
    private let retryTokens = RetryTokenBucket()
    private let clockSkew = ClockSkew()
    private let userAgent: String
    private let endpoints: EndpointCache
    private let invocationIDs = InvocationIDs()
    private var retriesThrottling = true

    /// What a client takes from the world around it, so that tests can hold it still.
    package struct Environment: Sendable {
        package var now: @Sendable () -> Date
        package var sleep: @Sendable (Duration) async throws -> Void
        /// From 0 up to 1.
        package var random: @Sendable () -> Double
        package var logger: Logger

        package init(
            now: @escaping @Sendable () -> Date = { Date() },
            sleep: @escaping @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) },
            random: @escaping @Sendable () -> Double = { Double.random(in: 0..<1) },
            logger: Logger = Logger(label: "aws", factory: { _ in SwiftLogNoOpLogHandler() })
        ) {
            self.now = now
            self.sleep = sleep
            self.random = random
            self.logger = logger
        }
    }

    package init(
        configuration: AWSConfiguration,
        transport: any HTTPTransport,
        environment: Environment = Environment()
    ) {
        self.configuration = configuration
        self.transport = transport
        self.environment = environment
        self.userAgent = UserAgent.string(applicationID: configuration.applicationID)
        self.endpoints = EndpointCache(configuration.endpoints)
    }

    /// For what concerns no single call, and nobody else hears of.
    package var logger: Logger { environment.logger }

    /// The thread of the client's transport; see ``HTTPTransport/executor``.
    package var executor: (any TaskExecutor)? { transport.executor }

    /// The same client, sharing all it shares but connections and their thread; itself where there is but one thread.
    ///
    /// - Throws: ``HTTPError`` when libcurl cannot start.
    package func onAnotherThread() throws -> AWSClient {
        var copy = self
        if let another = try transport.makeAnother() { copy.transport = another }
        return copy
    }

    /// The same client, sharing all it shares, whose throttled calls fail at once.
    ///
    /// For callers that pace their calls themselves: where refused calls count against the limit, retries from here
    /// would keep it shut.
    package func leavingThrottlingToCaller() -> AWSClient {
        var copy = self
        copy.retriesThrottling = false
        return copy
    }

    /// Sends a call and reads the whole answer.
    ///
    /// - Returns: an answer of status 2xx or 304.
    /// - Throws: ``AWSError``; what finding credentials or the endpoint throws; `CancellationError`.
    package func send(_ request: AWSRequest) async throws -> HTTPResponse {
        try await withRetries(of: request, readsBody: true) { signed in
            let response = try await transport.send(signed)
            return (response, response)
        }
    }

    /// Sends a call and returns when the answer's head is there; an error's body is read here, a success's by the caller.
    ///
    /// Retries end with the head: a body that breaks off later is the caller's to resume, and its checksum the
    /// caller's to check.
    package func stream(_ request: AWSRequest) async throws -> HTTPStreamingResponse {
        try await withRetries(of: request, readsBody: false) { signed in
            let response = try await transport.stream(signed)
            let isError = !ResponseClassifier.isSuccess(status: response.status)
            let body = isError ? try await response.body.collect(maximumBytes: 1 << 20) : []
            return (HTTPResponse(status: response.status, headers: response.headers, body: body), response)
        }
    }

    /// - Parameters:
    ///   - readsBody: whether a success is classified with its body.
    ///   - attempt: sends a signed request; gives what is to be classified and what is to be returned.
    private func withRetries<Response>(
        of request: AWSRequest,
        readsBody: Bool,
        attempt send: (HTTPRequest) async throws -> (judged: HTTPResponse, returned: Response)
    ) async throws -> Response {
        let policy = RetryPolicy.standard(for: request.service, maximumAttempts: configuration.maximumAttempts)
        let invocationID = invocationIDs.make()
        var request = request
        var taken: Int?
        var attempt = 1
        while true {
            try Task.checkCancellation()
            var failure: AWSError
            var serverHint: Duration?
            let signed = try await prepare(request, invocationID: invocationID, attempt: attempt, of: policy)
            let started = environment.now()
            do {
                let (judged, returned) = try await send(signed.request)
                guard let judgement = ResponseClassifier.failure(in: judged, of: request, readsBody: readsBody) else {
                    log(request, attempt: attempt, since: started) {
                        ("\(judged.status)", ResponseClassifier.requestID(of: judged))
                    }
                    retryTokens.returnTokens(taken)
                    return returned
                }
                failure = judgement.error
                failure.message = Redaction.message(failure.message, sentWith: signed.credentials)
                serverHint = judgement.retryAfter
                if judgement.mayBeClockSkew || failure.kind == .clockSkew {
                    let isSkewed = clockSkew.learn(
                        serverDate: judged.headers["Date"],
                        now: environment.now(),
                        signedOffset: signed.clockOffset
                    )
                    failure.kind = isSkewed ? .clockSkew : .client
                }
                // A bucket of another Region: S3 says which, and the same call there is what was meant.
                if let region = judgement.bucketRegion, region != request.region, attempt < policy.maximumAttempts {
                    log(request, attempt: attempt, since: started) { ("redirected to \(region)", failure.requestID) }
                    request.region = region
                    attempt += 1
                    continue
                }
            } catch let error as HTTPError {
                failure = AWSError(transport: error, of: request)
            }
            failure.attempts = attempt
            log(request, attempt: attempt, since: started) { (failure.code, failure.requestID) }
            guard retriesThrottling || failure.kind != .throttling,
                let delay = policy.delay(
                    afterAttempt: attempt,
                    kind: failure.kind,
                    serverHint: serverHint,
                    random: environment.random()
                ),
                let tokens = retryTokens.takeTokens(for: failure.kind)
            else { throw failure }
            taken = tokens
            attempt += 1
            if delay > .zero { try await environment.sleep(delay) }
        }
    }

    private struct PreparedRequest {
        var request: HTTPRequest
        /// What it is signed with, to keep it out of messages.
        var credentials: Credentials?
        /// How far the signature's date is ahead of this machine's clock.
        var clockOffset: TimeInterval
    }

    /// The request as it goes out: endpoint, common headers, signature.
    private func prepare(
        _ request: AWSRequest,
        invocationID: String,
        attempt: Int,
        of policy: RetryPolicy
    ) async throws -> PreparedRequest {
        let resolved = try endpoints.endpoint(for: request.service, region: request.region, bucket: request.bucket)
        let endpoint = resolved.endpoint
        // Three here, and what the signature adds.
        var headers = HTTPHeaders(request.headers, capacityFor: 8)
        headers["User-Agent"] = userAgent
        headers["amz-sdk-invocation-id"] = invocationID
        headers["amz-sdk-request"] = "attempt=\(attempt); max=\(policy.maximumAttempts)"
        var http = HTTPRequest(
            method: request.method,
            scheme: endpoint.scheme,
            authority: endpoint.authority,
            path: endpoint.basePath.isEmpty
                ? request.path : endpoint.basePath + (request.path == "/" ? "" : request.path),
            query: request.query.isEmpty ? "" : URIEncoding.query(request.query),
            headers: headers,
            body: request.body,
            timeouts: request.timeouts,
            usesProxy: !resolved.isThisMachine
        )
        let offset = clockSkew.current
        guard request.isSigned else { return PreparedRequest(request: http, clockOffset: offset) }
        let signer = SigV4Signer(
            signingName: request.service.signingName,
            region: request.region.name,
            signsStreams: configuration.signsStreams
        )
        let credentials = try await configuration.credentials.credentials()
        signer.sign(
            &http,
            credentials: credentials,
            date: environment.now().addingTimeInterval(offset),
            payload: request.payload
        )
        return PreparedRequest(request: http, credentials: credentials, clockOffset: offset)
    }

    /// - Parameter outcome: what became of the attempt, and AWS's request id; asked for only when it is logged.
    private func log(
        _ request: AWSRequest,
        attempt: Int,
        since started: Date,
        outcome: () -> (text: String, requestID: String?)
    ) {
        guard environment.logger.logLevel <= .debug else { return }
        let (text, requestID) = outcome()
        environment.logger.debug(
            "\(request.service.name) \(request.operation)",
            metadata: [
                "region": "\(request.region)",
                "resource": "\(request.resource ?? "-")",
                "attempt": "\(attempt)",
                "outcome": "\(text)",
                "milliseconds": "\(Int(environment.now().timeIntervalSince(started) * 1000))",
                "awsRequestId": "\(requestID ?? "-")",
            ]
        )
    }
}
