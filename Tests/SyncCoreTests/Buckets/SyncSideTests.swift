import AWSCore
import AWSTesting
import SyncCore
import Testing

@Suite("The two sides of a bucket sync")
struct SyncSideTests {
    private let fake = FakeS3()

    @Test(
        "are refused when what is written would be source again",
        arguments: [
            ("s3://bucket", "s3://bucket", "source and target are the same: s3://bucket/"),
            ("s3://bucket/a", "s3://bucket/a/", "source and target are the same: s3://bucket/a/"),
            ("s3://bucket/a", "s3://bucket", "s3://bucket/a/ and s3://bucket/ overlap"),
            ("s3://bucket", "s3://bucket/a/b", "s3://bucket/ and s3://bucket/a/b/ overlap"),
            ("folder", "other", "one side must be s3://bucket[/prefix]"),
            ("s3://bucket/a", "s3://bucket/ab", nil), ("s3://bucket", "s3://buckets", nil), ("s3://bucket", "a", nil),
            // As text the two are equal, as bytes they are not.
            ("s3://bucket/\u{E9}", "s3://bucket/e\u{301}", nil),
        ] as [(String, String, String?)]
    )
    func pairs(source: String, target: String, refusal: String?) throws {
        let client = fake.client()
        let (source, target) = (try SyncLocation(parsing: source), try SyncLocation(parsing: target))
        guard let refusal else { return try SyncSide.checkPair(source, target, client, client) }
        let error = #expect(throws: ConfigurationError.self) {
            try SyncSide.checkPair(source, target, client, client)
        }
        #expect("\(try #require(error))".hasPrefix(refusal), "\(String(describing: error))")
    }

    @Test("may have one name behind different endpoints, where it means two buckets")
    func endpoints() throws {
        let bucket = try SyncLocation(parsing: "s3://bucket")
        let other = fake.client(endpoint: "http://127.0.0.1:2")
        try SyncSide.checkPair(bucket, bucket, fake.client(), other)
    }

    private func side(_ client: AWSClient, _ bucket: String, region: String = "us-east-1") throws -> SyncSide {
        let region = try #require(Region(region))
        return .bucket(BucketSide(s3: S3Client(client: client, region: region), bucket: bucket))
    }

    @Test("speak through this machine only where S3 could not copy by itself")
    func streams() async throws {
        for bucket in ["source", "target"] { fake.createBucket(bucket) }
        fake.put("source", "key", [1])
        let (one, two) = (fake.client(), fake.client(accessKeyID: "AKIAEXAMPLE1"))
        let source = try side(one, "source")
        func reason(_ target: SyncSide, haveOneIdentity: Bool = false) async throws -> String? {
            try await SyncSide.reasonToStream(from: source, to: target, haveOneIdentity: haveOneIdentity)
        }
        #expect(try await reason(side(one, "target"), haveOneIdentity: true) == nil)
        #expect(try await reason(.folder("x")) == nil)
        #expect(try await reason(side(two, "target")) == nil)
        fake.update { $0.buckets["source"]?.refusedAccessKeys = ["AKIAEXAMPLE1"] }
        #expect(
            try await reason(side(two, "target"))?.hasPrefix("the target's credentials cannot read the source") == true
        )
        // Nothing there that could have to be streamed.
        fake.delete("source", "key")
        #expect(try await reason(side(two, "target")) == nil)
        #expect(
            try await reason(side(one, "target", region: "cn-north-1"), haveOneIdentity: true)
                == "the sides are in different partitions"
        )
        let elsewhere = fake.client(endpoint: "http://127.0.0.1:2")
        #expect(
            try await reason(side(elsewhere, "target"), haveOneIdentity: true) == "the sides have different endpoints"
        )
    }
}
