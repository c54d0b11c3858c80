import AWSCore
import AWSTesting
import Testing

@Suite("S3 buckets")
struct S3BucketTests {
    @Test("A bucket of another Region is asked there")
    func redirect() async throws {
        let s3 = try S3Fixture([
            .response(301, headers: ["x-amz-bucket-region": "eu-central-1"]),
            .response(headers: ["x-amz-bucket-region": "eu-central-1"]),
        ])
        #expect(try await s3.client.headBucket("backups")?.name == "eu-central-1")
        #expect(
            s3.transport.requests.map(\.request.authority) == [
                "backups.s3.us-west-2.amazonaws.com", "backups.s3.eu-central-1.amazonaws.com",
            ]
        )
        let authorization = s3.transport.requests.last?.request.headers["Authorization"]
        #expect(authorization?.contains("/eu-central-1/s3/aws4_request") == true)
    }

    @Test("The Region of a bucket that refuses everything else is known")
    func regionOfForbiddenBucket() async throws {
        let s3 = try S3Fixture([.response(403, headers: ["x-amz-bucket-region": "us-east-1"])])
        #expect(try await s3.client.bucketRegion("backups").name == "us-east-1")
        let absent = try S3Fixture([.response(404)])
        let error = await #expect(throws: AWSError.self) { _ = try await absent.client.bucketRegion("backups") }
        #expect(error?.isS3NotFound == true)
    }

    @Test(
        "Locations have their old names too",
        arguments: [("", "us-east-1"), ("EU", "eu-west-1"), ("us-west-2", "us-west-2")]
    )
    func location(text: String, name: String) async throws {
        let body = "<LocationConstraint xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">\(text)</LocationConstraint>"
        let s3 = try S3Fixture([.response(body: body)])
        #expect(try await s3.client.getBucketLocation("backups").name == name)
        #expect(try s3.onlyRequest().request.query == "location=")
    }

    @Test("Versioning has three states")
    func versioning() async throws {
        let s3 = try S3Fixture(
            ["", "<Status>Enabled</Status>", "<Status>Suspended</Status>"].map {
                .response(body: "<VersioningConfiguration>\($0)</VersioningConfiguration>")
            }
        )
        var states: [S3BucketVersioning] = []
        for _ in 0..<3 { states.append(try await s3.client.getBucketVersioning("backups")) }
        #expect(states == [.unversioned, .enabled, .suspended])
    }

    @Test("Public access is blocked only when all four switches are on")
    func publicAccessBlock() async throws {
        let on = ["BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"]
        func body(_ names: some Sequence<String>) -> String {
            let switches = names.map { "<\($0)>true</\($0)>" }.joined()
            return "<PublicAccessBlockConfiguration>\(switches)</PublicAccessBlockConfiguration>"
        }
        let none = "<Error><Code>NoSuchPublicAccessBlockConfiguration</Code></Error>"
        let s3 = try S3Fixture([
            .response(body: body(on)), .response(body: body(on.dropLast())), .response(404, body: none),
        ])
        #expect(try await s3.client.getPublicAccessBlock("backups")?.blocksEverything == true)
        #expect(try await s3.client.getPublicAccessBlock("backups")?.blocksEverything == false)
        #expect(try await s3.client.getPublicAccessBlock("backups") == nil)
    }

    @Test("A lifecycle is read with filters, transitions and versions")
    func lifecycle() async throws {
        let body = """
            <LifecycleConfiguration><Rule><ID>backups</ID><Status>Enabled</Status>
            <Filter><And><Prefix>daily/</Prefix><ObjectSizeGreaterThan>131072</ObjectSizeGreaterThan>
            <Tag><Key>k</Key><Value>v</Value></Tag></And></Filter>
            <Transition><Days>30</Days><StorageClass>STANDARD_IA</StorageClass></Transition>
            <Transition><Days>90</Days><StorageClass>GLACIER</StorageClass></Transition>
            <Expiration><Days>730</Days></Expiration>
            <NoncurrentVersionTransition><NoncurrentDays>1</NoncurrentDays><StorageClass>DEEP_ARCHIVE</StorageClass>
            </NoncurrentVersionTransition>
            <NoncurrentVersionExpiration><NoncurrentDays>30</NoncurrentDays></NoncurrentVersionExpiration>
            <AbortIncompleteMultipartUpload><DaysAfterInitiation>7</DaysAfterInitiation></AbortIncompleteMultipartUpload>
            </Rule><Rule><Prefix>old/</Prefix><Status>Disabled</Status></Rule></LifecycleConfiguration>
            """
        let none = "<Error><Code>NoSuchLifecycleConfiguration</Code></Error>"
        let s3 = try S3Fixture([.response(body: body), .response(404, body: none)])
        let rules = try await s3.client.getBucketLifecycleConfiguration("backups")
        #expect(rules.map(\.isEnabled) == [true, false])
        #expect(rules.map(\.prefix) == ["daily/", "old/"])
        let rule = try #require(rules.first)
        #expect(rule.id == "backups")
        #expect(rule.tags == ["k": "v"])
        #expect(rule.objectSizeGreaterThan == 131_072)
        #expect(rule.transitions.map(\.days) == [30, 90])
        #expect(rule.transitions.map(\.storageClass) == [.standardIA, .glacierFlexibleRetrieval])
        #expect(rule.expirationDays == 730)
        #expect(rule.noncurrentVersionTransitions.map(\.days) == [1])
        #expect(rule.noncurrentVersionExpirationDays == 30)
        #expect(rule.abortIncompleteMultipartUploadDays == 7)
        #expect(try await s3.client.getBucketLifecycleConfiguration("backups").isEmpty)
    }
}
