/// An answer whose body was read to its end.
package struct HTTPResponse: Sendable {
    package var status: Int
    package var headers: HTTPHeaders
    package var body: [UInt8]

    package init(status: Int, headers: HTTPHeaders = HTTPHeaders(), body: [UInt8] = []) {
        self.status = status
        self.headers = headers
        self.body = body
    }
}

/// An answer whose body is read while it arrives.
package struct HTTPStreamingResponse: Sendable {
    package var status: Int
    package var headers: HTTPHeaders
    package var body: HTTPResponseStream

    package init(status: Int, headers: HTTPHeaders, body: HTTPResponseStream) {
        self.status = status
        self.headers = headers
        self.body = body
    }
}

/// The pieces of a response body, in order, each once.
///
/// Only a small window is buffered: a reader that pauses pauses the sender. Letting go of the stream before its end
/// closes the connection. Iterate it once.
package struct HTTPResponseStream: AsyncSequence, Sendable {
    package typealias Element = [UInt8]

    private let nextChunk: @Sendable () async throws -> [UInt8]?

    package init(nextChunk: @escaping @Sendable () async throws -> [UInt8]?) {
        self.nextChunk = nextChunk
    }

    package struct AsyncIterator: AsyncIteratorProtocol {
        fileprivate let nextChunk: @Sendable () async throws -> [UInt8]?

        package mutating func next() async throws -> [UInt8]? {
            try await nextChunk()
        }
    }

    package func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(nextChunk: nextChunk)
    }

    /// The rest of the body in one piece.
    ///
    /// - Throws: ``HTTPError`` of code ``HTTPError/Code/responseTooLarge`` when more than `maximumBytes` arrive.
    package func collect(maximumBytes: Int) async throws -> [UInt8] {
        var bytes: [UInt8] = []
        for try await chunk in self {
            guard bytes.count + chunk.count <= maximumBytes else {
                throw HTTPError(.responseTooLarge, "the answer is larger than \(maximumBytes) bytes")
            }
            bytes += chunk
        }
        return bytes
    }
}
