import struct FoundationEssentials.Date

extension CredentialsProviderChain {
    /// The sources of the AWS SDKs in their order, behind a cache; nothing is asked before the first request.
    static func standard(
        settings: AWSSettings,
        transport: any HTTPTransport,
        now: @escaping @Sendable () -> Date = { Date.now }
    ) throws -> any CredentialsProvider {
        var links: [Link] = []
        if !settings.isProfileExplicit {
            links.append(Link("environment", EnvironmentCredentialsProvider(environment: settings.environment)))
        }
        links.append(
            Link("profile \"\(settings.profile.name)\"", StaticProfileCredentialsProvider(profile: settings.profile))
        )
        return CachingCredentialsProvider(CredentialsProviderChain(links), now: now)
    }
}
