/// Carries single HTTP requests; knows nothing of AWS, signs nothing, retries nothing.
///
/// A status of 400 or 500 is an answer, not an error. Both functions end early with `CancellationError` when the
/// calling task is cancelled, and then close the connection. Both may be called from any number of tasks at once.
package protocol HTTPTransport: Sendable {
    /// Sends the request and reads the answer to its end.
    ///
    /// - Throws: ``HTTPError``; `CancellationError`; what the request's body stream throws.
    func send(_ request: HTTPRequest) async throws -> HTTPResponse

    /// Sends the request and returns as soon as the answer's headers are there.
    ///
    /// - Throws: ``HTTPError``, here or from the body; `CancellationError`; what the request's body stream throws.
    func stream(_ request: HTTPRequest) async throws -> HTTPStreamingResponse

    /// The transport's own thread, for tasks that are mostly about its requests; `nil` when it has none.
    ///
    /// A request and its answer then change no thread, which for small ones is half of what they cost. A task that
    /// computes for long holds up every transfer meanwhile, and one that blocks may wait for itself.
    var executor: (any TaskExecutor)? { get }

    /// A transport like this one with a thread and connections of its own, for more than one thread can carry; `nil`
    /// where there is no such thing.
    func makeAnother() throws -> (any HTTPTransport)?
}

extension HTTPTransport {
    package var executor: (any TaskExecutor)? { nil }
    package func makeAnother() throws -> (any HTTPTransport)? { nil }
}
