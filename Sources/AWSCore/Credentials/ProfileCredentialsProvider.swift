/// Finds credentials as a profile says: a role to assume, web identity, SSO, keys, a process.
///
/// The order is botocore's. A role's `source_profile` may name another role's profile, and so on.
package struct ProfileCredentialsProvider: CredentialsProvider {
    private let profile: Profile
    private let context: CredentialsContext

    package init(profile: Profile, context: CredentialsContext) {
        self.profile = profile
        self.context = context
    }

    package func credentials() async throws -> Credentials {
        try await provider(for: profile, visited: [profile.name]).credentials()
    }

    /// Whether the profile names a role that is assumed with other credentials.
    static func assumesRole(_ profile: Profile) -> Bool {
        profile["role_arn"] != nil && profile["web_identity_token_file"] == nil
    }

    /// - Parameter visited: the profiles on the way here, this one last.
    private func provider(for profile: Profile, visited: [String]) throws -> any CredentialsProvider {
        // The keys of a source profile win over its role, so that a profile can be its own source.
        if Self.assumesRole(profile), visited.count == 1 || !Self.hasKeys(profile) {
            return try assumeRole(profile, visited: visited)
        }
        return try direct(profile)
    }

    private func direct(_ profile: Profile) throws -> any CredentialsProvider {
        if profile["web_identity_token_file"] != nil {
            return WebIdentityCredentialsProvider(
                lookup: SettingLookup(environment: [:], profile: profile),
                context: context
            )
        }
        if profile["sso_account_id"] != nil || profile["sso_role_name"] != nil {
            return SSOCredentialsProvider(profile: profile, context: context)
        }
        if Self.hasKeys(profile) { return StaticProfileCredentialsProvider(profile: profile) }
        if profile["login_session"] != nil {
            throw CredentialsError.failed(
                "it uses \"aws login\", whose sign-in only the aws command can renew; add to the profile: "
                    + "credential_process = aws configure export-credentials --profile \(profile.name)"
            )
        }
        if let command = profile["credential_process"] {
            return ProcessCredentialsProvider(command: command, environment: context.settings.environment)
        }
        // Says what is missing.
        return StaticProfileCredentialsProvider(profile: profile)
    }

    private func assumeRole(_ profile: Profile, visited: [String]) throws -> any CredentialsProvider {
        guard profile["mfa_serial"] == nil else {
            throw CredentialsError.failed(
                "profile \"\(profile.name)\" has mfa_serial, but nobody is asked for a code here; take temporary "
                    + "credentials with \"aws sts get-session-token --serial-number … --token-code …\", or let a "
                    + "credential_process ask"
            )
        }
        let source: any CredentialsProvider
        switch (profile["source_profile"], profile["credential_source"]) {
        case (_?, _?):
            throw CredentialsError.failed(
                "profile \"\(profile.name)\" has both source_profile and credential_source; keep one of them"
            )
        case (nil, nil):
            throw CredentialsError.failed(
                "profile \"\(profile.name)\" has role_arn but neither source_profile nor credential_source"
            )
        case (nil, let name?):
            source = try credentialSource(name, of: profile)
        case (let name?, nil):
            source = try sourceProfile(name, of: profile, visited: visited)
        }
        return try AssumeRoleCredentialsProvider(profile: profile, source: source, context: context)
    }

    private func sourceProfile(
        _ name: String,
        of profile: Profile,
        visited: [String]
    ) throws -> any CredentialsProvider {
        guard let source = context.settings.shared.profiles[name] else {
            throw CredentialsError.failed(
                "profile \"\(profile.name)\" has source_profile \"\(name)\", which does not exist"
            )
        }
        if name == profile.name {
            guard Self.hasKeys(source) else {
                throw CredentialsError.failed(
                    "profile \"\(name)\" is its own source_profile but has no aws_access_key_id"
                )
            }
        } else if visited.contains(name) {
            let circle = (visited + [name]).map { "\"\($0)\"" }.joined(separator: " → ")
            throw CredentialsError.failed("the source_profile settings go round in a circle: \(circle)")
        }
        let provider = try provider(for: source, visited: visited + [name])
        return SourceCredentialsProvider(provider, name: "source profile \"\(name)\"")
    }

    private func credentialSource(_ name: String, of profile: Profile) throws -> any CredentialsProvider {
        let provider: any CredentialsProvider
        switch name.lowercased() {
        case "environment": provider = EnvironmentCredentialsProvider(environment: context.settings.environment)
        case "ecscontainer": provider = ContainerCredentialsProvider(context: context)
        case "ec2instancemetadata": provider = InstanceMetadataCredentialsProvider(context: context)
        default:
            throw CredentialsError.failed(
                "profile \"\(profile.name)\": credential_source is none of Environment, Ec2InstanceMetadata, EcsContainer"
            )
        }
        return SourceCredentialsProvider(provider, name: "credential_source \(name)")
    }

    private static func hasKeys(_ profile: Profile) -> Bool {
        profile["aws_access_key_id"] != nil || profile["aws_secret_access_key"] != nil
    }
}

/// The credentials with which a role is assumed: that they are not set up is a fault here, no reason to look elsewhere.
private struct SourceCredentialsProvider: CredentialsProvider {
    private let provider: any CredentialsProvider
    private let name: String

    init(_ provider: any CredentialsProvider, name: String) {
        self.provider = provider
        self.name = name
    }

    func credentials() async throws -> Credentials {
        do {
            return try await provider.credentials()
        } catch let error as CredentialsError {
            throw CredentialsError.failed("\(name): \(error.message)")
        }
    }
}
