import AWSCore
import AWSTesting
import BackupCore
import Testing

@testable import SyncCore

@Suite("An event of a table's stream")
struct TableStreamEventTests {
    static let stream = "arn:aws:dynamodb:us-east-1:123456789012:table/Orders/stream/2026-11-21T00:00:00.000"

    /// As the Developer Guide of Lambda shows it, with a delete by time to live behind.
    private static let guide = """
        {"Records":[
          {"eventID":"1","eventVersion":"1.0","dynamodb":{"Keys":{"Id":{"N":"101"}},
            "NewImage":{"Message":{"S":"New item! {\\"Keys\\":{}}"},"Id":{"N":"101"}},
            "StreamViewType":"NEW_AND_OLD_IMAGES","SequenceNumber":"111","SizeBytes":26,
            "ApproximateCreationDateTime":1.795226407E9},
           "awsRegion":"us-east-1","eventName":"INSERT","eventSourceARN":"\(stream)","eventSource":"aws:dynamodb"},
          {"eventID":"2","eventVersion":"1.1","dynamodb":{"OldImage":{"Message":{"S":"New item!"},"Id":{"N":"101"}},
            "SequenceNumber":"222","Keys":{"Id":{"N":"101"}},"SizeBytes":59,
            "NewImage":{"Message":{"S":"changed"},"Id":{"N":"101"}},"StreamViewType":"NEW_AND_OLD_IMAGES"},
           "awsRegion":"us-east-1","eventName":"MODIFY","eventSourceARN":"\(stream)","eventSource":"aws:dynamodb"},
          {"eventID":"3","eventVersion":"1.1","userIdentity":{"type":"Service","principalId":"dynamodb.amazonaws.com"},
           "dynamodb":{"Keys":{"Id":{"N":"101"}},"OldImage":{"Id":{"N":"101"}},"SequenceNumber":"1000",
            "ApproximateCreationDateTime":1795226408},
           "eventName":"REMOVE","eventSourceARN":"\(stream)","eventSource":"aws:dynamodb","invented":[{"a":null}]}
        ],"window":{"start":"x"}}
        """

    private func parse(_ text: String) throws -> TableStreamEvent { try TableStreamEvent(parsing: Array(text.utf8)) }

    @Test("is cut into its records, whatever the order of the members")
    func guide() throws {
        let event = try parse(Self.guide)
        #expect(event.streams.map(\.arn) == [Self.stream])
        #expect(event.streams.first?.table.tableName == "Orders")
        #expect(event.records.map(\.change) == [.insert, .modify, .remove])
        #expect(event.records.map { event.sequenceNumber(of: $0) } == ["111", "222", "1000"])
        #expect(event.records.allSatisfy { event.text($0.key) == #"{"Id":{"N":"101"}}"# })
        #expect(
            event.records.map { $0.newImage.map { event.text($0) } } == [
                #"{"Message":{"S":"New item! {\"Keys\":{}}"},"Id":{"N":"101"}}"#,
                #"{"Message":{"S":"changed"},"Id":{"N":"101"}}"#, nil,
            ]
        )
        #expect(event.records.map(\.creationTime) == [1_795_226_407, nil, 1_795_226_408])
        #expect(event.records.map(\.isTimeToLiveDelete) == [false, false, true])
        #expect(event.isEarlier(event.records[1], than: event.records[2]))
        #expect(!event.isEarlier(event.records[2], than: event.records[1]))
        #expect(!event.isEarlier(event.records[1], than: event.records[1]))
    }

    @Test(
        "A delete is the user's unless DynamoDB itself made it",
        arguments: [
            (#"{"type":"Service","principalId":"dynamodb.amazonaws.com"}"#, true),
            (#"{"PrincipalId":"dynamodb.amazonaws.com","Type":"Service"}"#, true),
            (#"{"type":"Service","principalId":"replication.dynamodb.amazonaws.com"}"#, false),
            (#"{"type":"User","principalId":"dynamodb.amazonaws.com"}"#, false), ("null", false), ("{}", false),
        ]
    )
    func timeToLive(identity: String, isOne: Bool) throws {
        let event = try parse(
            Self.event([Self.record(#""userIdentity":\#(identity),"eventName":"REMOVE""#, change: "")])
        )
        #expect(event.records.map(\.isTimeToLiveDelete) == [isOne])
    }

    @Test("Attributes of the old global tables are noticed, however their names are written")
    func replication() throws {
        for (name, isOne) in [
            ("aws:rep:deleting", true), (#"aws\u003arep:updatetime"#, true), ("aws:re", false), ("x-aws:rep:", false),
        ] {
            let image = #"{"pk":{"S":"a"},"m":{"M":{"aws:rep:inside":{"S":"x"}}},"\#(name)":{"BOOL":true}}"#
            let event = try parse(Self.event([Self.record(change: #","NewImage":\#(image)"#)]))
            #expect(event.records.first?.hasReplicationAttributes == isOne, "\(name)")
            let kept = try ReplicationAttributes.removed(from: Array(image.utf8)[...])
            let expected = isOne ? #"{"pk":{"S":"a"},"m":{"M":{"aws:rep:inside":{"S":"x"}}}}"# : image
            #expect(String(decoding: kept, as: UTF8.self) == expected)
        }
    }

    @Test(
        "What is wrong with an event is said, and what to do",
        arguments: [
            ("", .malformed, "not one of DynamoDB Streams"), ("[]", .malformed, "not one of DynamoDB Streams"),
            ("{}", .malformed, "a member Records in the event"),
            (#"{"Records":[]} x"#, .malformed, "the end of the text"),
            (#"{"Records":[],"Records":[]}"#, .malformed, "Records only once"),
            (event([record(#""eventName":"TRUNCATE""#)]), .malformed, "INSERT, MODIFY or REMOVE"),
            (event([record(#""eventVersion":"2.0""#)]), .unknownVersion, #"has version "2.0""#),
            (event([record(#""eventVersion":"10.1""#)]), .unknownVersion, "deploy a newer release"),
            (
                event([record(#""eventSourceARN":"arn:aws:kinesis:us-east-1:1:stream/x""#)]), .malformed,
                #"its eventSourceARN is "arn:aws:kinesis:us-east-1:1:stream/x""#
            ),
            (event([record(change: "")]), .missingImage, "although the stream is of type NEW_AND_OLD_IMAGES"),
            (
                event([record(change: "", viewType: "KEYS_ONLY")]), .missingImage,
                "aws dynamodb update-table --region us-east-1 --table-name Orders --stream-specification"
            ),
            (
                event([record(change: #","NewImage":null"#, viewType: "OLD_IMAGE")]), .missingImage,
                "is of type OLD_IMAGE"
            ),
            (event([record(sequenceNumber: #""12a""#)]), .malformed, "a sequence number of digits"),
            (event([record(sequenceNumber: #""""#)]), .malformed, "a sequence number of digits"),
            (event([record(sequenceNumber: "7")]), .malformed, "a string"),
            (#"{"Records":[{"eventName":"REMOVE"}]}"#, .malformed, "with an eventSourceARN"),
            (#"{"Records":[{}]}"#, .malformed, "with an eventName"),
            (event([record(change: #","NewImage":{"pk":"a"}"#)]), .malformed, "an attribute value"),
        ] as [(String, TableStreamEventError.Code, String)]
    )
    func mistakes(text: String, code: TableStreamEventError.Code, says: String) {
        let error = #expect(throws: TableStreamEventError.self) { try parse(text) }
        #expect(error?.code == code)
        #expect(error?.message.contains(says) == true, "\(error?.message ?? "")")
        #expect(error?.message.contains("\n") == false)
    }

    @Test("Random events come out as a JSON parser reads them")
    func random() throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = SeededGenerator(seed: seed)
        for _ in 0..<300 {
            let records = (0..<Int.random(in: 0...6, using: &random)).map { _ in Self.randomRecord(&random) }
            let text = JSONValue.object([
                "Records": .array(records)
            ]).text()
            let event = try parse(text)
            try #require(event.records.count == records.count, "seed \(seed)")
            for (read, record) in zip(event.records, records) {
                let change = record["dynamodb"]
                #expect(event.text(read.key) == change?["Keys"]?.text(), "seed \(seed)")
                #expect(read.newImage.map { event.text($0) } == change?["NewImage"]?.text(), "seed \(seed)")
                #expect(event.sequenceNumber(of: read) == change?["SequenceNumber"]?.string, "seed \(seed)")
            }
        }
    }

    private static func randomRecord(_ random: inout SeededGenerator) -> JSONValue {
        let isRemoval = Int.random(in: 0..<3, using: &random) == 0
        var change: JSONObject = [
            "Keys": ["pk": ["S": .string("k\(Int.random(in: 0..<9, using: &random))\"\\{")]],
            "SequenceNumber": .string("\(UInt64.random(in: 0...UInt64.max, using: &random))"),
            "OldImage": ["NewImage": ["M": ["Keys": ["S": "no"]]]],
        ]
        if !isRemoval { change["NewImage"] = ["pk": ["S": "k"], "n": ["L": [["N": "1.50"], ["NULL": true]]]] }
        let members: [(String, JSONValue)] = [
            ("eventVersion", "1.1"), ("eventName", .string(isRemoval ? "REMOVE" : "MODIFY")),
            ("eventSourceARN", .string(stream)), ("dynamodb", .object(change)), ("eventID", "x"),
        ]
        return .object(JSONObject(members.shuffled(using: &random)))
    }

    // MARK: Events

    static func event(_ records: [String]) -> String { #"{"Records":[\#(records.joined(separator: ","))]}"# }

    /// - Parameter members: take the place of what a record has otherwise.
    static func record(
        _ members: String = "",
        change: String = #","NewImage":{"pk":{"S":"a"}}"#,
        viewType: String = "NEW_AND_OLD_IMAGES",
        sequenceNumber: String = #""1""#
    ) -> String {
        var all = members.isEmpty ? [] : [members]
        for (name, value) in [("eventName", "MODIFY"), ("eventVersion", "1.1"), ("eventSourceARN", stream)]
        where !members.contains("\"\(name)\"") {
            all.append("\"\(name)\":\"\(value)\"")
        }
        all.append(
            #""dynamodb":{"Keys":{"pk":{"S":"a"}},"SequenceNumber":\#(sequenceNumber),"StreamViewType":"\#(viewType)"\#(change)}"#
        )
        return "{\(all.joined(separator: ","))}"
    }
}
