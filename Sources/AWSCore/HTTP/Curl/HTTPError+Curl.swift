internal import CCurl

extension HTTPError {
    /// What a libcurl result means for a request.
    init(curl result: CURLcode, detail: String?, for request: HTTPRequest) {
        let code: Code =
            switch result {
            case CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY: .couldNotResolveHost
            // A handshake that breaks off is mostly a connection that was reset.
            case CURLE_COULDNT_CONNECT, CURLE_SSL_CONNECT_ERROR, CURLE_PROXY: .couldNotConnect
            case CURLE_OPERATION_TIMEDOUT: .timedOut
            case CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CACERT_BADFILE, CURLE_SSL_CIPHER,
                CURLE_SSL_CERTPROBLEM, CURLE_SSL_ISSUER_ERROR, CURLE_SSL_ENGINE_INITFAILED:
                .tlsFailure
            case CURLE_URL_MALFORMAT, CURLE_BAD_FUNCTION_ARGUMENT: .malformed
            case CURLE_OUT_OF_MEMORY, CURLE_FAILED_INIT: .resourcesExhausted
            // Cut off, empty, or not HTTP: whatever it was, it was no answer.
            default: .connectionLost
            }
        let text = detail ?? String(cString: curl_easy_strerror(result))
        self.init(code, "\(request.scheme.rawValue)://\(request.authority): \(Self.withoutPasswords(text))")
    }

    /// libcurl's text without what stands between `//` and `@`: it quotes a proxy's URL as it was set, password
    /// included.
    static func withoutPasswords(_ text: String) -> String {
        text.split(separator: " ", omittingEmptySubsequences: false).map { word in
            guard let at = word.lastIndex(of: "@") else { return String(word) }
            let end = word[..<at].firstIndex(of: "/").flatMap { slash -> Substring.Index? in
                let next = word.index(after: slash)
                return word[next] == "/" ? word.index(after: next) : nil
            }
            return word[..<(end ?? word.startIndex)] + "…" + word[at...]
        }.joined(separator: " ")
    }
}
