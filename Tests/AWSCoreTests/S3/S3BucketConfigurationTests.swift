import AWSTesting
import Testing

@testable import AWSCore

@Suite("S3 bucket configurations")
struct S3BucketConfigurationTests {
    /// What S3 answers of a bucket that has it, with an element that no model knows yet.
    private static func answer(_ kind: S3BucketConfiguration) -> String {
        let inner =
            switch kind {
            case .versioning: "<Status>Enabled</Status>"
            case .tagging: "<TagSet><Tag><Key>a&amp;</Key><Value>é</Value></Tag></TagSet>"
            default: "<Rule><New a=\"1\"> text &#13;</New></Rule>"
            }
        return "<?xml version=\"1.0\"?>\n<\(kind.root) xmlns=\"x\">\(inner)</\(kind.root)>\n"
    }

    @Test("A configuration goes from bucket to bucket byte for byte", arguments: S3BucketConfiguration.allCases)
    func passedOn(kind: S3BucketConfiguration) async throws {
        let headers: HTTPHeaders = ["x-amz-transition-default-minimum-object-size": "varies_by_storage_class"]
        let s3 = try S3Fixture([.response(headers: headers, body: Self.answer(kind)), .response()])
        let document = try #require(try await s3.client.getBucketConfiguration(kind, of: "source"))
        try await s3.client.putBucketConfiguration(document, of: "target")
        let sent = try #require(s3.transport.requests.last)
        #expect(sent.bodyText == Self.answer(kind))
        #expect(sent.request.method == .put)
        #expect(sent.request.query == "\(kind.rawValue)=")
        #expect(sent.request.authority.hasPrefix("target."))
        #expect(sent.request.headers["x-amz-checksum-crc32"] == ChecksumAlgorithm.crc32.headerValue(sent.body))
        let size = sent.request.headers["x-amz-transition-default-minimum-object-size"]
        #expect(size == (kind == .lifecycle ? "varies_by_storage_class" : nil))
    }

    @Test("What a bucket does not have is nil; a missing bucket is an error", arguments: S3BucketConfiguration.allCases)
    func absent(kind: S3BucketConfiguration) async throws {
        let none =
            kind.absenceCode.map { FakeTransport.Outcome.response(404, body: "<Error><Code>\($0)</Code></Error>") }
            ?? .response(body: "<VersioningConfiguration/>")
        let s3 = try S3Fixture([none, .response(404, body: "<Error><Code>NoSuchBucket</Code></Error>")])
        #expect(try await s3.client.getBucketConfiguration(kind, of: "source") == nil)
        let error = await #expect(throws: AWSError.self) {
            _ = try await s3.client.getBucketConfiguration(kind, of: "source")
        }
        #expect(error?.code == "NoSuchBucket")
    }

    @Test("What nobody may set is left out: MFA delete, and tags of AWS's own")
    func reserved() async throws {
        let tag = "<Tag><Key>aws:cloudformation:stack-id</Key><Value>x</Value></Tag>"
        let s3 = try S3Fixture([
            .response(
                body: "<VersioningConfiguration><Status>Suspended</Status><MfaDelete>Disabled</MfaDelete>"
                    + "</VersioningConfiguration>"
            ),
            .response(body: "<Tagging><TagSet>\(tag)<Tag><Key>a</Key><Value>b</Value></Tag></TagSet></Tagging>"),
            .response(body: "<Tagging><TagSet>\(tag)</TagSet></Tagging>"),
        ])
        let versioning = try await s3.client.getBucketConfiguration(.versioning, of: "source")
        let namespace = "xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\""
        #expect(
            versioning.map { String(decoding: $0.xml, as: UTF8.self) }
                == "<VersioningConfiguration \(namespace)><Status>Suspended</Status></VersioningConfiguration>"
        )
        let tagging = try #require(try await s3.client.getBucketConfiguration(.tagging, of: "source"))
        #expect(try S3Tag.tags(XMLElement(parsing: tagging.xml)) == [S3Tag("a", "b")])
        #expect(try await s3.client.getBucketConfiguration(.tagging, of: "source") == nil)
    }

    @Test("CreateBucket names its Region, tells its own bucket from a stranger's, and needs no owner yet")
    func create() async throws {
        let s3 = try S3Fixture(
            [
                .response(), .response(409, body: "<Error><Code>BucketAlreadyOwnedByYou</Code></Error>"),
                .response(409, body: "<Error><Code>BucketAlreadyExists</Code></Error>"),
            ],
            expectedBucketOwner: "123456789012"
        )
        #expect(try await s3.client.createBucket("b-b") == .created)
        #expect(try await s3.client.createBucket("b-b") == .alreadyThere)
        let error = await #expect(throws: AWSError.self) { try await s3.client.createBucket("b-b") }
        #expect(error?.code == "BucketAlreadyExists")
        let sent = try #require(s3.transport.requests.first)
        #expect(sent.request.headers["x-amz-expected-bucket-owner"] == nil)
        #expect(sent.bodyText.contains("<LocationConstraint>us-west-2</LocationConstraint>"))
        let virginia = S3Client(client: s3.client.client, region: try #require(Region("us-east-1")))
        await #expect(throws: (any Error).self) { try await virginia.createBucket("b-b") }
        #expect(s3.transport.requests.last?.body.isEmpty == true)
    }
}
