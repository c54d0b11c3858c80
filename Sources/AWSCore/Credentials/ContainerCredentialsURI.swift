import Glibc

/// Where the container's credential service is.
struct ContainerCredentialsURI {
    var scheme: HTTPRequest.Scheme
    var authority: String
    var path: String
    var query: String

    /// Reads `AWS_CONTAINER_CREDENTIALS_RELATIVE_URI` or else `AWS_CONTAINER_CREDENTIALS_FULL_URI`.
    ///
    /// - Throws: ``CredentialsError`` when neither is set, when the URI is malformed, and when it is plain HTTP to a host
    ///   other than this machine or AWS's two link-local services: whoever sets the variable could otherwise have the
    ///   authorization token sent anywhere in the clear.
    init(environment: [String: String]) throws {
        if let relative = environment["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"], !relative.isEmpty {
            let variable = "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"
            guard relative.hasPrefix("/") else { throw CredentialsError.failed("\(variable) must begin with a slash") }
            try self.init("http://\(Self.ecsHost)\(relative)", variable: variable)
        } else if let full = environment["AWS_CONTAINER_CREDENTIALS_FULL_URI"], !full.isEmpty {
            try self.init(full, variable: "AWS_CONTAINER_CREDENTIALS_FULL_URI")
        } else {
            throw CredentialsError.notConfigured("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI is not set")
        }
    }

    private init(_ text: String, variable: String) throws {
        let parts = text.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        let query = parts.count == 2 ? String(parts[1]) : ""
        guard query.utf8.allSatisfy({ (0x21...0x7E).contains($0) && $0 != UInt8(ascii: "#") }) else {
            throw CredentialsError.failed("\(variable) is no URI")
        }
        let endpoint: Endpoint
        do {
            endpoint = try Endpoint(parsing: String(parts[0]), origin: variable)
        } catch let error as ConfigurationError {
            throw CredentialsError.failed(error.message)
        }
        self.scheme = endpoint.scheme
        self.authority = endpoint.authority
        // A slash at the end, which an endpoint has not, is part of this path.
        self.path = endpoint.basePath + (parts[0].hasSuffix("/") || endpoint.basePath.isEmpty ? "/" : "")
        self.query = query
        guard scheme == .https || Self.isTrusted(host: Self.host(of: authority)) else {
            throw CredentialsError.failed(
                "\(variable) points to \(authority) over plain HTTP, which is allowed only for this machine "
                    + "(127.0.0.1, [::1]), \(Self.ecsHost), 169.254.170.23 and [fd00:ec2::23]"
            )
        }
    }

    /// The ECS agent's address.
    private static let ecsHost = "169.254.170.2"

    private static func host(of authority: String) -> String {
        if authority.hasPrefix("["), let end = authority.firstIndex(of: "]") {
            return String(authority[authority.index(after: authority.startIndex)..<end])
        }
        return String(authority.prefix { $0 != ":" })
    }

    private static func isTrusted(host: String) -> Bool {
        var four = in_addr()
        if inet_pton(AF_INET, host, &four) == 1 {
            let address = UInt32(bigEndian: four.s_addr)
            return address >> 24 == 127 || [0xA9FE_AA02, 0xA9FE_AA17].contains(address)
        }
        var six = in6_addr()
        if inet_pton(AF_INET6, host, &six) == 1 {
            let address = withUnsafeBytes(of: six) { Array($0) }
            let loopback = [UInt8](repeating: 0, count: 15) + [1]
            let eks: [UInt8] = [0xFD, 0x00, 0x0E, 0xC2] + [UInt8](repeating: 0, count: 11) + [0x23]
            return address == loopback || address == eks
        }
        return host.lowercased() == "localhost"
    }
}
