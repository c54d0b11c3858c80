internal import AWSCore
import BackupCore
import FoundationEssentials
import Testing

@Suite("Schedule expressions")
struct ScheduleExpressionTests {
    @Test(
        "The next run follows the expression",
        arguments: [
            ("cron(0 2 * * ? *)", "2026-11-21T01:59:59Z", "2026-11-21T02:00:00Z"),
            ("cron(0 2 * * ? *)", "2026-11-21T02:00:00Z", "2026-11-22T02:00:00Z"),
            ("cron(0/9223372036854775807 2 * * ? *)", "2026-11-21T02:00:00Z", "2026-11-22T02:00:00Z"),
            ("cron(15 12 * * ? *)", "2026-12-31T13:00:00Z", "2027-01-01T12:15:00Z"),
            ("cron(0/15 8-9 * * ? *)", "2026-11-21T08:31:00Z", "2026-11-21T08:45:00Z"),
            ("cron(0 18 ? * MON-FRI *)", "2026-11-20T18:00:00Z", "2026-11-23T18:00:00Z"),
            ("cron(0 8 1 * ? *)", "2026-11-21T00:00:00Z", "2026-12-01T08:00:00Z"),
            ("cron(0 8 L * ? *)", "2028-02-01T00:00:00Z", "2028-02-29T08:00:00Z"),
            ("cron(0 9 ? * 2#1 *)", "2026-11-21T00:00:00Z", "2026-12-07T09:00:00Z"),
            ("cron(0 9 ? * 6L *)", "2026-11-21T00:00:00Z", "2026-11-27T09:00:00Z"),
            ("cron(0 9 1W * ? *)", "2026-07-31T12:00:00Z", "2026-08-03T09:00:00Z"),
            ("cron(0 9 31W * ? *)", "2026-01-01T00:00:00Z", "2026-01-30T09:00:00Z"),
            ("cron(0 0 29 FEB ? *)", "2026-11-21T00:00:00Z", "2028-02-29T00:00:00Z"),
        ]
    )
    func next(expression: String, after: String, expected: String) throws {
        let schedule = try #require(ScheduleExpression(expression))
        let instant = try #require(Date(iso8601: after))
        #expect(schedule.next(after: instant) == Date(iso8601: expected))
    }

    @Test(
        "What EventBridge refuses is refused",
        arguments: [
            "cron(0 2 * * * *)", "cron(0 2 ? * ? *)", "cron(60 2 * * ? *)", "cron(0 2 * * ?)", "cron(0 24 * * ? *)",
            "cron(0 2 0 * ? *)", "cron(a 2 * * ? *)", "cron(0 2 * 13 ? *)", "cron(0/0 2 * * ? *)", "cron(? 2 * * ? *)",
            "cron(0 2 * ? * *)", "cron(0 2 32 * ? *)", "cron(0 2 ? * 8 *)", "cron(0 2 ? * 2#6 *)",
            "cron(0 2 * * ? 1969)",
            "cron(0, 2 * * ? *)", "cron(-5 2 * * ? *)", "cron(0/9223372036854775808 2 * * ? *)",
            "cron(5-1 2 * * ? *)",
            "rate(1 days)", "rate(2 day)", "rate(0 minutes)", "rate(5 seconds)", "rate(5)", "every day", "", "cron(",
        ]
    )
    func refused(expression: String) {
        #expect(ScheduleExpression(expression) == nil)
    }

    @Test("A rate says how long, not when")
    func rate() throws {
        #expect(ScheduleExpression("rate(1 minute)") == .rate(seconds: 60))
        #expect(ScheduleExpression("rate(12 hours)") == .rate(seconds: 43_200))
        #expect(ScheduleExpression("rate(1 day)")?.next(after: Date()) == nil)
    }

    @Test("A year that has passed has no next run")
    func past() throws {
        let schedule = try #require(ScheduleExpression("cron(0 2 * * ? 2020)"))
        #expect(schedule.next(after: try #require(Date(iso8601: "2026-11-21T00:00:00Z"))) == nil)
    }
}
