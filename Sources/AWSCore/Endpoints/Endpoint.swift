/// Where the requests of a service go.
package struct Endpoint: Sendable, Hashable, CustomStringConvertible {
    package var scheme: HTTPRequest.Scheme
    /// Host, and the port where it is not the scheme's own.
    package var authority: String
    /// What comes before a request's path, percent-encoded; empty, or begins with `/` and does not end with one.
    package var basePath: String

    package init(scheme: HTTPRequest.Scheme = .https, authority: String, basePath: String = "") {
        self.scheme = scheme
        self.authority = authority
        self.basePath = basePath
    }

    package var description: String { "\(scheme.rawValue)://\(authority)\(basePath)" }
}

extension Endpoint {
    /// Reads an endpoint URL of the user's.
    ///
    /// - Parameter origin: where the URL stands, for the message: `AWS_ENDPOINT_URL_S3`.
    /// - Throws: ``ConfigurationError``; the message holds the URL only when it has no user name or password in it.
    package init(parsing url: String, origin: String) throws {
        func invalid(_ reason: String) -> ConfigurationError {
            let shown = url.contains("@") ? "" : " \"\(url)\""
            return ConfigurationError(
                "\(origin): the endpoint URL\(shown) is not valid: \(reason); expected something like http://localhost:4566"
            )
        }
        guard url.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw invalid("it holds a space or a character that must be percent-encoded")
        }
        guard let separator = url.firstOccurrence(of: "://") else { throw invalid("it has no http:// or https://") }
        guard let scheme = HTTPRequest.Scheme(rawValue: url[..<separator.lowerBound].lowercased()) else {
            throw invalid("only http and https are possible")
        }
        let rest = url[separator.upperBound...]
        let authorityEnd = rest.firstIndex { $0 == "/" || $0 == "?" || $0 == "#" } ?? rest.endIndex
        let path = rest[authorityEnd...]
        guard !path.contains(where: { $0 == "?" || $0 == "#" }) else {
            throw invalid("it must not have a query or fragment")
        }
        let authority = rest[..<authorityEnd]
        guard !authority.contains("@") else { throw invalid("it must not hold a user name or password") }
        let (host, port) = try Self.hostAndPort(authority, invalid)
        let defaultPort = scheme == .https ? 443 : 80
        self.init(
            scheme: scheme,
            authority: port == nil || port == defaultPort ? host : "\(host):\(port ?? defaultPort)",
            basePath: path.hasSuffix("/") ? String(path.dropLastWhile { $0 == "/" }) : String(path)
        )
    }

    private static func hostAndPort(
        _ authority: Substring,
        _ invalid: (String) -> ConfigurationError
    ) throws -> (host: String, port: Int?) {
        let host: Substring
        let afterHost: Substring
        if authority.hasPrefix("["), let bracket = authority.firstIndex(of: "]") {
            host = authority[...bracket]
            afterHost = authority[authority.index(after: bracket)...]
            guard host.dropFirst().dropLast().utf8.allSatisfy({ $0.isASCIIHexDigit || $0 == 0x3A || $0 == 0x2E }) else {
                throw invalid("the IPv6 address is malformed")
            }
        } else {
            let colon = authority.firstIndex(of: ":") ?? authority.endIndex
            host = authority[..<colon]
            afterHost = authority[colon...]
            // Underscores are no host name characters but common in names of containers.
            guard host.utf8.allSatisfy({ $0.isASCIIAlphanumeric || $0 == 0x2D || $0 == 0x2E || $0 == 0x5F }) else {
                throw invalid("the host name is malformed")
            }
        }
        guard !host.isEmpty, host != "[]" else { throw invalid("it has no host name") }
        guard !afterHost.isEmpty else { return (String(host), nil) }
        guard afterHost.hasPrefix(":"), let port = Int(afterHost.dropFirst()), (1...65535).contains(port),
            afterHost.dropFirst().utf8.allSatisfy(\.isASCIIDigit)
        else { throw invalid("the port must be a number from 1 to 65535") }
        return (String(host), port)
    }
}

extension Substring {
    fileprivate func dropLastWhile(_ predicate: (Character) -> Bool) -> Substring {
        var result = self
        while let last = result.last, predicate(last) { result.removeLast() }
        return result
    }
}
