/// Why no answer, or no whole answer, came back.
package struct HTTPError: Error, Sendable, Equatable, CustomStringConvertible {
    package enum Code: Sendable, Equatable {
        case couldNotResolveHost
        case couldNotConnect
        /// The certificate was not accepted, or no common protocol was found: the same again cannot succeed.
        case tlsFailure
        case timedOut
        /// The connection ended before the whole answer was there.
        case connectionLost
        case responseTooLarge
        /// What came back is not HTTP, or the URL is none.
        case malformed
        /// libcurl could not be set up or ran out of memory or file descriptors.
        case resourcesExhausted
    }

    package var code: Code
    /// What happened, for a person; holds host names but never headers or bodies.
    package var message: String

    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    /// Whether the same request may succeed a moment later.
    package var isTransient: Bool {
        switch code {
        case .couldNotResolveHost, .couldNotConnect, .timedOut, .connectionLost: true
        case .tlsFailure, .responseTooLarge, .malformed, .resourcesExhausted: false
        }
    }

    package var description: String { message }
}
