import AWSTesting
import FoundationEssentials

@testable import AWSCore

/// A provider that counts its calls and answers what a closure says.
final class ScriptedProvider: CredentialsProvider {
    private let answer: @Sendable (Int) async throws -> Credentials
    private let calls = WatchedValue(0)

    init(_ answer: @escaping @Sendable (Int) async throws -> Credentials) {
        self.answer = answer
    }

    var callCount: Int { calls.current }

    func credentials() async throws -> Credentials {
        try await answer(
            calls.update {
                $0 += 1; return $0
            }
        )
    }
}

extension Credentials {
    /// Credentials whose key tells them apart.
    static func test(_ id: String, expiration: Date? = nil) -> Credentials {
        Credentials(
            accessKeyID: id,
            secretAccessKey: "secret-of-\(id)",
            sessionToken: "token-of-\(id)",
            expiration: expiration
        )
    }
}

extension AWSHome {
    /// What the sources see with this home folder and these variables.
    func context(
        profile: String? = nil,
        _ variables: [String: String] = [:],
        transport: any HTTPTransport = FakeTransport([]),
        clock: ManualClock = ManualClock()
    ) throws -> CredentialsContext {
        CredentialsContext(
            settings: try settings(profile: profile, variables),
            transport: transport,
            now: { clock.now },
            sleep: { try await clock.sleep(for: $0) }
        )
    }
}

/// The JSON of the container and instance metadata services.
func metadataDocument(_ id: String, expiration: String = "2026-11-21T08:00:00Z") -> String {
    """
    {"Code": "Success", "AccessKeyId": "\(id)", "SecretAccessKey": "secret-of-\(id)", "Token": "token-of-\(id)",
     "Expiration": "\(expiration)"}
    """
}

/// STS's XML for AssumeRole and AssumeRoleWithWebIdentity.
func assumeRoleAnswer(_ operation: String, _ id: String, expiration: String = "2026-11-21T08:00:00Z") -> String {
    """
    <\(operation)Response xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><\(operation)Result>
    <AssumedRoleUser><Arn>arn:aws:sts::1:assumed-role/R/s</Arn></AssumedRoleUser>
    <Credentials><AccessKeyId>\(id)</AccessKeyId><SecretAccessKey>secret-of-\(id)</SecretAccessKey>
    <SessionToken>token-of-\(id)</SessionToken><Expiration>\(expiration)</Expiration></Credentials>
    </\(operation)Result><ResponseMetadata><RequestId>r</RequestId></ResponseMetadata></\(operation)Response>
    """
}
