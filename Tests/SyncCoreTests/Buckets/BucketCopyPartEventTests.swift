import AWSTesting
import Synchronization
import Testing

@testable import AWSCore
@testable import SyncCore

@Suite("Events and results of a bucket's copy")
struct BucketCopyPartEventTests {
    @Test("Everything that says what is copied comes back from its JSON")
    func settings() throws {
        let region = try #require(Region("eu-west-1"))
        for encryption: S3Encryption? in [nil, .aes256, .kms(keyID: nil), .kms(keyID: "k"), .kmsDSSE(keyID: "k")] {
            var settings = BucketCopySettings(
                source: .init(bucket: "source", prefix: "p/", region: region, role: nil),
                target: .init(bucket: "target", prefix: "", region: region, role: "arn:aws:iam::1:role/r")
            )
            settings.comparison = .checksum
            settings.mergesWithLiveSync = encryption == nil
            settings.rules = encryption == nil ? [] : [.exclude("*"), .include("ü\u{0}\"*"), .exclude("x")]
            settings.storageClass = encryption == nil ? nil : "STANDARD_IA"
            settings.encryption = encryption
            let json = try JSONValue(parsing: JSONValue.object(settings.json).serialized())
            #expect(try BucketCopySettings(json: json) == settings)
        }
    }

    @Test("An event that is none says what is wrong, and one that would count twice is refused")
    func badEvents() throws {
        let fixture = try BucketPartFixture()
        let copy = JSONValue.object(fixture.settings.json)
        func with(_ name: String, _ value: JSONValue) -> JSONValue {
            var json = fixture.settings.json
            json[name] = value
            return .object(json)
        }
        func merge(_ id: String) -> JSONValue {
            var json = fixture.settings.json
            (json["mode"], json["id"]) = ("merge", .string(id))
            return .object(json)
        }
        let result = BucketPartResult(segment: 0).json
        let events: [(JSONValue, String)] = [
            ([:], "the event has no member \"copy\""),
            (["copy": with("kind", "queue"), "segment": ["number": 0]], "\"copy.kind\" is neither table nor bucket"),
            (
                ["copy": with("source", [:]), "segment": ["number": 0]],
                "\"copy.source\" does not say which bucket, prefix and Region it is"
            ),
            (
                ["copy": with("target", copy["source"] ?? .null), "segment": ["number": 0]],
                "s3://source/ and s3://source/ overlap: what is written would be source again"
            ),
            (
                ["copy": with("compare", "hope"), "segment": ["number": 0]],
                "\"copy.compare\" is none of time, size, etag and checksum"
            ),
            (["copy": with("mode", "both"), "segment": ["number": 0]], "\"copy.mode\" is neither replace nor merge"),
            (
                ["copy": merge(""), "segment": ["number": 0]],
                "\"copy.id\" is none: start the merge anew with this version of sync"
            ),
            (
                ["copy": merge("a/b"), "segment": ["number": 0]],
                "\"copy.id\" is none: start the merge anew with this version of sync"
            ),
            (
                ["copy": copy, "segment": ["number": 0], "result": result, "key": "c", "notes": ["n"]],
                "\"notesUntil\" is no time"
            ),
            (
                ["copy": with("filter", ["x"]), "segment": ["number": 0]],
                "\"copy.filter\" has something that is neither an include nor an exclude"
            ),
            (
                ["copy": with("encryption", ["kind": "rot13"]), "segment": ["number": 0]],
                "\"copy.encryption\" is none of AES256, aws:kms and aws:kms:dsse"
            ),
            (["copy": copy], "\"segment.number\" is no number below 1000"),
            (["copy": copy, "segment": 0], "\"segment.number\" is no number below 1000"),
            (["copy": copy, "segment": ["number": 0, "after": 5]], "\"segment.after\" is no key"),
            (
                ["copy": copy, "segment": ["number": 0, "after": "b", "upTo": "b"]],
                "\"segment.upTo\" is not behind \"segment.after\""
            ),
            (["copy": copy, "segment": ["number": 1], "result": result], "\"result\" is of another part"),
            (
                ["copy": copy, "segment": ["number": 0], "result": result, "key": nil, "done": false],
                "\"key\" does not say where the part goes on"
            ),
            (
                ["copy": copy, "segment": ["number": 0, "after": "b"], "result": result, "key": "a"],
                "\"key\" is not in the part"
            ),
            (
                ["copy": copy, "segment": ["number": 0, "upTo": "b"], "result": result, "key": "c"],
                "\"key\" is not in the part"
            ),
            (
                ["copy": copy, "segment": ["number": 0], "result": result, "key": "c", "unfinished": [["key": "a"]]],
                "\"result\" does not balance: listed 0 = copied 0 and 1 unfinished"
            ),
            (
                [
                    "copy": copy, "segment": ["number": 0], "result": result, "done": true,
                    "unfinished": [["key": "a"]],
                ],
                "a part that is done has unfinished objects"
            ),
        ]
        for (event, message) in events {
            let error = #expect(throws: CopyPartError.self) { try CopyPart(parsing: event.serialized()) }
            #expect(error?.description == message)
        }
    }

    @Test("Results that do not account for every object are no complete copy")
    func unbalanced() throws {
        let fixture = try BucketPartFixture()
        let plan = fixture.plan(cuts: [[0x61]])
        func result(_ part: Int, listed: Int, copied: Int) -> JSONValue {
            var result = BucketPartResult(segment: part)
            result.counts.listed = listed
            result.counts.copied = copied
            return result.json
        }
        let good = [result(0, listed: 5, copied: 5), result(1, listed: 0, copied: 0)]
        #expect(try CopyExecution.balance(BucketPartFixture.execution(good), plan).total.counts.listed == 5)
        for (results, text) in [
            ([good[0]], "part 1: no result"), ([good[0], good[0], good[1]], "part 0: not asked for, or twice"),
            ([good[0], result(1, listed: 7, copied: 6)], "part 1: listed 7 = copied 6"),
        ] {
            #expect(throws: CopyError.unbalanced([text])) {
                try CopyExecution.balance(BucketPartFixture.execution(results), plan)
            }
        }
    }
}
