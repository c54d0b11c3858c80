package import struct FoundationEssentials.Date

/// What the sources of credentials take from the world around them.
package struct CredentialsContext: Sendable {
    package var settings: AWSSettings
    package var transport: any HTTPTransport
    package var now: @Sendable () -> Date
    package var sleep: @Sendable (Duration) async throws -> Void

    package init(
        settings: AWSSettings,
        transport: any HTTPTransport,
        now: @escaping @Sendable () -> Date = { Date.now },
        sleep: @escaping @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) }
    ) {
        self.settings = settings
        self.transport = transport
        self.now = now
        self.sleep = sleep
    }

    /// An STS client that signs with the given credentials.
    ///
    /// - Parameter roleARN: decides the Region where none is configured, by its partition.
    func sts(signingWith credentials: any CredentialsProvider, roleARN: String) throws -> STSClient {
        let partition = ARN(roleARN).flatMap { Partition.named($0.partition) } ?? .aws
        guard let region = settings.region ?? Region(partition.defaultRegionName) else {
            throw ConfigurationError("no Region is set for STS: use --region or AWS_REGION")
        }
        let configuration = AWSConfiguration(
            region: region,
            credentials: credentials,
            endpoints: settings.endpoints.withoutExplicitEndpoint,
            maximumAttempts: settings.maximumAttempts,
            caBundle: settings.caBundle,
            profileName: settings.profile.name,
            applicationID: settings.applicationID
        )
        return STSClient(
            AWSClient(
                configuration: configuration,
                transport: transport,
                environment: AWSClient.Environment(now: now, sleep: sleep)
            ),
            region: region
        )
    }

    /// A name for the role's session, which CloudTrail shows, where the user gave none.
    var defaultSessionName: String { "dynamodb-backup-\(Int(now().timeIntervalSince1970))" }
}
