/// The request methods that AWS's services use.
package enum HTTPMethod: String, Sendable {
    case get = "GET"
    case head = "HEAD"
    case put = "PUT"
    case post = "POST"
    case delete = "DELETE"
}

/// One HTTP/1.1 request, ready for the wire: what stands here is sent as it stands.
package struct HTTPRequest: Sendable {
    package enum Scheme: String, Sendable {
        case http
        case https
    }

    package var method: HTTPMethod
    package var scheme: Scheme
    /// The host, with the port where it is not the scheme's own, as in `127.0.0.1:4566`.
    ///
    /// Sent as the `Host` header, letter for letter.
    package var authority: String
    /// Percent-encoded path, beginning with `/`; never normalised (S3 keys may hold `..` and `//`).
    package var path: String
    /// Percent-encoded query without the `?`; empty for none.
    package var query: String
    /// Fields to send; `Host` and `Content-Length` are the transport's to add, and a request that has its own, or a
    /// `Transfer-Encoding`, is refused.
    package var headers: HTTPHeaders
    package var body: HTTPRequestBody
    package var timeouts: HTTPTimeouts
    /// Whether `HTTPS_PROXY` and its kin apply; never for addresses of this machine or its host (Lambda, IMDS).
    package var usesProxy: Bool

    package init(
        method: HTTPMethod,
        scheme: Scheme,
        authority: String,
        path: String = "/",
        query: String = "",
        headers: HTTPHeaders = HTTPHeaders(),
        body: HTTPRequestBody = .empty,
        timeouts: HTTPTimeouts = HTTPTimeouts(),
        usesProxy: Bool = true
    ) {
        self.method = method
        self.scheme = scheme
        self.authority = authority
        self.path = path
        self.query = query
        self.headers = headers
        self.body = body
        self.timeouts = timeouts
        self.usesProxy = usesProxy
    }

    /// Whether the request stays on this machine, where no proxy can know better.
    package var isForThisMachine: Bool {
        var host = authority[...]
        if host.first == "[" {
            host = host.prefix { $0 != "]" }
            return host == "[::1"
        }
        host = host.prefix { $0 != ":" }
        return host.hasPrefix("127.") || String(host).equalsIgnoringASCIICase("localhost")
    }

    package var url: String {
        query.isEmpty ? "\(scheme.rawValue)://\(authority)\(path)" : "\(scheme.rawValue)://\(authority)\(path)?\(query)"
    }
}

/// The body of a request.
package enum HTTPRequestBody: Sendable {
    case empty
    case bytes([UInt8])
    case stream(HTTPRequestStream)

    /// The number of bytes that go out, known beforehand for every kind.
    package var length: Int {
        switch self {
        case .empty: 0
        case .bytes(let bytes): bytes.count
        case .stream(let stream): stream.length
        }
    }
}

/// A request body that is produced while it is sent, no faster than the connection takes it.
package struct HTTPRequestStream: Sendable {
    /// The exact number of bytes that `makeChunks` yields; sent as `Content-Length`.
    package var length: Int
    /// Starts the body anew and returns a function that gives its next piece, `nil` at the end.
    ///
    /// Called once for each attempt, so that a retry sends the same bytes again.
    package var makeChunks: @Sendable () -> @Sendable () async throws -> [UInt8]?

    package init(length: Int, makeChunks: @escaping @Sendable () -> @Sendable () async throws -> [UInt8]?) {
        self.length = length
        self.makeChunks = makeChunks
    }
}

/// How long a transfer may take.
package struct HTTPTimeouts: Sendable, Equatable {
    /// From the start until the connection, TLS included, stands.
    package var connect: Duration
    /// From the start until the last byte of the answer; `nil` for no limit.
    package var total: Duration?
    /// The longest time in which no byte moves either way, measured in whole seconds; `nil` for no limit.
    package var stall: Duration?

    package init(connect: Duration = .seconds(10), total: Duration? = nil, stall: Duration? = .seconds(60)) {
        self.connect = connect
        self.total = total
        self.stall = stall
    }
}
