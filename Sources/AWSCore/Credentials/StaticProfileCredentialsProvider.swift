/// Reads `aws_access_key_id`, `aws_secret_access_key` and `aws_session_token` of a profile.
package struct StaticProfileCredentialsProvider: CredentialsProvider {
    private let profile: Profile

    package init(profile: Profile) {
        self.profile = profile
    }

    package func credentials() async throws -> Credentials {
        let accessKeyID = profile["aws_access_key_id"]
        let secretAccessKey = profile["aws_secret_access_key"]
        switch (accessKeyID, secretAccessKey) {
        case (let accessKeyID?, let secretAccessKey?):
            return Credentials(
                accessKeyID: accessKeyID,
                secretAccessKey: secretAccessKey,
                sessionToken: profile["aws_session_token"] ?? profile["aws_security_token"]
            )
        case (nil, nil):
            throw CredentialsError.notConfigured("it has no aws_access_key_id")
        case (nil, _):
            throw CredentialsError.failed("it has aws_secret_access_key but no aws_access_key_id")
        case (_, nil):
            throw CredentialsError.failed("it has aws_access_key_id but no aws_secret_access_key")
        }
    }
}
