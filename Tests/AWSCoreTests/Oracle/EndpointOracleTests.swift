import Testing

@testable import AWSCore

@Suite("Endpoints compared with botocore")
struct EndpointOracleTests {
    private static let services: [AWSService] = [
        .applicationAutoScaling, .cloudWatch, .dynamoDB, .dynamoDBStreams, .eventBridge, .lambda, .s3, .sqs, .sts,
    ]
    private static let variants: [[String: String]] = [
        ["AWS_USE_FIPS_ENDPOINT": "true"], ["AWS_USE_DUALSTACK_ENDPOINT": "true"],
        ["AWS_USE_FIPS_ENDPOINT": "true", "AWS_USE_DUALSTACK_ENDPOINT": "true"],
    ]
    private static let config = """
        [default]
        endpoint_url = http://profile:1
        services = local
        [profile path]
        s3 =
          addressing_style = path
        [services local]
        dynamodb =
          endpoint_url = https://service:8443/base/
        """

    private static var questions: [ConfigurationOracle.Question] {
        var questions: [ConfigurationOracle.Question] = []
        func ask(_ service: AWSService, _ region: String, _ environment: [String: String] = [:], bucket: String? = nil)
        {
            questions.append(
                .init(environment: environment, service: service.endpointPrefix, region: region, bucket: bucket)
            )
        }
        for service in services {
            for region in [
                "us-east-1", "ap-southeast-7", "eu-west-1", "us-iso-east-1", "eu-isoe-west-1", "eusc-de-east-1",
            ] {
                ask(service, region)
            }
            for region in ["us-west-2", "cn-north-1", "us-gov-west-1"] {
                for variant in [[:]] + variants { ask(service, region, variant) }
            }
            let own = "AWS_ENDPOINT_URL_\(service.settingsName)"
            let all = ["AWS_ENDPOINT_URL": "http://all:9000", own: "http://own:9001/x"]
            ask(service, "us-east-1", all)
            ask(service, "us-east-1", all.merging(["AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"]) { $1 })
            for environment in [[:], ["AWS_ENDPOINT_URL": "http://all:9000"], [own: "http://own:9001"]] {
                ask(service, "us-east-1", environment)
                questions[questions.count - 1].config = config
            }
        }
        for bucket in ["my-bucket", "my.bucket", "a1b", String(repeating: "b", count: 63), "192.168.5.4"] {
            for region in ["us-east-1", "cn-north-1", "us-gov-west-1"] { ask(.s3, region, bucket: bucket) }
            ask(.s3, "us-west-2", variants[1], bucket: bucket)
            ask(.s3, "us-west-2", ["AWS_ENDPOINT_URL_S3": "http://localhost:4566"], bucket: bucket)
            ask(.s3, "us-west-2", bucket: bucket)
            questions[questions.count - 1].config = config
            questions[questions.count - 1].profile = "path"
        }
        return questions
    }

    @Test(
        "Every endpoint is the one that botocore takes",
        .enabled("Python has no botocore") { await ConfigurationOracle.isAvailable() }
    )
    func endpoints() async throws {
        let questions = Self.questions
        let answers = try await ConfigurationOracle.answers(to: questions)
        try #require(answers.count == questions.count)
        // A script that fails at everything must not look like agreement about errors.
        #expect(answers.count { !$0.hasPrefix("error: ") } > 120)
        for (question, answer) in zip(questions, answers) {
            let home = try AWSHome(config: question.config)
            let service = try #require(Self.services.first { $0.endpointPrefix == question.service })
            let region = try #require(question.region.flatMap { Region($0) })
            let settings = try home.settings(profile: question.profile, question.environment)
            let ours: String
            do {
                var endpoint = try settings.endpoints.endpoint(for: service, region: region, bucket: question.bucket)
                // botocore was asked for the host alone where there is no bucket.
                if question.bucket == nil { endpoint.basePath = "" }
                ours = endpoint.description
            } catch {
                ours = "error: \(error)"
            }
            if answer.hasPrefix("error: ") {
                #expect(ours.hasPrefix("error: "), "\(question): botocore says \(answer)")
            } else {
                #expect(ours == answer, "\(question)")
            }
        }
    }
}
