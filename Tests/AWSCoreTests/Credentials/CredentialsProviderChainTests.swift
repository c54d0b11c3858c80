import AWSTesting
import FoundationEssentials
import Testing

@testable import AWSCore

@Suite("The search for credentials")
struct CredentialsProviderChainTests {
    private static let keys = ["AWS_ACCESS_KEY_ID": "ENV", "AWS_SECRET_ACCESS_KEY": "secret"]
    private static let files =
        "[default]\naws_access_key_id = FILE\naws_secret_access_key = secret\n"
        + "[other]\naws_access_key_id = OTHER\naws_secret_access_key = secret"

    private func find(_ context: CredentialsContext) async throws -> String {
        try await CredentialsProviderChain.standard(context).credentials().accessKeyID
    }

    @Test("The environment comes first, unless a profile was given as an option")
    func order() async throws {
        let home = try AWSHome(credentials: Self.files)
        #expect(try await find(home.context(Self.keys)) == "ENV")
        #expect(try await find(home.context(Self.keys.merging(["AWS_PROFILE": "other"]) { $1 })) == "ENV")
        #expect(try await find(home.context(profile: "other", Self.keys)) == "OTHER")
        #expect(try await find(home.context(["AWS_PROFILE": "other"])) == "OTHER")
        #expect(try await find(home.context()) == "FILE")
    }

    @Test("An empty search says what every source answered and what to do")
    func nothing() async throws {
        let home = try AWSHome()
        let failure = await message { try await find(home.context()) }
        let expected = [
            "no AWS credentials found (environment: AWS_ACCESS_KEY_ID is not set; web identity: ",
            "; profile \"default\": it has no aws_access_key_id; container: ",
            "; EC2 instance: AWS_EC2_METADATA_DISABLED",
            "\"aws sso login\"",
        ]
        for part in expected { #expect(failure.contains(part), "\(failure)") }
        #expect(!failure.contains("\n"))
    }

    @Test("A source that is set up but fails ends the search")
    func failing() async throws {
        let last = ScriptedProvider { _ in .test("WRONG IDENTITY") }
        let chain = CredentialsProviderChain([
            .init("first", ScriptedProvider { _ in throw CredentialsError.notConfigured("no") }),
            .init("second", ScriptedProvider { _ in throw CredentialsError.failed("broken") }),
            .init("last", last),
        ])
        #expect(await message { try await chain.credentials() } == "no AWS credentials from second: broken")
        #expect(last.callCount == 0)
    }

    @Test(
        "Half a pair of keys is a failure",
        arguments: ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"]
    )
    func half(variable: String) async throws {
        let home = try AWSHome(credentials: Self.files)
        let failure = await message { try await find(home.context([variable: "only-one"])) }
        #expect(failure.contains("\(variable) is set but"))
        #expect(!failure.contains("only-one"))
        let key = variable.lowercased()
        let profile = try AWSHome(credentials: "[default]\n\(key) = only-one")
        let inProfile = await message { try await find(profile.context()) }
        #expect(inProfile.contains("it has \(key) but no "))
        #expect(!inProfile.contains("only-one"))
    }

    @Test("A session token and an end come along, white space does not")
    func environmentDetails() async throws {
        let provider = EnvironmentCredentialsProvider(environment: [
            "AWS_ACCESS_KEY_ID": " A\n", "AWS_SECRET_ACCESS_KEY": "S\n", "AWS_SESSION_TOKEN": "T",
            "AWS_CREDENTIAL_EXPIRATION": "2026-11-21T02:00:07.5+01:00",
        ])
        let credentials = try await provider.credentials()
        #expect(credentials.accessKeyID == "A")
        #expect(credentials.secretAccessKey == "S")
        #expect(credentials.sessionToken == "T")
        #expect(credentials.expiration?.timeIntervalSince1970.rounded(.down) == 1_795_222_807)
    }

    @Test("Cancellation is passed on and not reported as a missing source")
    func cancellation() async throws {
        let chain = CredentialsProviderChain([.init("a", ScriptedProvider { _ in throw CancellationError() })])
        await #expect(throws: CancellationError.self) { try await chain.credentials() }
    }
}
