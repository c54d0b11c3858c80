package import AWSCore

/// What the fault server does in answer to one request, step by step.
package struct ServerReply: Sendable {
    package enum Step: Sendable {
        /// Sends these bytes as they are.
        case send([UInt8])
        /// Sends the same bytes so many times, without building them in memory.
        case sendRepeatedly([UInt8], count: Int)
        /// Waits until the gate lets it through or the client goes away.
        case wait(Gate)
        /// Does nothing more until the client goes away or the server is stopped.
        case hang
        /// Ends the connection in order (FIN).
        case close
        /// Breaks the connection off (RST); what was sent may be lost with it.
        case reset
    }

    package var steps: [Step]

    package init(_ steps: [Step]) {
        self.steps = steps
    }

    // MARK: Answers

    /// A whole answer with `Content-Length`; the connection stays.
    package static func response(
        _ status: Int,
        headers: HTTPHeaders = HTTPHeaders(),
        body: [UInt8] = []
    ) -> ServerReply {
        ServerReply([.send(head(status, headers, contentLength: body.count) + body)])
    }

    package static func response(
        _ status: Int,
        headers: HTTPHeaders = HTTPHeaders(),
        body: String
    ) -> ServerReply {
        response(status, headers: headers, body: Array(body.utf8))
    }

    /// The answer to HEAD: a length and no body; also what a client must not wait for in a 204 or 304.
    package static func headersOnly(_ status: Int, headers: HTTPHeaders = HTTPHeaders()) -> ServerReply {
        ServerReply([.send(head(status, headers, contentLength: nil))])
    }

    /// An answer in chunked coding, one chunk for each piece.
    package static func chunked(
        _ status: Int,
        headers: HTTPHeaders = HTTPHeaders(),
        pieces: [[UInt8]]
    ) -> ServerReply {
        var headers = headers
        headers["Transfer-Encoding"] = "chunked"
        var bytes = head(status, headers, contentLength: nil)
        for piece in pieces where !piece.isEmpty {
            bytes += Array("\(String(piece.count, radix: 16))\r\n".utf8) + piece + Array("\r\n".utf8)
        }
        return ServerReply([.send(bytes + Array("0\r\n\r\n".utf8))])
    }

    /// An answer whose body ends where the connection does.
    package static func untilClose(
        _ status: Int,
        headers: HTTPHeaders = HTTPHeaders(),
        body: [UInt8]
    ) -> ServerReply {
        var headers = headers
        headers["Connection"] = "close"
        return ServerReply([.send(head(status, headers, contentLength: nil) + body), .close])
    }

    /// An answer whose pieces come one by one, each when the gate lets it through; the head comes at once.
    package static func drip(
        _ status: Int,
        headers: HTTPHeaders = HTTPHeaders(),
        pieces: [[UInt8]],
        gate: Gate
    ) -> ServerReply {
        let length = pieces.reduce(0) { $0 + $1.count }
        var steps: [Step] = [.send(head(status, headers, contentLength: length))]
        for piece in pieces { steps += [.wait(gate), .send(piece)] }
        return ServerReply(steps)
    }

    /// A long body of `count` times `piece`.
    package static func large(
        _ status: Int,
        headers: HTTPHeaders = HTTPHeaders(),
        piece: [UInt8],
        count: Int
    ) -> ServerReply {
        ServerReply([
            .send(head(status, headers, contentLength: piece.count * count)), .sendRepeatedly(piece, count: count),
        ])
    }

    // MARK: Faults

    /// Reads the request and never answers.
    package static let never = ServerReply([.hang])

    /// Ends the connection without a byte.
    package static let closeWithoutAnswer = ServerReply([.close])

    /// Breaks the connection off without a byte.
    package static let resetWithoutAnswer = ServerReply([.reset])

    /// Ends the connection in the middle of the header fields.
    package static func cutInHeaders(_ status: Int = 200, headers: HTTPHeaders = HTTPHeaders()) -> ServerReply {
        let whole = head(status, headers, contentLength: 10)
        return ServerReply([.send(Array(whole.prefix(whole.count - 12))), .close])
    }

    /// Announces `body` in full and ends the connection after its first `sent` bytes.
    package static func cutInBody(
        _ status: Int = 200,
        headers: HTTPHeaders = HTTPHeaders(),
        body: [UInt8],
        sent: Int
    ) -> ServerReply {
        ServerReply([.send(head(status, headers, contentLength: body.count) + body.prefix(sent)), .close])
    }

    /// A chunked answer that ends without its last chunk.
    package static func cutInChunks(_ status: Int = 200, headers: HTTPHeaders = HTTPHeaders(), body: [UInt8])
        -> ServerReply
    {
        var whole = chunked(status, headers: headers, pieces: [body])
        if case .send(let bytes) = whole.steps.first { whole.steps = [.send(bytes.dropLast(5)), .close] }
        return whole
    }

    /// Something that is no HTTP; then the end.
    package static func garbage(_ bytes: [UInt8]) -> ServerReply {
        ServerReply([.send(bytes), .close])
    }

    // MARK: Variations

    /// The same, begun when the gate lets it through.
    package func after(_ gate: Gate) -> ServerReply {
        ServerReply([.wait(gate)] + steps)
    }

    /// The same, and then the end of the connection, which the answer did not announce.
    package func thenCloseSilently() -> ServerReply {
        ServerReply(steps + [.close])
    }

    private static func head(_ status: Int, _ headers: HTTPHeaders, contentLength: Int?) -> [UInt8] {
        var text = "HTTP/1.1 \(status) \(status < 400 ? "OK" : "Error")\r\n"
        for field in headers.fields { text += "\(field.name): \(field.value)\r\n" }
        if let contentLength { text += "Content-Length: \(contentLength)\r\n" }
        return Array((text + "\r\n").utf8)
    }
}
