package import AWSCore

/// A request as it arrived at the fault server.
package struct ServerRequest: Sendable {
    /// Which of the server's connections brought it, from 0.
    package var connection: Int
    /// Where it stands among all requests of the server, from 0.
    package var number: Int
    /// Everything up to and including the empty line, byte for byte.
    package var head: [UInt8]
    /// `PUT /bucket/key?partNumber=1 HTTP/1.1`.
    package var startLine: String
    /// In the order of the wire; values without the white space around them.
    package var headers: HTTPHeaders
    /// The body without its chunked coding; empty when the plan was to discard it.
    package var body: [UInt8]
    /// How many bytes of the body arrived.
    package var bodyLength: Int

    package var method: String { word(0) }
    /// Path and query as they were sent.
    package var target: String { word(1) }
    package var path: String { String(target.prefix { $0 != "?" }) }
    package var query: String { String(target.drop { $0 != "?" }.dropFirst()) }
    package var bodyText: String { String(decoding: body, as: UTF8.self) }

    private func word(_ index: Int) -> String {
        let words = startLine.split(separator: " ", omittingEmptySubsequences: false)
        return index < words.count ? String(words[index]) : ""
    }

    /// Reads start line and fields out of a message head.
    ///
    /// - Returns: `nil` when it is none.
    init?(connection: Int, number: Int, head: [UInt8]) {
        var lines = String(decoding: head, as: UTF8.self).split(separator: "\r\n", omittingEmptySubsequences: false)
        guard !lines.isEmpty else { return nil }
        startLine = String(lines.removeFirst())
        guard startLine.split(separator: " ").count == 3, startLine.contains(" HTTP/1.") else { return nil }
        headers = HTTPHeaders()
        for line in lines where !line.isEmpty {
            guard let colon = line.firstIndex(of: ":") else { return nil }
            let value = line[line.index(after: colon)...].drop { $0 == " " || $0 == "\t" }
            headers.add(String(line[..<colon]), String(value.reversed().drop { $0 == " " }.reversed()))
        }
        self.connection = connection
        self.number = number
        self.head = head
        body = []
        bodyLength = 0
    }
}

/// How the fault server takes a request's body, decided when its head is there.
package struct BodyPlan: Sendable {
    /// What is done with the bytes.
    package enum Use: Sendable {
        case keep
        /// Only count them, for bodies that should not stay in memory.
        case discard
    }

    package var use: Use
    /// Answers after so many bytes, with the rest unread; `nil` for the whole body.
    package var maximumBytes: Int?
    /// Each read of at most 16 KiB waits for the gate, so that the sender must wait too.
    package var gate: Gate?
    /// Whether `Expect: 100-continue` gets its `100 Continue`.
    package var sendsContinue: Bool

    package init(_ use: Use = .keep, maximumBytes: Int? = nil, gate: Gate? = nil, sendsContinue: Bool = true) {
        self.use = use
        self.maximumBytes = maximumBytes
        self.gate = gate
        self.sendsContinue = sendsContinue
    }
}
