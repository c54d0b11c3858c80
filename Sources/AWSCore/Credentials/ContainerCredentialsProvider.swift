/// Asks the credential service of ECS or EKS (or of whoever set the variables) for the task's or pod's role.
package struct ContainerCredentialsProvider: CredentialsProvider {
    private let context: CredentialsContext

    package init(context: CredentialsContext) {
        self.context = context
    }

    package func credentials() async throws -> Credentials {
        let uri = try ContainerCredentialsURI(environment: context.settings.environment)
        var headers: HTTPHeaders = ["Accept": "application/json"]
        if let token = try authorizationToken() { headers.add("Authorization", token) }
        let request = HTTPRequest(
            method: .get,
            scheme: uri.scheme,
            authority: uri.authority,
            path: uri.path,
            query: uri.query,
            headers: headers,
            // botocore's: 2 s, 3 attempts, 1 s between them.
            timeouts: HTTPTimeouts(connect: .seconds(2), total: .seconds(2)),
            // Plain HTTP is for this machine and its host only; the token must not pass anybody else.
            usesProxy: uri.scheme == .https
        )
        let source = "the container credential service at \(uri.authority)"
        let retry = CredentialsRetry(attempts: 3, pause: .seconds(1), sleep: context.sleep)
        let response: HTTPResponse
        do {
            response = try await retry.send(request, with: context.transport)
        } catch let error as HTTPError {
            throw CredentialsError.failed("\(source) did not answer: \(error)")
        }
        guard response.status == 200 else {
            throw CredentialsError.failed(
                "\(source) answered HTTP \(response.status); check the role of the task or pod, and its authorization token"
            )
        }
        return try CredentialsDocument.credentials(
            in: CredentialsDocument.parse(response.body, source: source),
            names: .metadata,
            isTemporary: true,
            source: source
        )
    }

    /// The token, read anew each time because EKS replaces it.
    private func authorizationToken() throws -> String? {
        let environment = context.settings.environment
        let token: String
        let origin: String
        if let path = environment["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"], !path.isEmpty {
            origin = "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"
            guard let bytes = try ConfigurationFiles.read(path) else {
                throw CredentialsError.failed("\(origin): there is no file \(path)")
            }
            token = String(decoding: bytes, as: UTF8.self).strippingASCIIWhitespace
        } else if let value = environment["AWS_CONTAINER_AUTHORIZATION_TOKEN"], !value.isEmpty {
            origin = "AWS_CONTAINER_AUTHORIZATION_TOKEN"
            token = value
        } else {
            return nil
        }
        guard !token.isEmpty, token.utf8.allSatisfy({ (0x20...0x7E).contains($0) }) else {
            throw CredentialsError.failed("\(origin) holds no token that could be sent in a header")
        }
        return token
    }
}
