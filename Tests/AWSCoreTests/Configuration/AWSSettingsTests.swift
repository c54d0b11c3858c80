import FoundationEssentials
import Glibc
import Testing

@testable import AWSCore

@Suite("Settings")
struct AWSSettingsTests {
    private static let config = """
        [default]
        region = eu-west-1
        [profile one]
        region = us-west-2
        max_attempts = 7
        ca_bundle = ~/ca.pem
        sdk_ua_app_id = app
        [profile "two words"]
        region = ap-south-1
        [forgotten]
        region = sa-east-1
        """

    @Test("The Region comes from the option, AWS_REGION, AWS_DEFAULT_REGION and the profile, in this order")
    func region() throws {
        let home = try AWSHome(config: Self.config)
        let both = ["AWS_REGION": "us-east-1", "AWS_DEFAULT_REGION": "us-east-2"]
        #expect(try home.settings(region: "cn-north-1", both).region?.name == "cn-north-1")
        #expect(try home.settings(both).region?.name == "us-east-1")
        #expect(try home.settings(["AWS_DEFAULT_REGION": "us-east-2", "AWS_REGION": ""]).region?.name == "us-east-2")
        #expect(try home.settings().region?.name == "eu-west-1")
        #expect(try home.settings(profile: "two words").region?.name == "ap-south-1")
        #expect(try AWSHome().settings().region == nil)
    }

    @Test("The signing of streams is set in the profile's block of S3")
    func payloadSigning() throws {
        func settings(_ value: String) throws -> AWSSettings {
            try AWSHome(config: "[default]\ns3 =\n  payload_signing_enabled = \(value)\n").settings()
        }
        #expect(try AWSHome().settings().signsStreams == nil)
        #expect(try settings("true").signsStreams == true)
        #expect(try settings("False").signsStreams == false)
        let error = try #require(throws: ConfigurationError.self) { try settings("maybe") }
        #expect("\(error)".hasPrefix("s3.payload_signing_enabled in profile \"default\": \"maybe\" is neither"))
    }

    @Test(
        "A value that is none names its setting",
        arguments: [
            (["AWS_REGION": "US EAST"], "AWS_REGION"),
            (["AWS_MAX_ATTEMPTS": "0"], "AWS_MAX_ATTEMPTS"),
            (["AWS_RETRY_MODE": "never"], "AWS_RETRY_MODE"),
            (["AWS_USE_FIPS_ENDPOINT": "yes"], "AWS_USE_FIPS_ENDPOINT"),
        ]
    )
    func malformed(variables: [String: String], name: String) throws {
        let home = try AWSHome()
        #expect(message { try home.settings(variables) }.hasPrefix("\(name): "))
    }

    @Test("An unknown profile is refused with those there are")
    func unknownProfile() throws {
        let home = try AWSHome(config: Self.config, credentials: "[keys]\naws_access_key_id = A")
        let missing = message { try home.settings(profile: "three") }
        #expect(missing == "profile \"three\" (--profile) does not exist; there are: default, keys, one, two words")
        let unprefixed = message { try home.settings(["AWS_PROFILE": "forgotten"]) }
        #expect(unprefixed.contains("must be written [profile forgotten]"))
        let none = message { try AWSHome().settings(["AWS_PROFILE": "x"]) }
        #expect(none.contains("there are no profiles in "))
    }

    @Test("Two variables that name different profiles are refused, the same name twice is not")
    func profileVariables() throws {
        let home = try AWSHome(config: Self.config)
        let conflict = message { try home.settings(["AWS_PROFILE": "one", "AWS_DEFAULT_PROFILE": "default"]) }
        #expect(conflict.contains("unset one of them"))
        let same = try home.settings(["AWS_PROFILE": "one", "AWS_DEFAULT_PROFILE": "one"])
        #expect(same.profile.name == "one")
        #expect(try home.settings(["AWS_DEFAULT_PROFILE": "one"]).profile.name == "one")
    }

    @Test("Both files are merged, the credentials file wins, [profile default] wins over [default]")
    func merging() throws {
        let home = try AWSHome(
            config: "[profile default]\na = 1\n[default]\na = 2\nb = 2\nc = 2\n[profile x]\nb = 9",
            credentials: "[default]\nc = 3"
        )
        let profile = try home.settings().profile
        #expect(profile.values == ["a": "1", "b": "2", "c": "3"])
    }

    @Test("AWS_CONFIG_FILE and AWS_SHARED_CREDENTIALS_FILE move the files, also with ~")
    func otherFiles() throws {
        let home = try AWSHome(config: "[default]\nregion = us-east-1")
        try home.write("other", "[default]\nregion = us-west-1")
        #expect(try home.settings(["AWS_CONFIG_FILE": "~/other"]).region?.name == "us-west-1")
        #expect(try home.settings(["AWS_SHARED_CREDENTIALS_FILE": home.path + "/other"]).region?.name == "us-west-1")
        #expect(try home.settings(["AWS_CONFIG_FILE": "/nowhere/config"]).region == nil)
    }

    @Test("A file that cannot be read is an error with its path")
    func unreadable() throws {
        let home = try AWSHome()
        try FileManager.default.createDirectory(atPath: home.path + "/.aws/config", withIntermediateDirectories: true)
        #expect(message { try home.settings() }.hasPrefix("cannot read \(home.path)/.aws/config: "))
    }

    @Test("A file without permission is an error that says so", .enabled(if: !isRoot, "root may read everything"))
    func forbidden() throws {
        let home = try AWSHome(config: "[default]")
        try FileManager.default.setAttributes([.posixPermissions: 0], ofItemAtPath: home.path + "/.aws/config")
        #expect(message { try home.settings() }.contains("check the permissions"))
    }

    @Test("Attempts, certificate authorities and application come from the environment, else from the profile")
    func otherSettings() throws {
        let home = try AWSHome(config: Self.config)
        let profile = try home.settings(profile: "one")
        #expect(profile.maximumAttempts == 7)
        #expect(profile.caBundle == home.path + "/ca.pem")
        #expect(profile.applicationID == "app")
        let variables = ["AWS_MAX_ATTEMPTS": "2", "AWS_CA_BUNDLE": "/c.pem", "AWS_SDK_UA_APP_ID": "env"]
        let environment = try home.settings(profile: "one", variables)
        #expect(environment.maximumAttempts == 2)
        #expect(environment.caBundle == "/c.pem")
        #expect(environment.applicationID == "env")
        let none = try AWSHome().settings()
        #expect(none.maximumAttempts == nil && none.caBundle == nil && none.applicationID == nil)
    }

    private static var isRoot: Bool { geteuid() == 0 }
}
