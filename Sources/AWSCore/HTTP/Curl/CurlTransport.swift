/// HTTP/1.1 over libcurl: one multi handle on a thread of its own carries every transfer.
///
/// Connections are kept and reused. Transfers wait for nothing but their own bytes: hundreds may be in flight, and a
/// cancelled task ends its transfer at once (`curl_multi_wakeup`). TLS is always verified.
package final class CurlTransport: HTTPTransport {
    package struct Configuration: Sendable {
        /// PEM file of the certificates to trust; `nil` takes the first of the system's usual places.
        package var caBundle: String?
        /// The largest body that ``CurlTransport/send(_:)`` reads, in bytes.
        package var maximumResponseBytes: Int
        /// How many idle connections are kept for reuse.
        package var maximumIdleConnections: Int

        package init(
            caBundle: String? = nil,
            maximumResponseBytes: Int = 64 << 20,
            maximumIdleConnections: Int = 512
        ) {
            self.caBundle = caBundle
            self.maximumResponseBytes = maximumResponseBytes
            self.maximumIdleConnections = maximumIdleConnections
        }
    }

    private let loop: CurlLoop
    private let configuration: Configuration

    /// - Throws: ``HTTPError`` of code ``HTTPError/Code/resourcesExhausted`` when libcurl or the thread cannot start.
    package init(_ configuration: Configuration = Configuration()) throws {
        self.configuration = configuration
        self.loop = try CurlLoop(
            caBundle: CABundle.path(explicit: configuration.caBundle),
            maximumIdleConnections: configuration.maximumIdleConnections
        )
    }

    deinit {
        loop.shutDown()
    }

    package var executor: (any TaskExecutor)? { loop }

    package func makeAnother() throws -> (any HTTPTransport)? { try CurlTransport(configuration) }

    package func send(_ request: HTTPRequest) async throws -> HTTPResponse {
        try await restartingBodies {
            let transfer = CurlTransfer(request, maximumBodyBytes: configuration.maximumResponseBytes)
            return try await run(transfer) { response, feeder in
                await feeder?.stop()
                return response
            } delivery: {
                .whole($0)
            }
        }
    }

    package func stream(_ request: HTTPRequest) async throws -> HTTPStreamingResponse {
        try await restartingBodies {
            let transfer = CurlTransfer(request, maximumBodyBytes: nil)
            let buffer = CurlResponseBuffer()
            return try await run(transfer) { head, feeder in
                // A server may answer before it has the whole body, and want the rest nevertheless.
                let reader = CurlResponseReader(
                    buffer: buffer,
                    transfer: transfer,
                    feeder: feeder,
                    loop: loop,
                    transport: self
                )
                return HTTPStreamingResponse(
                    status: head.status,
                    headers: head.headers,
                    body: HTTPResponseStream { try await reader.next() }
                )
            } delivery: {
                .head($0, buffer)
            }
        }
    }

    /// Starts the transfer and suspends until its answer, or the head of it, is there.
    ///
    /// When it fails, nobody makes its body any more once this has thrown.
    private func run<Answer>(
        _ transfer: CurlTransfer,
        _ finish: (HTTPResponse, CurlUploadFeeder?) async throws -> Answer,
        delivery: (UnsafeContinuation<CurlAnswer, any Error>) -> CurlTransfer.Delivery
    ) async throws -> Answer {
        let feeder = CurlUploadFeeder(transfer, loop: loop)
        let answer: CurlAnswer
        do {
            answer = try await withTaskCancellationHandler {
                try await withUnsafeThrowingContinuation { continuation in
                    transfer.delivery = delivery(continuation)
                    loop.submit(.start(transfer))
                }
            } onCancel: {
                loop.submit(.end(transfer, CancellationError()))
            }
        } catch {
            await feeder?.stop()
            throw error
        }
        return try await finish(answer.response, feeder)
    }

    /// Does it again with a new body when the server had closed a kept connection before it answered anything.
    ///
    /// libcurl does so itself for bodies it can go back in, as often as this.
    private func restartingBodies<Answer>(_ attempt: () async throws -> Answer) async throws -> Answer {
        for _ in 1...5 {
            do {
                return try await attempt()
            } catch is CurlTransfer.BodyMustRestart {}
        }
        throw HTTPError(.connectionLost, "five kept connections in turn were dead")
    }
}
