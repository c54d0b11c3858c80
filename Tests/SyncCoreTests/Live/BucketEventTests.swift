import AWSCore
import AWSTesting
import Testing

@testable import SyncCore

/// Events in the forms in which S3, queues, topics and EventBridge bring them.
enum BucketEvents {
    static func s3(
        _ key: String,
        bucket: String = "source",
        name: String = "ObjectCreated:Put",
        version: String = "2.1",
        time: String = "2026-11-21T10:00:00.000Z"
    ) -> JSONValue {
        [
            "eventVersion": .string(version), "eventSource": "aws:s3", "awsRegion": "us-east-1",
            "eventTime": .string(time), "eventName": .string(name),
            "userIdentity": ["principalId": "AWS:A"], "requestParameters": ["sourceIPAddress": "127.0.0.1"],
            "s3": [
                "s3SchemaVersion": "1.0", "configurationId": "DynamoDBSyncFunction",
                "bucket": [
                    "name": .string(bucket), "ownerIdentity": ["principalId": "A"],
                    "arn": .string("arn:aws:s3:::\(bucket)"),
                ],
                "object": [
                    "key": .string(formEncoded(key)), "size": 1, "eTag": "e", "sequencer": "0055AED6DCD90281E5",
                ],
            ],
        ]
    }

    static func records(_ records: [JSONValue]) -> JSONValue { ["Records": .array(records)] }

    static func eventBridge(
        _ key: String,
        bucket: String = "source",
        type: String = "Object Created",
        version: String = "0"
    ) -> JSONValue {
        [
            "version": "0", "id": "1", "detail-type": .string(type), "source": "aws.s3", "account": "123456789012",
            "time": "2026-11-21T10:00:00Z", "region": "us-east-1", "resources": [.string("arn:aws:s3:::\(bucket)")],
            "detail": [
                "version": .string(version), "bucket": ["name": .string(bucket)],
                "object": ["key": .string(key), "size": 1, "etag": "e", "sequencer": "1"],
                "reason": "PutObject",
            ],
        ]
    }

    static func topic(_ content: JSONValue) -> JSONValue {
        [
            "Type": "Notification", "MessageId": "t", "TopicArn": "arn:aws:sns:us-east-1:123456789012:T",
            "Subject": "Amazon S3 Notification", "Message": .string(content.text()),
        ]
    }

    static func queue(_ bodies: [String]) -> JSONValue {
        records(
            bodies.enumerated().map { index, body in
                [
                    "messageId": .string("m\(index)"), "receiptHandle": "r", "body": .string(body),
                    "attributes": ["ApproximateReceiveCount": "1"], "messageAttributes": [:], "md5OfBody": "x",
                    "eventSource": "aws:sqs", "eventSourceARN": "arn:aws:sqs:us-east-1:123456789012:Events",
                    "awsRegion": "us-east-1",
                ]
            }
        )
    }

    static func event(_ json: JSONValue) throws -> BucketEvent { try BucketEvent(parsing: json.serialized()) }

    /// As S3 does it: all but letters, digits and few others as `%XX`, a blank as `+`, and slashes as they are.
    static func formEncoded(_ key: String) -> String {
        URIEncoding.encodePath(key).split(separator: "%20", omittingEmptySubsequences: false).joined(separator: "+")
    }
}

@Suite("Events of buckets")
struct BucketEventTests {
    private func change(_ key: String, message: Int? = nil, tags: Bool = false) -> BucketEvent.Change {
        BucketEvent.Change(
            bucket: "source",
            key: Array(key.utf8),
            isAboutTags: tags,
            secondsSince1970: 1_795_255_200,
            message: message
        )
    }

    @Test(
        "are read in every form in which they come, their keys decoded where they are encoded (H3)",
        arguments: AwkwardKeys.fixed + ["red flower.jpg", "a+b", "100%", "%41", "ü/é", "e\u{301}", "\u{1F600}\"\\\n"]
    )
    func forms(key: String) throws {
        #expect(try BucketEvents.event(BucketEvents.records([BucketEvents.s3(key)])).changes == [change(key)])
        #expect(try BucketEvents.event(BucketEvents.eventBridge(key)).changes == [change(key)])
        let bodies = [
            BucketEvents.records([BucketEvents.s3(key)]), BucketEvents.eventBridge(key),
            BucketEvents.topic(BucketEvents.records([BucketEvents.s3(key)])),
            BucketEvents.topic(BucketEvents.eventBridge(key)),
        ].map { $0.text() }
        let event = try BucketEvents.event(BucketEvents.queue(bodies))
        #expect(event.changes == (0..<4).map { change(key, message: $0) })
        #expect(event.messageIDs == ["m0", "m1", "m2", "m3"] && event.problems.isEmpty)
        for body in bodies {
            #expect(try BucketEvent(parsingMessage: Array(body.utf8)).changes == [change(key)])
        }
        let direct: JSONValue = [
            "Records": [["EventSource": "aws:sns", "Sns": ["Message": .string(bodies[0])]]]
        ]
        #expect(try BucketEvents.event(direct).changes == [change(key)])
    }

    @Test("of the kinds that say nothing of contents are passed over, and unknown ones are not")
    func kinds() throws {
        let names = [
            ("ObjectCreated:CompleteMultipartUpload", 1), ("ObjectRemoved:DeleteMarkerCreated", 1),
            ("LifecycleExpiration:Delete", 1), ("ObjectTagging:Put", 1), ("ObjectTagging:Delete", 1),
            ("ObjectFromTheFuture:Born", 1), ("ObjectRestore:Completed", 0), ("ObjectAcl:Put", 0),
            ("Replication:OperationFailedReplication", 0), ("LifecycleTransition", 0), ("IntelligentTiering", 0),
        ]
        for (name, count) in names {
            let event = try BucketEvents.event(BucketEvents.records([BucketEvents.s3("a", name: name)]))
            #expect(
                event.changes.count == count && event.ignoredCount == 1 - count && event.problems.isEmpty,
                "\(name)"
            )
            #expect(event.changes.allSatisfy { $0.isAboutTags == name.hasPrefix("ObjectTagging:") })
        }
        let types = [
            ("Object Created", 1), ("Object Deleted", 1), ("Object Tags Added", 1), ("Object Tags Deleted", 1),
            ("Object Reborn", 1), ("Object Restore Completed", 0), ("Object ACL Updated", 0),
            ("Object Storage Class Changed", 0), ("Object Access Tier Changed", 0),
        ]
        for (type, count) in types {
            let event = try BucketEvents.event(BucketEvents.eventBridge("a", type: type))
            #expect(event.changes.count == count && event.ignoredCount == 1 - count, "\(type)")
            #expect(event.changes.allSatisfy { $0.isAboutTags == type.hasPrefix("Object Tags") })
        }
    }

    @Test("that S3 sends to try a notification are passed over")
    func testEvent() throws {
        let test =
            #"{"Service":"Amazon S3","Event":"s3:TestEvent","Time":"2026-11-21T10:00:00.000Z","Bucket":"source"}"#
        for event in [
            try BucketEvent(parsing: Array(test.utf8)), try BucketEvents.event(BucketEvents.queue([test])),
            try BucketEvents.event(
                BucketEvents.queue([BucketEvents.topic(try JSONValue(parsing: Array(test.utf8))).text()])
            ),
        ] {
            #expect(event.ignoredCount == 1 && event.changes.isEmpty && event.problems.isEmpty)
        }
    }

    @Test(
        "that are malformed in a queue fail alone, with their message",
        arguments: [
            ("", "byte 0"), ("null", "byte 0"), ("{}", "neither a notification"),
            (#"{"Records":[{}]}"#, "eventSource is none"),
            (#"{"Records":[{"eventSource":"aws:dynamodb","eventName":"x"}]}"#, #"is "aws:dynamodb""#),
            (BucketEvents.records([BucketEvents.s3("a", version: "3.0")]).text(), #"version "3.0""#),
            (BucketEvents.eventBridge("a", version: "1").text(), #"version "1""#),
            (BucketEvents.eventBridge("").text(), "no object can have"),
            (#"{"source":"aws.s3","detail":{"eventSource":"s3.amazonaws.com"}}"#, "no bucket or no key"),
            (
                #"{"Records":[{"eventVersion":"2.1","eventSource":"aws:s3","eventName":"ObjectCreated:Put","s3":{"bucket":{"name":"b"},"object":{"key":"%C3"}}}]}"#,
                #"s3://b has a key that no object can have: "%C3""#
            ),
            (
                #"{"Type":"Notification","Message":"{\"Type\":\"Notification\",\"Message\":\"{}\"}"}"#,
                "a message in a message"
            ),
        ]
    )
    func malformed(body: String, says: String) throws {
        let good = BucketEvents.records([BucketEvents.s3("good")]).text()
        let event = try BucketEvents.event(BucketEvents.queue([good, body, good]))
        #expect(event.changes == [change("good", message: 0), change("good", message: 2)])
        #expect(event.problems.map(\.message) == [1])
        #expect(event.problems.first?.error.message.contains(says) == true, "\(event.problems)")
    }

    @Test("that break off take none of their records along")
    func brokenOff() throws {
        let whole = BucketEvents.records([BucketEvents.s3("a"), BucketEvents.s3("b")]).text()
        for length in 0..<whole.utf8.count {
            let part = String(decoding: Array(whole.utf8)[..<length], as: UTF8.self)
            #expect(throws: BucketEventError.self) { try BucketEvent(parsing: Array(part.utf8)) }
            let event = try BucketEvents.event(BucketEvents.queue([part]))
            #expect(event.changes.isEmpty && event.problems.count == 1)
        }
    }

    @Test("with whatever bytes are read or refused, and never more than that")
    func noise() throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = SeededGenerator(seed: seed)
        let whole = BucketEvents.queue([BucketEvents.topic(BucketEvents.records([BucketEvents.s3("a b")])).text()])
            .serialized()
        for _ in 0..<3_000 {
            var bytes = whole
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            guard let event = try? BucketEvent(parsing: bytes) else { continue }
            #expect(event.changes.count + event.problems.count + event.ignoredCount == 1, "seed \(seed)")
        }
    }
}
