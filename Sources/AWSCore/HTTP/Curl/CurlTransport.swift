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
    private let maximumResponseBytes: Int

    /// - Throws: ``HTTPError`` of code ``HTTPError/Code/resourcesExhausted`` when libcurl or the thread cannot start.
    package init(_ configuration: Configuration = Configuration()) throws {
        self.maximumResponseBytes = configuration.maximumResponseBytes
        self.loop = try CurlLoop(
            caBundle: CABundle.path(explicit: configuration.caBundle),
            maximumIdleConnections: configuration.maximumIdleConnections
        )
    }

    deinit {
        loop.shutDown()
    }

    package func send(_ request: HTTPRequest) async throws -> HTTPResponse {
        try await withUpload(of: request) { upload in
            let transfer = try CurlTransfer(request, upload: upload, maximumBodyBytes: self.maximumResponseBytes)
            return try await withTaskCancellationHandler {
                try await withCheckedThrowingContinuation { continuation in
                    transfer.delivery = .whole(continuation)
                    self.loop.submit(.start(transfer))
                }
            } onCancel: {
                self.loop.submit(.cancel(transfer))
            }
        }
    }

    package func stream(_ request: HTTPRequest) async throws -> HTTPStreamingResponse {
        try await withUpload(of: request) { upload in
            let buffer = CurlResponseBuffer()
            let transfer = try CurlTransfer(request, upload: upload, maximumBodyBytes: .max)
            let loop = self.loop
            let head: HTTPResponse = try await withTaskCancellationHandler {
                try await withCheckedThrowingContinuation { continuation in
                    transfer.delivery = .head(continuation, buffer)
                    loop.submit(.start(transfer))
                }
            } onCancel: {
                loop.submit(.cancel(transfer))
            }
            let reader = CurlResponseReader(buffer: buffer, transfer: transfer, loop: loop)
            return HTTPStreamingResponse(
                status: head.status,
                headers: head.headers,
                body: HTTPResponseStream { try await reader.next() }
            )
        }
    }

    /// Runs `body` while a body stream, where the request has one, is fed to the connection.
    private func withUpload<Result: Sendable>(
        of request: HTTPRequest,
        _ body: @escaping @Sendable (CurlUploadBuffer?) async throws -> Result
    ) async throws -> Result {
        guard case .stream(let stream) = request.body else { return try await body(nil) }
        let upload = CurlUploadBuffer(length: stream.length)
        return try await withThrowingTaskGroup(of: Result?.self) { group in
            group.addTask {
                try await upload.feed(from: stream)
                return nil
            }
            group.addTask { try await body(upload) }
            defer { group.cancelAll() }
            // The feeder ends first, with nil, or fails first and takes the transfer with it.
            while let outcome = try await group.next() {
                if let result = outcome { return result }
            }
            throw CancellationError()
        }
    }
}
