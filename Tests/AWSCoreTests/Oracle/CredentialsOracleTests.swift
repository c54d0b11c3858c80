import AWSTesting
import Testing

@testable import AWSCore

@Suite("Credentials compared with botocore")
struct CredentialsOracleTests {
    private static let config = """
        [default]
        region = us-west-2
        # a comment
        [profile static]
        AWS_Access_Key_ID=STATIC
        aws_secret_access_key : secret
        [profile "two words"]
        aws_access_key_id = TWO
        aws_secret_access_key = secret
        s3 =
            max_concurrent_requests = 20
        [profile role]
        region = eu-west-1
        role_arn = arn:aws:iam::111111111111:role/Role
        source_profile = static
        external_id = e-x
        duration_seconds = 1200
        role_session_name = me
        [profile chain]
        region = us-west-2
        role_arn = arn:aws:iam::111111111111:role/Chain
        source_profile = role
        role_session_name = me
        [profile self]
        region = us-west-2
        role_arn = arn:aws:iam::111111111111:role/Self
        source_profile = self
        aws_access_key_id = SELF
        aws_secret_access_key = secret
        [profile keysfirst]
        region = us-west-2
        role_arn = arn:aws:iam::111111111111:role/KeysFirst
        source_profile = self
        [profile process]
        credential_process = printf '{"Version": 1, "AccessKeyId": "%s", "SecretAccessKey": "x"}' 'a b;c # d'
        [profile roleofprocess]
        region = us-west-2
        role_arn = arn:aws:iam::111111111111:role/P
        source_profile = process
        [profile ssosource]
        sso_session = work
        sso_account_id = 111111111111
        sso_role_name = Admin
        [profile legacy]
        sso_start_url = https://old.awsapps.com/start
        sso_region = us-west-2
        sso_account_id = 222222222222
        sso_role_name = Read Write
        [profile roleofsso]
        region = us-west-2
        role_arn = arn:aws:iam::111111111111:role/S
        source_profile = ssosource
        [profile fromenv]
        region = us-west-2
        role_arn = arn:aws:iam::111111111111:role/E
        credential_source = Environment
        [profile fromec2]
        region = us-west-2
        role_arn = arn:aws:iam::111111111111:role/I
        credential_source = Ec2InstanceMetadata
        [profile fromecs]
        region = us-west-2
        role_arn = arn:aws:iam::111111111111:role/C
        credential_source = EcsContainer
        [profile web]
        region = us-west-2
        role_arn = arn:aws:iam::111111111111:role/W
        web_identity_token_file = $HOME/token
        [profile onlyregion]
        region = us-west-2
        [profile half]
        aws_access_key_id = HALF
        [profile circle1]
        role_arn = arn:aws:iam::111111111111:role/X
        source_profile = circle2
        [profile circle2]
        role_arn = arn:aws:iam::111111111111:role/Y
        source_profile = circle1
        [profile nosource]
        role_arn = arn:aws:iam::111111111111:role/X
        [sso-session work]
        sso_region = eu-central-1
        sso_start_url = https://example.awsapps.com/start
        """
    private static let credentials = """
        [overridden]
        aws_access_key_id = FROM-CREDENTIALS
        aws_secret_access_key = secret
        aws_session_token = t
        """
    private static let files = [
        "token": "web-token",
        ".aws/sso/cache/e274eeff768c6396088ec6eb091f4bf4d47ab1e0.json":
            #"{"accessToken": "work-token", "expiresAt": "2099-01-01T00:00:00Z"}"#,
        ".aws/sso/cache/33d5ca4bf3b1a62edb96b47f7c203034a43ac435.json":
            #"{"accessToken": "old-token", "expiresAt": "2099-01-01T00:00:00Z"}"#,
    ]
    private static let keys = ["AWS_ACCESS_KEY_ID": "ENV", "AWS_SECRET_ACCESS_KEY": "secret"]
    private static let web = [
        "AWS_WEB_IDENTITY_TOKEN_FILE": "$HOME/token", "AWS_ROLE_ARN": "arn:aws:iam::1:role/Pod",
        "AWS_DEFAULT_REGION": "us-east-2",
    ]
    private static let ecs = ["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/v2/x?a=b"]
    private static let eks = [
        "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://127.0.0.1:81/y", "AWS_CONTAINER_AUTHORIZATION_TOKEN": "bearer",
    ]
    private static let ec2 = ["AWS_EC2_METADATA_DISABLED": "false"]

    private static var questions: [ConfigurationOracle.Question] {
        let profiles = [
            "static", "two words", "role", "chain", "self", "keysfirst", "process", "roleofprocess", "ssosource",
            "legacy",
            "roleofsso", "fromenv", "fromec2", "fromecs", "web", "onlyregion", "half", "circle1", "nosource",
            "overridden",
            "default", "unknown",
        ]
        let surroundings: [[String: String]] = [[:], keys, ecs, ec2, web]
        var questions: [ConfigurationOracle.Question] = []
        for environment in surroundings {
            for profile in profiles {
                questions.append(.init(environment: environment, profile: profile))
                // Only these two treat a profile from the environment unlike one given as an option.
                guard environment == keys || environment == web else { continue }
                questions.append(.init(environment: environment.merging(["AWS_PROFILE": profile]) { $1 }))
            }
        }
        for environment in [eks, eks.merging(ec2) { $1 }, ecs.merging(ec2) { $1 }, keys.merging(web) { $1 }] {
            questions.append(.init(environment: environment))
        }
        return questions.map { question in
            var question = question
            question.config = config
            question.credentials = credentials
            question.files = files
            question.environment.merge(["AWS_EC2_METADATA_DISABLED": "true"]) { given, _ in given }
            return question
        }
    }

    @Test(
        "Every profile in every surrounding gives the credentials that botocore finds",
        .enabled("Python has no botocore") { await ConfigurationOracle.isAvailable() }
    )
    func profiles() async throws {
        let questions = Self.questions
        let answers = try await ConfigurationOracle.answers(to: questions)
        try #require(answers.count == questions.count)
        // A script that fails at everything must not look like agreement about errors.
        #expect(answers.count { !$0.hasPrefix("error: ") } > 80)
        for (question, answer) in zip(questions, answers) {
            let ours = await Self.find(question)
            if answer.hasPrefix("error: ") {
                #expect(ours.hasPrefix("error: "), "\(question.profile ?? "-") \(question.environment): \(answer)")
            } else {
                #expect(ours == answer, "\(question.profile ?? "-") \(question.environment)")
            }
        }
    }

    private static func find(_ question: ConfigurationOracle.Question) async -> String {
        do {
            let home = try AWSHome(credentials: question.credentials)
            try home.write(".aws/config", question.config.replacing("$HOME", with: home.path))
            for (name, content) in question.files { try home.write(name, content) }
            let environment = question.environment.mapValues { $0.replacing("$HOME", with: home.path) }
            let context = CredentialsContext(
                settings: try home.settings(profile: question.profile, environment),
                transport: OracleTransport.make()
            )
            return try await CredentialsProviderChain.standard(context).credentials().accessKeyID
        } catch {
            return "error: \(error)"
        }
    }
}
