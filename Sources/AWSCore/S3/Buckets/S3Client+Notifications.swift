/// How a bucket tells of its changes, as far as it is about queues and EventBridge.
package struct S3Notifications: Sendable, Equatable {
    package var queues: [S3QueueNotification]
    /// Whether all of the bucket's events go to EventBridge.
    package var sendsToEventBridge: Bool
}

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
            case "prefix": prefix = Self.decoded(rule["Value"]?.text)
            case "suffix": suffix = Self.decoded(rule["Value"]?.text)
            default: break
            }
        }
    }

    /// Filters are encoded like the keys of events (User Guide, "Configuring event notifications using object key name
    /// filtering").
    private static func decoded(_ value: String?) -> String {
        guard let value else { return "" }
        return URIEncoding.decodeForm(value) ?? value
    }
}

extension S3Client {
    /// GetBucketNotificationConfiguration, as far as it is about queues and EventBridge.
    ///
    /// - Throws: ``AWSError``: `NoSuchBucket`, `AccessDenied`, …
    package func getNotifications(_ bucket: String) async throws -> S3Notifications {
        let request = request(
            "GetBucketNotificationConfiguration",
            .get,
            bucket: bucket,
            query: [QueryItem("notification")]
        )
        let (document, _) = try await sendForXML(request, root: "NotificationConfiguration")
        return S3Notifications(
            queues: document.all("QueueConfiguration").map { S3QueueNotification($0) },
            sendsToEventBridge: document["EventBridgeConfiguration"] != nil
        )
    }
}
