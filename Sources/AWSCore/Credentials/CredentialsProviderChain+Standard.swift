extension CredentialsProviderChain {
    /// The sources of the AWS SDKs in botocore's order, behind a cache; nothing is asked before the first request.
    package static func standard(_ context: CredentialsContext) -> CachingCredentialsProvider {
        let settings = context.settings
        let profile = Link(
            "profile \"\(settings.profile.name)\"",
            ProfileCredentialsProvider(profile: settings.profile, context: context)
        )
        var links = [profile]
        // A profile that was given as an option means that identity, whatever the environment holds.
        if !settings.isProfileExplicit {
            let webIdentity = Link(
                "web identity",
                WebIdentityCredentialsProvider(
                    lookup: SettingLookup(environment: settings.environment, profile: settings.profile),
                    context: context
                )
            )
            // A role to assume wins over a web identity, everything else in a profile comes after it.
            links.insert(webIdentity, at: ProfileCredentialsProvider.assumesRole(settings.profile) ? 1 : 0)
            links.insert(
                Link("environment", EnvironmentCredentialsProvider(environment: settings.environment)),
                at: 0
            )
        }
        links.append(Link("container", ContainerCredentialsProvider(context: context)))
        links.append(Link("EC2 instance", InstanceMetadataCredentialsProvider(context: context)))
        return CachingCredentialsProvider(CredentialsProviderChain(links), now: context.now)
    }
}
