/// The HTTP service at 169.254.169.254 of every EC2 instance.
struct InstanceMetadataService {
    let name = "the EC2 metadata service"
    private let endpoint: Endpoint
    private let retry: CredentialsRetry
    private let timeouts: HTTPTimeouts
    private let transport: any HTTPTransport

    /// - Throws: ``CredentialsError`` when `AWS_EC2_METADATA_DISABLED` is set; ``ConfigurationError`` for malformed
    ///   settings.
    init(context: CredentialsContext) throws {
        let settings = context.settings
        guard settings.environment["AWS_EC2_METADATA_DISABLED"]?.lowercased() != "true" else {
            throw CredentialsError.notConfigured("AWS_EC2_METADATA_DISABLED is true")
        }
        let lookup = SettingLookup(environment: settings.environment, profile: settings.profile)
        let seconds = try Self.number("AWS_METADATA_SERVICE_TIMEOUT", key: "metadata_service_timeout", lookup)
        let attempts = try Self.number(
            "AWS_METADATA_SERVICE_NUM_ATTEMPTS",
            key: "metadata_service_num_attempts",
            lookup
        )
        endpoint = try Self.endpoint(lookup)
        timeouts = HTTPTimeouts(connect: .seconds(seconds), total: .seconds(seconds))
        retry = CredentialsRetry(attempts: attempts, pause: .seconds(1), sleep: context.sleep)
        transport = context.transport
    }

    /// A token for the following requests.
    ///
    /// - Throws: ``CredentialsError`` that says this is no EC2 instance when nothing answers.
    func sessionToken() async throws -> String {
        let headers: HTTPHeaders = ["x-aws-ec2-metadata-token-ttl-seconds": "21600"]
        let response: HTTPResponse
        do {
            response = try await send(.put, "/latest/api/token", headers)
        } catch let error as HTTPError {
            throw CredentialsError.notConfigured(
                "no EC2 metadata service at \(endpoint.authority) (\(error)); in a container on EC2 the instance's "
                    + "metadata hop limit must be 2"
            )
        }
        switch response.status {
        case 200: break
        case 403: throw CredentialsError.notConfigured("the EC2 metadata service is turned off for this instance")
        case 404, 405: throw CredentialsError.notConfigured("the service at \(endpoint.authority) has no IMDSv2")
        default: throw failure(response.status)
        }
        let token = String(decoding: response.body, as: UTF8.self).strippingASCIIWhitespace
        guard !token.isEmpty, token.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw CredentialsError.failed("\(name) answered without a token")
        }
        return token
    }

    /// A document; `nil` when there is none.
    func get(_ path: String, token: String) async throws -> [UInt8]? {
        let response: HTTPResponse
        do {
            response = try await send(.get, path, ["x-aws-ec2-metadata-token": token])
        } catch let error as HTTPError {
            throw CredentialsError.failed("\(name) stopped answering: \(error)")
        }
        switch response.status {
        case 200: return response.body
        case 404: return nil
        default: throw failure(response.status)
        }
    }

    private func failure(_ status: Int) -> CredentialsError {
        CredentialsError.failed("\(name) answered HTTP \(status); try again")
    }

    private func send(_ method: HTTPMethod, _ path: String, _ headers: HTTPHeaders) async throws -> HTTPResponse {
        let request = HTTPRequest(
            method: method,
            scheme: endpoint.scheme,
            authority: endpoint.authority,
            path: endpoint.basePath + path,
            headers: headers,
            timeouts: timeouts,
            // A proxy would ask its own machine's service.
            usesProxy: false
        )
        return try await retry.send(request, with: transport)
    }

    private static func endpoint(_ lookup: SettingLookup) throws -> Endpoint {
        if let url = lookup.first(["AWS_EC2_METADATA_SERVICE_ENDPOINT"], key: "ec2_metadata_service_endpoint") {
            return try Endpoint(parsing: url.value, origin: url.origin)
        }
        let mode = lookup.first(["AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE"], key: "ec2_metadata_service_endpoint_mode")
        switch mode?.value.lowercased() {
        case nil, "ipv4": return Endpoint(scheme: .http, authority: "169.254.169.254")
        case "ipv6": return Endpoint(scheme: .http, authority: "[fd00:ec2::254]")
        case let other?:
            throw ConfigurationError("\(mode?.origin ?? ""): \"\(other)\" is neither IPv4 nor IPv6")
        }
    }

    /// A number from 1; AWS's default for both settings is 1.
    private static func number(_ variable: String, key: String, _ lookup: SettingLookup) throws -> Int {
        guard let setting = lookup.first([variable], key: key) else { return 1 }
        guard let number = Int(setting.value), (1...1000).contains(number) else {
            throw ConfigurationError("\(setting.origin): \"\(setting.value)\" is not a number from 1 to 1000")
        }
        return number
    }
}
