/// What a client needs to know before its first request.
package struct AWSConfiguration: Sendable {
    /// `nil` when neither options nor environment nor profile name one.
    package var region: Region?
    package var credentials: any CredentialsProvider
    package var endpoints: EndpointResolver
    /// How often a request is sent at most; `nil` for each service's own number.
    package var maximumAttempts: Int?
    /// A PEM file of certificate authorities; `nil` for the system's.
    package var caBundle: String?
    package var profileName: String?
    /// Goes into the user agent as `app/<this>`.
    package var applicationID: String?
    /// Whether streamed bodies are signed (S3's `payload_signing_enabled`); `nil` over http only.
    package var signsStreams: Bool?

    package init(
        region: Region?,
        credentials: any CredentialsProvider,
        endpoints: EndpointResolver = EndpointResolver(),
        maximumAttempts: Int? = nil,
        caBundle: String? = nil,
        profileName: String? = nil,
        applicationID: String? = nil,
        signsStreams: Bool? = nil
    ) {
        self.region = region
        self.credentials = credentials
        self.endpoints = endpoints
        self.maximumAttempts = maximumAttempts
        self.caBundle = caBundle
        self.profileName = profileName
        self.applicationID = applicationID
        self.signsStreams = signsStreams
    }

    /// The Region, for programs that cannot do without one.
    ///
    /// - Throws: ``ConfigurationError`` that says how to set one.
    package func requiredRegion() throws -> Region {
        guard let region else {
            throw ConfigurationError("no Region is set: use --region, AWS_REGION or \"region\" in the profile")
        }
        return region
    }

    /// The configuration that settings make, with credentials from wherever the AWS SDKs look for them.
    ///
    /// Nothing is sent and no credentials are fetched yet.
    /// - Parameters:
    ///   - roleARN: a role to assume with those credentials; `nil` to use them as they are.
    ///   - transport: for the calls that fetch credentials; built with ``AWSSettings/caBundle``.
    package init(settings: AWSSettings, assuming roleARN: String? = nil, transport: any HTTPTransport) {
        let context = CredentialsContext(settings: settings, transport: transport)
        var credentials: any CredentialsProvider = CredentialsProviderChain.standard(context)
        if let roleARN {
            let role = AssumeRoleCredentialsProvider(roleARN: roleARN, source: credentials, context: context)
            credentials = CachingCredentialsProvider(role, now: context.now)
        }
        self.init(
            region: settings.region,
            credentials: credentials,
            endpoints: settings.endpoints,
            maximumAttempts: settings.maximumAttempts,
            caBundle: settings.caBundle,
            profileName: settings.profile.name,
            applicationID: settings.applicationID,
            signsStreams: settings.signsStreams
        )
    }

    /// Reads options, environment and configuration files; where two say different things the earlier one wins.
    ///
    /// The Region comes from `region`, `AWS_REGION`, `AWS_DEFAULT_REGION` or the profile.
    /// - Throws: ``ConfigurationError`` for an unknown profile, an unreadable file or a malformed setting.
    package static func load(
        profile: String? = nil,
        region: String? = nil,
        endpointURL: String? = nil,
        environment: [String: String],
        transport: any HTTPTransport
    ) throws -> AWSConfiguration {
        let settings = try AWSSettings(
            profile: profile,
            region: region,
            endpointURL: endpointURL,
            environment: environment
        )
        return AWSConfiguration(settings: settings, transport: transport)
    }
}
