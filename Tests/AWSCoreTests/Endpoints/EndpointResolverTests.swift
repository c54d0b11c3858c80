import AWSCore
import Testing

@Suite("Endpoint resolution")
struct EndpointResolverTests {
    private static let config = """
        [profile plain]
        endpoint_url = http://profile
        [profile both]
        endpoint_url = http://profile
        services = local
        [profile path]
        s3 =
          addressing_style = path
        [profile ignoring]
        endpoint_url = http://profile
        ignore_configured_endpoint_urls = true
        [profile lost]
        services = nowhere
        [services local]
        dynamodb =
          endpoint_url = http://service
        application_auto_scaling =
          endpoint_url = http://scaling
        """

    private struct Case: CustomTestStringConvertible {
        var profile: String?
        var option: String?
        var variables: [String: String] = [:]
        var service = AWSService.dynamoDB
        var expected: String

        var testDescription: String { "\(profile ?? "-") \(option ?? "-") \(variables) → \(expected)" }
    }

    private static let cases: [Case] = [
        Case(expected: "https://dynamodb.us-east-1.amazonaws.com"),
        Case(profile: "plain", expected: "http://profile"),
        Case(profile: "both", expected: "http://service"),
        Case(profile: "both", service: .lambda, expected: "http://profile"),
        Case(profile: "both", service: .applicationAutoScaling, expected: "http://scaling"),
        Case(profile: "both", variables: ["AWS_ENDPOINT_URL": "http://env"], expected: "http://env"),
        Case(
            profile: "both",
            variables: ["AWS_ENDPOINT_URL": "http://env", "AWS_ENDPOINT_URL_DYNAMODB": "http://own"],
            expected: "http://own"
        ),
        Case(
            profile: "both",
            variables: ["AWS_ENDPOINT_URL_DYNAMODB": "http://own"],
            service: .applicationAutoScaling,
            expected: "http://scaling"
        ),
        Case(variables: ["AWS_ENDPOINT_URL_EVENTBRIDGE": "http://own"], service: .eventBridge, expected: "http://own"),
        Case(variables: ["AWS_ENDPOINT_URL": ""], expected: "https://dynamodb.us-east-1.amazonaws.com"),
        Case(
            variables: ["AWS_ENDPOINT_URL": "http://env", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"],
            expected: "https://dynamodb.us-east-1.amazonaws.com"
        ),
        Case(profile: "ignoring", expected: "https://dynamodb.us-east-1.amazonaws.com"),
        Case(
            profile: "ignoring",
            option: "http://option",
            variables: ["AWS_ENDPOINT_URL_DYNAMODB": "http://own"],
            expected: "http://option"
        ),
    ]

    @Test("The nearest setting wins", arguments: cases)
    private func precedence(_ test: Case) throws {
        let home = try AWSHome(config: Self.config)
        let settings = try home.settings(profile: test.profile, endpointURL: test.option, test.variables)
        let region = try #require(Region("us-east-1"))
        #expect(try settings.endpoints.endpoint(for: test.service, region: region).description == test.expected)
    }

    @Test("A malformed URL fails where it is used and names its variable")
    func malformed() throws {
        let region = try #require(Region("us-east-1"))
        let home = try AWSHome(config: Self.config)
        let endpoints = try home.settings(["AWS_ENDPOINT_URL_S3": "localhost:4566"]).endpoints
        let failure = message { try endpoints.endpoint(for: .s3, region: region) }
        #expect(failure.hasPrefix("AWS_ENDPOINT_URL_S3: "))
        #expect(try endpoints.endpoint(for: .lambda, region: region).authority == "lambda.us-east-1.amazonaws.com")
        #expect(message { try home.settings(endpointURL: "nonsense") }.hasPrefix("--endpoint-url: "))
        #expect(message { try home.settings(profile: "lost") }.contains("there is no [services nowhere]"))
    }

    @Test("FIPS and dual-stack go with AWS's own endpoints only")
    func variants() throws {
        let region = try #require(Region("us-east-1"))
        let home = try AWSHome()
        let both = ["AWS_USE_FIPS_ENDPOINT": "true", "AWS_USE_DUALSTACK_ENDPOINT": "TRUE"]
        let endpoints = try home.settings(both).endpoints
        #expect(try endpoints.endpoint(for: .dynamoDB, region: region).authority == "dynamodb-fips.us-east-1.api.aws")
        let custom = try home.settings(endpointURL: "http://x", both).endpoints
        #expect(message { try custom.endpoint(for: .s3, region: region) }.contains("AWS_USE_FIPS_ENDPOINT"))
    }

    @Test("Without the option, credentials are fetched from the configured endpoints")
    func withoutOption() throws {
        let settings = try AWSHome().settings(endpointURL: "http://option", ["AWS_ENDPOINT_URL_STS": "http://sts"])
        let region = try #require(Region("us-east-1"))
        #expect(try settings.endpoints.endpoint(for: .sts, region: region).authority == "option")
        #expect(try settings.endpoints.withoutExplicitEndpoint.endpoint(for: .sts, region: region).authority == "sts")
    }

    @Test(
        "A bucket goes into the host where the host name allows it",
        arguments: [
            ("my-bucket", "https://my-bucket.s3.us-east-1.amazonaws.com"),
            ("my.bucket", "https://s3.us-east-1.amazonaws.com/my.bucket"),
            ("MyBucket", "https://s3.us-east-1.amazonaws.com/MyBucket"),
            ("my_bucket", "https://s3.us-east-1.amazonaws.com/my_bucket"),
            ("-bucket", "https://s3.us-east-1.amazonaws.com/-bucket"),
            (
                String(repeating: "a", count: 64),
                "https://s3.us-east-1.amazonaws.com/" + String(repeating: "a", count: 64)
            ),
        ]
    )
    func buckets(bucket: String, expected: String) throws {
        let region = try #require(Region("us-east-1"))
        let endpoints = EndpointResolver()
        #expect(try endpoints.endpoint(for: .s3, region: region, bucket: bucket).description == expected)
    }

    @Test("Custom endpoints and addressing_style = path put the bucket into the path")
    func pathStyle() throws {
        let region = try #require(Region("us-east-1"))
        let home = try AWSHome(config: Self.config)
        let custom = try home.settings(endpointURL: "http://localhost:4566/base/").endpoints
        let endpoint = try custom.endpoint(for: .s3, region: region, bucket: "my-bucket")
        #expect(endpoint.description == "http://localhost:4566/base/my-bucket")
        let path = try home.settings(profile: "path").endpoints
        let inPath = try path.endpoint(for: .s3, region: region, bucket: "my-bucket")
        #expect(inPath.description == "https://s3.us-east-1.amazonaws.com/my-bucket")
    }

    @Test(
        "Names that would reach another host or path are refused",
        arguments: [
            "", "ab", "evil.com/", "a/b", "a@b.com", "bucket:80", "a b c", "a\r\nb", "...", "..", "é-bucket", "a%2fb",
            "arn:aws:s3:us-east-1:1:accesspoint/x", "name--usw2-az1--x-s3", "bucket#", "bucket?x", "bucket\\",
            String(repeating: "a", count: 256),
        ]
    )
    func invalidBuckets(bucket: String) throws {
        let region = try #require(Region("us-east-1"))
        #expect(throws: ConfigurationError.self) {
            try EndpointResolver().endpoint(for: .s3, region: region, bucket: bucket)
        }
    }
}
