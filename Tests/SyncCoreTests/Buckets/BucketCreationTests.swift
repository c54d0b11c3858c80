import AWSCore
import AWSTesting
import SyncCore
import Testing

@Suite("A bucket made like another one")
struct BucketCreationTests {
    private static let cors =
        "<CORSConfiguration><CORSRule><AllowedMethod>GET</AllowedMethod></CORSRule></CORSConfiguration>"
    private static let kms =
        "<ServerSideEncryptionConfiguration><Rule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>aws:kms</SSEAlgorithm>"
        + "<KMSMasterKeyID>arn:aws:kms:us-east-1:1:key/k</KMSMasterKeyID></ApplyServerSideEncryptionByDefault></Rule>"
        + "</ServerSideEncryptionConfiguration>"

    private func creation(
        _ fake: FakeS3,
        region: String = "us-east-1",
        encryption: S3Encryption? = nil,
        isDryRun: Bool = false
    ) throws -> BucketCreation {
        let s3 = try fake.s3()
        return BucketCreation(
            source: BucketSide(s3: s3, bucket: "source"),
            s3: S3Client(client: s3.client, region: try #require(Region(region))),
            bucket: "new",
            encryption: encryption,
            isDryRun: isDryRun
        )
    }

    private func source() -> FakeS3 {
        let fake = FakeS3()
        fake.createBucket("source")
        fake.update { $0.buckets["source"]?.configuration["cors"] = Array(Self.cors.utf8) }
        return fake
    }

    @Test("has the source's configuration, byte for byte, and lies in the Region that was asked for")
    func created() async throws {
        let fake = source()
        let outcome = try await creation(fake, region: "eu-west-1").run()
        #expect(outcome == .created([.cors]))
        let bucket = try #require(fake.current.buckets["new"])
        #expect(bucket.configuration == ["cors": Array(Self.cors.utf8)])
        #expect(bucket.region == "eu-west-1")
    }

    @Test("is only told of in a dry run")
    func dryRun() async throws {
        let fake = source()
        #expect(try await creation(fake, isDryRun: true).run() == .created([.cors]))
        #expect(fake.current.buckets["new"] == nil)
    }

    @Test("is left as it is when it is there, and refused when it is somebody else's")
    func there() async throws {
        let fake = source()
        fake.createBucket("new")
        #expect(try await creation(fake).run() == .alreadyThere)
        #expect(fake.current.buckets["new"]?.configuration.isEmpty == true)
        fake.update { $0.buckets["new"]?.refusedAccessKeys = ["AKIAEXAMPLE0"] }
        await #expect(throws: ConfigurationError.self) { try await creation(fake).run() }
    }

    @Test("does not get a KMS key of another Region, but one that is named")
    func keys() async throws {
        let fake = source()
        fake.update { $0.buckets["source"]?.configuration["encryption"] = Array(Self.kms.utf8) }
        await #expect(throws: ConfigurationError.self) { try await creation(fake, region: "eu-west-1").run() }
        #expect(fake.current.buckets["new"] == nil)
        _ = try await creation(fake, region: "eu-west-1", encryption: .kms(keyID: "other")).run()
        let document = fake.current.buckets["new"]?.configuration["encryption"] ?? []
        #expect(String(decoding: document, as: UTF8.self).contains("<KMSMasterKeyID>other</KMSMasterKeyID>"))
    }
}
