/// Asks a credential service a few times, with a pause in between.
struct CredentialsRetry {
    var attempts: Int
    var pause: Duration
    var sleep: @Sendable (Duration) async throws -> Void

    /// The first answer that is not a server's error or a request to slow down, or the last one.
    ///
    /// - Throws: ``HTTPError`` of the last attempt; `CancellationError`.
    func send(_ request: HTTPRequest, with transport: any HTTPTransport) async throws -> HTTPResponse {
        var attempt = 1
        while true {
            let isLast = attempt >= attempts
            do {
                let response = try await transport.send(request)
                if isLast || (response.status < 500 && response.status != 429) { return response }
            } catch let error as HTTPError {
                if isLast || !error.isTransient { throw error }
            }
            try await sleep(pause)
            attempt += 1
        }
    }
}
