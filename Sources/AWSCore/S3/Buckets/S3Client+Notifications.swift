/// One entry of a bucket's notification configuration that sends events to a queue.
package struct S3QueueNotification: Sendable, Equatable {
    package var id: String?
    package var queueARN: String
    /// Such as `s3:ObjectCreated:*`.
    package var events: [String]
    /// Only for keys that begin so; empty for all.
    package var prefix: String
    /// Only for keys that end so; empty for all.
    package var suffix: String

    init(_ element: XMLElement) {
        id = element["Id"]?.text
        queueARN = element["Queue"]?.text ?? ""
        events = element.all("Event").map(\.text)
        prefix = ""
        suffix = ""
        for rule in element["Filter"]?["S3Key"]?.all("FilterRule") ?? [] {
            // S3 gives the names back as they were set, in any case.
            switch rule["Name"]?.text.lowercased() {
            case "prefix": prefix = rule["Value"]?.text ?? ""
            case "suffix": suffix = rule["Value"]?.text ?? ""
            default: break
            }
        }
    }
}

extension S3Client {
    /// GetBucketNotificationConfiguration, as far as it is about queues.
    ///
    /// - Throws: ``AWSError``: `NoSuchBucket`, `AccessDenied`, …
    package func getQueueNotifications(_ bucket: String) async throws -> [S3QueueNotification] {
        let request = request(
            "GetBucketNotificationConfiguration",
            .get,
            bucket: bucket,
            query: [QueryItem("notification")]
        )
        let (document, _) = try await sendForXML(request, root: "NotificationConfiguration")
        return document.all("QueueConfiguration").map { S3QueueNotification($0) }
    }
}
