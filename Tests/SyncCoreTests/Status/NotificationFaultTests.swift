import AWSCore
import AWSTesting
import Testing

@testable import SyncCore

@Suite("What a source bucket tells live sync")
struct NotificationFaultTests {
    private func mapping(_ prefix: String, _ events: BucketMapping.Events = .notifications) throws -> BucketMapping {
        let region = try #require(Region("us-east-1"))
        return BucketMapping(
            source: BucketPrefix(bucket: "photos", prefix: prefix),
            sourceRegion: region,
            target: BucketPrefix(bucket: "copies"),
            targetRegion: region,
            events: events
        )
    }

    private func found(_ xml: String) async throws -> S3Notifications {
        let body = "<NotificationConfiguration>\(xml)</NotificationConfiguration>"
        let region = try #require(Region("us-east-1"))
        let client = AWSClient(
            configuration: AWSConfiguration(
                region: region,
                credentials: StaticCredentialsProvider(Credentials(accessKeyID: "AKID", secretAccessKey: "SECRET"))
            ),
            transport: FakeTransport { _, _ in .response(200, body: Array(body.utf8)) }
        )
        return try await S3Client(client: client, region: region).getNotifications("photos")
    }

    private static func rule(
        prefix: String = "",
        suffix: String = "",
        queue: String = "Sync-bucket-events",
        events: [String] = ["s3:ObjectCreated:*", "s3:ObjectRemoved:*"]
    ) -> String {
        let filters = [("prefix", prefix), ("suffix", suffix)].filter { !$0.1.isEmpty }
            .map { "<FilterRule><Name>\($0.0)</Name><Value>\($0.1)</Value></FilterRule>" }
        return "<QueueConfiguration><Id>x</Id><Queue>arn:aws:sqs:us-east-1:123456789012:\(queue)</Queue>"
            + events.map { "<Event>\($0)</Event>" }.joined()
            + "<Filter><S3Key>\(filters.joined())</S3Key></Filter></QueueConfiguration>"
    }

    @Test(
        "by a rule of ours must be all of it",
        arguments: [
            (rule(), nil), (rule(prefix: "a+%C3%BC/"), nil), (rule(prefix: "a+%C3%BC/b/"), "does not notify the queue"),
            (rule(suffix: ".jpg"), "does not notify the queue"), (rule(queue: "others"), "does not notify the queue"),
            (rule(events: ["s3:ObjectCreated:*"]), "does not notify of s3:ObjectRemoved:*"),
            ("<EventBridgeConfiguration/>", "not notify the queue Sync-bucket-events of changes in s3://photos/a ü/"),
        ] as [(String, String?)]
    )
    func rules(xml: String, says: String?) async throws {
        let fault = try mapping("a ü").fault(of: try await found(xml), queue: "Sync-bucket-events")
        #expect((fault == nil) == (says == nil), "\(fault ?? "")")
        if let says { #expect(fault?.contains(says) == true && fault?.contains("deploy.sh sync") == true) }
    }

    @Test("by EventBridge needs no rule, only that the bucket sends there")
    func eventBridge() async throws {
        let mapping = try mapping("a", .eventBridge)
        #expect(mapping.fault(of: try await found("<EventBridgeConfiguration/>"), queue: "Sync-bucket-events") == nil)
        let fault = mapping.fault(of: try await found(Self.rule()), queue: "Sync-bucket-events")
        #expect(fault?.contains("does not send its events to EventBridge") == true)
    }
}
