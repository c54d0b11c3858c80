import AWSCore
import AWSTesting
import FoundationEssentials
import Testing

@testable import BackupCore

@Suite("A backup run")
struct BackupRunTests {
    @Test("Settings, schema and then the export; the answer names them")
    func order() async throws {
        let fixture = try BackupFixture()
        let answer = await fixture.run()
        let result = try #require(answer.results.first)
        #expect(result.status == .started)
        #expect(result.schemaKey == "daily/2026/11/21/Orders/table_schema.json")
        #expect(result.exportARN == fixture.aws.current.exports.first?.arn)
        #expect(fixture.aws.current.exports.first?.prefix == "daily/2026/11/21/Orders")
        let written = fixture.aws.calls("PutObject").map(\.resource)
        #expect(
            written == ["daily/2026/11/21/Orders/table_settings.json", "daily/2026/11/21/Orders/table_schema.json"]
        )
        #expect(fixture.aws.current.calls.last?.operation == "ExportTableToPointInTime")
        let schema = try #require(fixture.aws.current.objects["daily/2026/11/21/Orders/table_schema.json"])
        #expect(try JSONValue(parsing: schema)["TableName"]?.string == "Orders")
        #expect(answer.isComplete)
    }

    // MARK: Delivered more than once

    @Test("The same event twice asks with the same token, and finds the first one's export")
    func sameEvent() async throws {
        let fixture = try BackupFixture()
        let first = await fixture.run()
        fixture.clock.advance(by: .seconds(60))
        let second = await fixture.run()
        #expect(first.results.map(\.status) == [.started])
        #expect(second.results.map(\.status) == [.alreadyStarted])
        #expect(first.results.first?.exportARN == second.results.first?.exportARN)
        #expect(Set(fixture.tokens()).count == 1)
        #expect(fixture.aws.current.exports.count == 1)
        #expect(second.isComplete && second.startedCount == 1)
    }

    @Test("Another event makes another backup of the same day")
    func otherEvent() async throws {
        let fixture = try BackupFixture()
        _ = await fixture.run("event-1")
        let second = await fixture.run("event-2")
        #expect(second.results.map(\.status) == [.started])
        #expect(Set(fixture.aws.current.exports.map(\.prefix)) == ["daily/2026/11/21/Orders"])
        #expect(fixture.aws.current.exports.count == 2)
    }

    @Test("A retry after midnight stays in its event's folder and keeps its token")
    func retryAfterMidnight() async throws {
        let fixture = try BackupFixture()
        let evening = Date(timeIntervalSince1970: 1_795_219_190)
        fixture.clock.now = evening
        let first = await fixture.run(time: evening)
        fixture.clock.now = evening.addingTimeInterval(120)
        let second = await fixture.run(time: evening)
        #expect(BackupDate(evening) != BackupDate(fixture.clock.now))
        #expect(first.date == second.date)
        #expect(first.date.description == "2026/11/20")
        #expect(second.results.map(\.status) == [.alreadyStarted])
        #expect(fixture.aws.current.exports.map(\.prefix) == ["daily/2026/11/20/Orders"])
        #expect(fixture.aws.current.objects.keys.allSatisfy { $0.hasPrefix("daily/2026/11/20/Orders/") })
    }

    @Test("A replayed export that has failed gets the next attempt's number, a running one not")
    func failedReplay() async throws {
        let fixture = try BackupFixture(["Orders", "Users"])
        let first = await fixture.run()
        fixture.aws.endExport(try #require(first.results.first?.exportARN), failureCode: "S3AccessDenied")
        fixture.clock.advance(by: .seconds(120))
        let second = await fixture.run()
        #expect(second.results.map(\.status) == [.started, .alreadyStarted])
        #expect(second.results.first?.exportARN != first.results.first?.exportARN)
        #expect(second.results.last?.exportARN == first.results.last?.exportARN)
        #expect(fixture.tokens().count == 3)
        #expect(Set(fixture.tokens()).count == 2)
        #expect(Set(fixture.tokens("Users")).count == 1)
        // The third delivery finds the second export through both numbers.
        fixture.clock.advance(by: .seconds(120))
        #expect(await fixture.run().results.map(\.status) == [.alreadyStarted, .alreadyStarted])
        #expect(fixture.aws.current.exports.count == 3)
    }

    @Test("An event whose exports fail again and again is given up as data")
    func everyAttemptFailed() async throws {
        let fixture = try BackupFixture()
        for _ in 1...10 {
            let arn = try #require(await fixture.run().results.first?.exportARN)
            fixture.aws.endExport(arn, failureCode: "S3NoSuchBucket")
        }
        let answer = await fixture.run()
        #expect(answer.results.first?.status == .failed)
        #expect(answer.results.first?.error?.code == "ExportsKeepFailing")
        #expect(fixture.aws.current.exports.count == 10)
    }

    @Test("An export whose answer was lost is found by the client's own retry, not started twice")
    func lostAnswer() async throws {
        let fixture = try BackupFixture { call in
            call.operation == "ExportTableToPointInTime" && call.number == 0 ? .lostAnswer : nil
        }
        let answer = await fixture.run()
        #expect(answer.results.map(\.status) == [.started])
        #expect(fixture.aws.current.exports.count == 1)
        #expect(fixture.tokens().count == 2)
        #expect(Set(fixture.tokens()).count == 1)
    }

    // MARK: What is asked for

    @Test("An event may name tables, by name or ARN and twice; unknown ones fail and stop nothing")
    func selection() async throws {
        let fixture = try BackupFixture(["Orders", "Users", "Carts"])
        let answer = await fixture.run(tables: ["Carts", "No\nsuch", BackupFixture.arn("Orders"), "Carts"])
        #expect(answer.results.map(\.table) == ["Carts", "Orders", "No\nsuch"])
        #expect(answer.results.map(\.status) == [.started, .started, .failed])
        let error = try #require(answer.results.last?.error)
        #expect(error.code == "TableNotConfigured")
        #expect(error.message == "No such is not among the configured tables")
        #expect(error.remedy?.contains("config.json") == true)
        #expect(fixture.aws.calls("DescribeTable").map(\.resource).sorted() == ["Carts", "Orders"])
    }

    @Test("Settings that cannot be read are recorded as such and cost no backup")
    func unreadableSettings() async throws {
        let fixture = try BackupFixture { call in
            ["ListTagsOfResource", "DescribeScalableTargets"].contains(call.operation)
                ? .answer(.dynamoDBError("AccessDeniedException", "not you")) : nil
        }
        let answer = await fixture.run()
        #expect(answer.results.map(\.status) == [.started])
        let key = "daily/2026/11/21/Orders/table_settings.json"
        let file = try #require(fixture.aws.current.objects[key])
        let settings = try TableSettings(fileContents: file, source: key)
        let denied = TableSettings.Captured.unreadable(code: "AccessDeniedException", message: "not you")
        #expect(settings.parts[.tags] == denied)
        #expect(settings.parts[.autoScaling] == denied)
        #expect(settings.parts[.timeToLive] == .captured(["TimeToLiveStatus": "DISABLED"]))
    }

    // MARK: The deadline

    @Test(
        "At the deadline the tables that hang are reported with their stage, all others with their export",
        arguments: [
            ("DescribeTable", "reading the table"), ("PutObject", "writing its schema"),
            ("ExportTableToPointInTime", "starting its export"), ("ListTagsOfResource", "reading the table"),
        ]
    )
    func deadline(operation: String, stage: String) async throws {
        let (never, deadline) = (Gate(), Gate())
        let fixture = try BackupFixture(["Orders", "Hanging", "Users"]) { call in
            call.operation == operation && call.resource.contains("Hanging") ? .hang(never) : nil
        }
        let slept = RecordingSleeper()
        async let running = fixture.run(deadline: fixture.clock.now.addingTimeInterval(42)) { duration in
            try await slept.sleep(for: duration)
            try await deadline.pass()
        }
        try await fixture.log.wait { $0.count { $0.hasPrefix("Export started") } == 2 }
        try await fixture.aws.wait {
            $0.calls.contains { $0.operation == operation && $0.resource.contains("Hanging") }
        }
        deadline.open()
        let answer = await running
        #expect(slept.recorded == [.seconds(42)])
        #expect(answer.results.map(\.table) == ["Orders", "Hanging", "Users"])
        #expect(answer.results.map(\.status) == [.started, .notAttempted, .started])
        #expect(answer.results[1].error?.code == "DeadlineExceeded")
        #expect(answer.results[1].error?.message == "the time ran out while \(stage)")
        #expect(answer.failedCount == 1 && !answer.isComplete)
        #expect(answer.results[1].exportARN == nil)
        // What comes after the deadline is the retry: the same token, and nothing is started twice.
        never.open()
        let retry = await fixture.run()
        #expect(retry.isComplete)
        #expect(Set(fixture.tokens("Hanging")).count == 1)
        #expect(fixture.aws.current.exports.count == 3)
    }

    @Test("A deadline that has passed gives an answer at once")
    func lateDeadline() async throws {
        let never = Gate()
        let fixture = try BackupFixture { _ in .hang(never) }
        let answer = await fixture.run(deadline: fixture.clock.now.addingTimeInterval(-5))
        #expect(answer.results.map(\.status) == [.notAttempted])
        #expect(fixture.sleeper.recorded == [.zero])
    }
}
