/// Trades credentials for those of a role, with STS's AssumeRole.
package struct AssumeRoleCredentialsProvider: CredentialsProvider {
    private let input: STSClient.AssumeRoleInput
    private let source: any CredentialsProvider
    private let context: CredentialsContext

    /// - Throws: ``CredentialsError`` when the profile's role settings are malformed.
    init(profile: Profile, source: any CredentialsProvider, context: CredentialsContext) throws {
        guard let roleARN = profile["role_arn"], let arn = ARN(roleARN), arn.service == "iam" else {
            throw CredentialsError.failed(
                "profile \"\(profile.name)\": role_arn is not the ARN of a role, like arn:aws:iam::123456789012:role/Name"
            )
        }
        self.input = STSClient.AssumeRoleInput(
            roleARN: roleARN,
            sessionName: profile["role_session_name"] ?? context.defaultSessionName,
            externalID: profile["external_id"],
            durationSeconds: try Self.duration(of: profile)
        )
        self.source = source
        self.context = context
    }

    /// A role that was named without a profile, in sessions of an hour.
    init(roleARN: String, source: any CredentialsProvider, context: CredentialsContext) {
        self.input = STSClient.AssumeRoleInput(roleARN: roleARN, sessionName: context.defaultSessionName)
        self.source = source
        self.context = context
    }

    package func credentials() async throws -> Credentials {
        try await context.sts(signingWith: source, roleARN: input.roleARN).assumeRole(input)
    }

    private static func duration(of profile: Profile) throws -> Int? {
        guard let text = profile["duration_seconds"] else { return nil }
        guard let seconds = Int(text), (900...43200).contains(seconds) else {
            throw CredentialsError.failed(
                "profile \"\(profile.name)\": duration_seconds must be a number from 900 to 43200"
            )
        }
        return seconds
    }
}
