import AWSTesting
import Testing

@testable import AWSCore

@Suite("A bucket's notifications")
struct S3NotificationTests {
    @Test("Entries for queues are read with their filters, others passed over")
    func read() async throws {
        let fixture = try AWSClientFixture([
            .response(
                200,
                body: "<NotificationConfiguration><TopicConfiguration><Topic>t</Topic></TopicConfiguration>"
                    + "<QueueConfiguration><Id>Sync</Id><Queue>arn:q</Queue><Event>s3:ObjectCreated:*</Event>"
                    + "<Event>s3:ObjectRemoved:*</Event><Filter><S3Key><FilterRule><Name>Prefix</Name>"
                    + "<Value>o%2Fl+d/</Value></FilterRule></S3Key></Filter></QueueConfiguration>"
                    + "<QueueConfiguration><Queue>arn:r</Queue></QueueConfiguration><EventBridgeConfiguration/>"
                    + "</NotificationConfiguration>"
            ), .response(200, body: "<NotificationConfiguration/>"),
        ])
        let s3 = S3Client(client: fixture.client, region: fixture.region)
        let notifications = try await s3.getNotifications("old")
        let found = notifications.queues
        #expect(found.map(\.id) == ["Sync", nil] && found.map(\.queueARN) == ["arn:q", "arn:r"])
        #expect(found[0].events == ["s3:ObjectCreated:*", "s3:ObjectRemoved:*"])
        #expect(found[0].prefix == "o/l d/" && found[0].suffix == "" && found[1].prefix == "")
        #expect(notifications.sendsToEventBridge)
        #expect(try await s3.getNotifications("old") == S3Notifications(queues: [], sendsToEventBridge: false))
    }
}
