import AWSCore
import FoundationEssentials
import Testing

@testable import BackupCore

@Suite("The function's input and answer")
struct BackupEventTests {
    private func read(_ text: String) throws -> BackupEvent { try BackupEvent(parsing: Array(text.utf8)) }

    @Test("EventBridge's scheduled event names its day")
    func scheduled() throws {
        let event = try read(
            """
            {"version":"0","id":"53dc4d37-cffa-4f76-80c9-8b7d4a4d2eaa","detail-type":"Scheduled Event","source":"aws.events",\
            "account":"123456789012","time":"2026-11-20T23:59:59Z","region":"us-east-1","resources":["arn:aws:events:us-east-1:123456789012:rule/r"],"detail":{}}
            """
        )
        guard case .backup(let request) = event else {
            Issue.record("\(event)")
            return
        }
        #expect(request.id == "53dc4d37-cffa-4f76-80c9-8b7d4a4d2eaa")
        #expect(BackupDate(request.time).description == "2026/11/20")
        #expect(request.tables == nil)
    }

    @Test("A manual event is read as it is sent", arguments: [nil, ["Orders", "Users"]] as [[String]?])
    func manual(tables: [String]?) throws {
        let time = Date(timeIntervalSince1970: 1_795_226_400)
        let request = BackupEvent.Request(id: "x", time: time, tables: tables)
        #expect(try read(request.json.text()) == .backup(request))
    }

    @Test("A check is read")
    func check() throws {
        #expect(try read(#"{"source":"check"}"#) == .check)
    }

    @Test(
        "Anything else is refused, and starts no backup",
        arguments: [
            ("", "the event is not JSON: line 1"), ("[]", "the event is a list"), ("{}", "the event has no source"),
            (#"{"source":"aws.s3"}"#, #"the event's source is "aws.s3""#),
            (#"{"source":"manual","time":"2026-11-20T23:59:59Z"}"#, "the event has no id"),
            (#"{"source":"manual","id":"x"}"#, "the event's time"),
            (#"{"source":"manual","id":"x","time":"now"}"#, "the event's time"),
            (#"{"source":"manual","id":"x","time":"2026-11-20T23:59:59Z","tables":[]}"#, "the event's tables"),
            (#"{"source":"manual","id":"x","time":"2026-11-20T23:59:59Z","tables":["a",1]}"#, "the event's tables"),
            (#"{"source":"manual","id":"x","time":"2026-11-20T23:59:59Z","tables":"a"}"#, "the event's tables"),
        ]
    )
    func refused(text: String, message: String) {
        let error = #expect(throws: BackupEventError.self) { try read(text) }
        #expect(error?.description.hasPrefix(message) == true, "\(error?.description ?? "")")
    }

    @Test("The answer is the documented object, and is read back")
    func answer() throws {
        let answer = BackupAnswer(
            date: try #require(BackupDate("2026/11/21")),
            results: [
                BackupAnswer.TableResult(
                    table: "Orders",
                    tableARN: "a:Orders",
                    status: .started,
                    exportARN: "e",
                    schemaKey: "daily/2026/11/21/Orders/table_schema.json"
                ),
                BackupAnswer.TableResult(
                    table: "Users",
                    tableARN: "a:Users",
                    status: .failed,
                    error: BackupAnswer.Failure(code: "C", message: "m", remedy: "r")
                ),
                BackupAnswer.TableResult(table: "Late", tableARN: "a:Late", status: .notAttempted),
                BackupAnswer.TableResult(table: "Twice", tableARN: "a:Twice", status: .alreadyStarted),
            ],
            previousFailures: [
                BackupAnswer.FailedExport(
                    table: "Old",
                    exportARN: "o",
                    failureCode: "S3NoSuchBucket",
                    failureMessage: "m"
                )
            ]
        )
        #expect((answer.startedCount, answer.failedCount) == (2, 2))
        #expect(!answer.isComplete)
        #expect(
            answer.json.text()
                == #"{"date":"2026/11/21","results":[{"table":"Orders","tableArn":"a:Orders","status":"STARTED","exportArn":"e","schemaKey":"daily/2026/11/21/Orders/table_schema.json"},{"table":"Users","tableArn":"a:Users","status":"FAILED","error":{"code":"C","message":"m","remedy":"r"}},{"table":"Late","tableArn":"a:Late","status":"NOT_ATTEMPTED"},{"table":"Twice","tableArn":"a:Twice","status":"ALREADY_STARTED"}],"started":2,"failed":2,"previousFailures":[{"table":"Old","exportArn":"o","failureCode":"S3NoSuchBucket","failureMessage":"m"}]}"#
        )
        #expect(BackupAnswer(json: answer.json) == answer)
        #expect(BackupAnswer(json: ["date": "2026/11/21", "results": [["table": "x"]]]) == nil)
        #expect(BackupAnswer(json: ["errorMessage": "x"]) == nil)
    }

    @Test("A token is the same for the same work and another for any other")
    func tokens() {
        func token(_ event: String, _ table: String, _ bucket: String, _ prefix: String, _ attempt: Int) -> String {
            ClientToken.make(eventID: event, tableARN: table, bucket: bucket, prefix: prefix, attempt: attempt)
        }
        let first = token("e", "t", "b", "p", 1)
        #expect(first == token("e", "t", "b", "p", 1))
        #expect(first.utf8.count == 64)
        let others = [
            token("f", "t", "b", "p", 1), token("e", "u", "b", "p", 1), token("e", "t", "c", "p", 1),
            token("e", "t", "b", "q", 1), token("e", "t", "b", "p", 2), token("e", "t", "bp", "", 1),
        ]
        #expect(Set(others + [first]).count == 7)
    }
}
