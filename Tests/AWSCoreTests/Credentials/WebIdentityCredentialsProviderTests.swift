import AWSTesting
import Testing

@testable import AWSCore

@Suite("Web identity")
struct WebIdentityCredentialsProviderTests {
    private let answer = assumeRoleAnswer("AssumeRoleWithWebIdentity", "WEB")

    private func variables(_ file: String) -> [String: String] {
        [
            "AWS_WEB_IDENTITY_TOKEN_FILE": file, "AWS_ROLE_ARN": "arn:aws:iam::1:role/Pod",
            "AWS_ROLE_SESSION_NAME": "pod", "AWS_REGION": "us-east-2",
        ]
    }

    @Test("The token goes out unsigned, and is read anew each time")
    func exchange() async throws {
        let home = try AWSHome()
        let file = try home.write("token", "first\n")
        let transport = FakeTransport { [answer] _, _ in .response(body: answer) }
        let context = try home.context(variables(file), transport: transport)
        let provider = WebIdentityCredentialsProvider(
            lookup: SettingLookup(environment: context.settings.environment, profile: context.settings.profile),
            context: context
        )
        #expect(try await provider.credentials().accessKeyID == "WEB")
        try home.write("token", "second")
        _ = try await provider.credentials()
        #expect(transport.requests.map { $0.bodyText.hasSuffix("&WebIdentityToken=first") } == [true, false])
        #expect(transport.requests.map { $0.bodyText.hasSuffix("&WebIdentityToken=second") } == [false, true])
        for request in transport.requests {
            #expect(request.request.headers["Authorization"] == nil)
            #expect(request.request.authority == "sts.us-east-2.amazonaws.com")
            #expect(request.bodyText.contains("RoleSessionName=pod"))
        }
    }

    @Test("It comes after a role to assume and before other keys of a profile")
    func order() async throws {
        let keys = "aws_access_key_id = KEY\naws_secret_access_key = secret\n"
        let transport = FakeTransport { [answer] recorded, _ in
            .response(
                body: recorded.bodyText.contains("WithWebIdentity") ? answer : assumeRoleAnswer("AssumeRole", "ROLE")
            )
        }
        for (config, expected) in [
            ("[default]\n\(keys)", "WEB"),
            ("[default]\n\(keys)role_arn = arn:aws:iam::1:role/R\nsource_profile = default", "ROLE"),
        ] {
            let home = try AWSHome(config: config)
            let context = try home.context(variables(try home.write("token", "t")), transport: transport)
            #expect(try await CredentialsProviderChain.standard(context).credentials().accessKeyID == expected)
        }
    }

    @Test("A profile given as an option may have its own token file and ignores the variables")
    func explicitProfile() async throws {
        let home = try AWSHome()
        let file = try home.write("mine", "from-profile")
        try home.write(
            ".aws/config",
            "[profile p]\nweb_identity_token_file = \(file)\nrole_arn = arn:aws:iam::1:role/P\nregion = us-east-1"
        )
        let transport = FakeTransport { [answer] _, _ in .response(body: answer) }
        let context = try home.context(profile: "p", variables("/nowhere"), transport: transport)
        #expect(try await CredentialsProviderChain.standard(context).credentials().accessKeyID == "WEB")
        #expect(transport.requests.first?.bodyText.contains("role%2FP") == true)
    }

    @Test("A missing or empty file and a missing role are said")
    func missing() async throws {
        let home = try AWSHome()
        let empty = try home.write("empty", " \n")
        var noRole = variables(empty)
        noRole["AWS_ROLE_ARN"] = nil
        for (variables, expected) in [
            (variables("/nowhere/token"), "there is no file /nowhere/token"), (variables(empty), "is empty"),
            (noRole, "no AWS_ROLE_ARN"),
        ] {
            let context = try home.context(variables)
            let failure = await message { try await CredentialsProviderChain.standard(context).credentials() }
            #expect(failure.contains("web identity") && failure.contains(expected), "\(failure)")
        }
    }
}
