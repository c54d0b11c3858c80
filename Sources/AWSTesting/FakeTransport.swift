package import AWSCore

/// A transport that answers from a script and records what it was asked to send.
package final class FakeTransport: HTTPTransport {
    /// One answer, or what happens in its place.
    package struct Outcome: Sendable {
        package var status: Int
        package var headers: HTTPHeaders
        /// The body, in the pieces in which a stream gets it.
        package var chunks: [[UInt8]]
        /// Thrown in place of an answer.
        package var failure: (any Error)?
        /// Thrown by the body after its last piece.
        package var bodyFailure: (any Error)?
        /// Passed before anything is answered.
        package var gate: Gate?
        /// Passed before each piece of the body.
        package var chunkGate: Gate?

        package static func response(
            _ status: Int = 200,
            headers: HTTPHeaders = HTTPHeaders(),
            body: [UInt8] = []
        ) -> Outcome {
            Outcome(status: status, headers: headers, chunks: body.isEmpty ? [] : [body])
        }

        package static func response(
            _ status: Int = 200,
            headers: HTTPHeaders = HTTPHeaders(),
            body: String
        ) -> Outcome {
            response(status, headers: headers, body: Array(body.utf8))
        }

        package static func chunks(
            _ status: Int = 200,
            headers: HTTPHeaders = HTTPHeaders(),
            _ chunks: [[UInt8]],
            failure: (any Error)? = nil
        ) -> Outcome {
            Outcome(status: status, headers: headers, chunks: chunks, bodyFailure: failure)
        }

        package static func failure(_ error: any Error) -> Outcome {
            Outcome(status: 0, headers: HTTPHeaders(), chunks: [], failure: error)
        }

        package func after(_ gate: Gate) -> Outcome {
            var outcome = self
            outcome.gate = gate
            return outcome
        }
    }

    /// A request with its body read to the end, as a server would have seen it.
    package struct Recorded: Sendable {
        package var request: HTTPRequest
        package var body: [UInt8]
        /// Whether it came through `stream` rather than `send`.
        package var isStreaming: Bool

        package var bodyText: String { String(decoding: body, as: UTF8.self) }
    }

    /// Gives the outcome for a request and its number, from 0.
    package typealias Handler = @Sendable (Recorded, Int) async throws -> Outcome

    package struct Activity: Sendable {
        package var requests: [Recorded] = []
        package var running = 0
        package var maximumRunning = 0
    }

    private let handler: Handler
    private let activity = WatchedValue(Activity())

    package init(_ handler: @escaping Handler) {
        self.handler = handler
    }

    /// Gives the outcomes in turn; a request after the last fails with an error that is never retried.
    package convenience init(_ outcomes: [Outcome]) {
        self.init { recorded, number in
            guard number < outcomes.count else {
                throw HTTPError(.malformed, "the script has no answer left for \(recorded.request.url)")
            }
            return outcomes[number]
        }
    }

    package var requests: [Recorded] { activity.current.requests }
    /// The largest number of requests that were waiting for an answer at one time.
    package var maximumRunning: Int { activity.current.maximumRunning }

    /// Suspends until what was sent meets the condition.
    ///
    /// - Throws: `CancellationError`.
    @discardableResult
    package func wait(until condition: @escaping @Sendable (Activity) -> Bool) async throws -> Activity {
        try await activity.wait(until: condition)
    }

    package func send(_ request: HTTPRequest) async throws -> HTTPResponse {
        let outcome = try await answer(request, isStreaming: false)
        let body = try await Self.body(of: outcome).collect(maximumBytes: .max)
        return HTTPResponse(status: outcome.status, headers: outcome.headers, body: body)
    }

    package func stream(_ request: HTTPRequest) async throws -> HTTPStreamingResponse {
        let outcome = try await answer(request, isStreaming: true)
        return HTTPStreamingResponse(status: outcome.status, headers: outcome.headers, body: Self.body(of: outcome))
    }

    private func answer(_ request: HTTPRequest, isStreaming: Bool) async throws -> Outcome {
        try Task.checkCancellation()
        let recorded = Recorded(
            request: request,
            body: try await Self.read(request.body),
            isStreaming: isStreaming
        )
        let number = activity.update { activity in
            activity.requests.append(recorded)
            activity.running += 1
            activity.maximumRunning = max(activity.maximumRunning, activity.running)
            return activity.requests.count - 1
        }
        defer { activity.update { $0.running -= 1 } }
        let outcome = try await handler(recorded, number)
        try await outcome.gate?.pass()
        try Task.checkCancellation()
        if let failure = outcome.failure { throw failure }
        return outcome
    }

    private static func read(_ body: HTTPRequestBody) async throws -> [UInt8] {
        switch body {
        case .empty: return []
        case .bytes(let bytes): return bytes
        case .stream(let stream):
            var bytes: [UInt8] = []
            let nextChunk = stream.makeChunks()
            while let chunk = try await nextChunk() { bytes += chunk }
            guard bytes.count == stream.length else {
                throw HTTPError(.malformed, "the body stream gave \(bytes.count) bytes and announced \(stream.length)")
            }
            return bytes
        }
    }

    private static func body(of outcome: Outcome) -> HTTPResponseStream {
        let rest = WatchedValue(outcome.chunks[...])
        return HTTPResponseStream {
            try Task.checkCancellation()
            guard !rest.current.isEmpty else {
                if let failure = outcome.bodyFailure { throw failure }
                return nil
            }
            try await outcome.chunkGate?.pass()
            return rest.update { $0.popFirst() }
        }
    }
}
