import AWSCore
import AWSTesting
import FoundationEssentials
import Testing

@Suite("The function's figures and the alarms on them")
struct MetricsTests {
    /// An earlier export of a table of the run, so many hours ago.
    private func add(_ run: FunctionRun, _ table: String, hoursAgo: Double, failureCode: String? = nil) {
        let start = Date().addingTimeInterval(-hoursAgo * 3_600)
        let day = Date.ISO8601FormatStyle().format(start).prefix(10).split(separator: "-").joined(separator: "/")
        run.aws.addExport(
            of: FunctionRun.arn(table),
            at: start,
            prefix: "daily/\(day)/\(table)",
            status: failureCode == nil ? "COMPLETED" : "FAILED",
            failureCode: failureCode
        )
    }

    @Test("A run reports what it started, what failed before, and how old the last backups are")
    func figures() async throws {
        let run = FunctionRun()
        add(run, "Orders", hoursAgo: 24)
        add(run, "Users", hoursAgo: 48)
        add(run, "Users", hoursAgo: 24, failureCode: "S3AccessDenied")
        let result = try await run([FunctionRun.scheduled()])
        let answer = try #require(try result.reports.first?.json)
        #expect(result.reports.first?.path == "invocation/request-1/response")
        let failure = try #require(answer["previousFailures"]?.array?.first)
        #expect(answer["previousFailures"]?.array?.count == 1)
        #expect(failure["table"] == "Users" && failure["failureCode"] == "S3AccessDenied")

        let metrics = try result.metrics
        #expect(metrics.count == 3)
        let totals = try #require(metrics.first)
        #expect(totals["FunctionName"] == "Nightly" && totals["TableName"] == nil)
        #expect(totals["BackupsStarted"]?.integer == 2)
        #expect(totals["BackupsFailed"]?.integer == 1)
        // 48 h less the ten minutes that the export took.
        let hours = try #require(totals["HoursSinceLastCompletedBackup"]?.number?.double)
        #expect(hours > 47.8 && hours < 48)
        #expect(metrics.dropFirst().map { $0["TableName"]?.string } == ["Orders", "Users"])
        // CloudWatch charges for each metric and table: only the age is worth that.
        #expect(metrics.dropFirst().allSatisfy { $0["BackupsFailed"] == nil })
    }

    @Test("A table without a backup has an age that raises every alarm")
    func noBackup() async throws {
        let run = FunctionRun()
        add(run, "Orders", hoursAgo: 1)
        let result = try await run([#"{"source":"check"}"#])
        let totals = try #require(try result.metrics.first)
        #expect(try #require(totals["HoursSinceLastCompletedBackup"]?.number?.double) > 87_000)
        #expect(totals["BackupsStarted"]?.integer == 0)
        #expect(try result.reports.first?.json["unhealthy"]?.array == ["Users"])
    }

    @Test("The alarms of the template stand on figures that the function writes, under these dimensions")
    func alarms() async throws {
        let template = try String(
            contentsOf: URL(filePath: #filePath).deletingLastPathComponent()
                .appending(path: "../../infrastructure/backup-function.yaml"),
            encoding: .utf8
        )
        let alarms = Self.alarms(in: template)
        #expect(Set(alarms.map(\.metric)) == ["BackupsFailed", "HoursSinceLastCompletedBackup"])

        let run = FunctionRun()
        for table in FunctionRun.tables { add(run, table, hoursAgo: 2) }
        let metrics = try await run([#"{"source":"check"}"#]).metrics
        for alarm in alarms {
            let isWritten = metrics.contains { line in
                let directives = line["_aws"]?["CloudWatchMetrics"]?.array ?? []
                return line[alarm.metric]?.number != nil
                    && alarm.dimensions.allSatisfy { line[$0]?.string != nil }
                    && directives.contains { directive in
                        directive["Namespace"]?.string == alarm.namespace
                            && directive["Dimensions"]?.array?.contains(
                                .array(alarm.dimensions.map { .string($0) })
                            ) == true
                            && directive["Metrics"]?.array?.contains { $0["Name"]?.string == alarm.metric } == true
                    }
            }
            #expect(isWritten, "\(alarm) is on a figure that nobody writes")
        }
    }

    private struct Alarm {
        var namespace: String
        var metric: String
        var dimensions: [String]
    }

    /// The alarms on the function's own figures, read line by line out of the template.
    private static func alarms(in template: String) -> [Alarm] {
        var alarms: [Alarm] = []
        var isOurs = false
        for line in template.split(separator: "\n") {
            let words = line.split(separator: " ")
            switch words.first {
            case "Namespace:":
                isOurs = words.last == "DynamoDBBackup"
                if isOurs { alarms.append(Alarm(namespace: String(words[1]), metric: "", dimensions: [])) }
            case "MetricName:" where isOurs: alarms[alarms.count - 1].metric = String(words[1])
            case "-" where isOurs && words.count == 3 && words[1] == "Name:":
                alarms[alarms.count - 1].dimensions.append(String(words[2]))
            default: break
            }
        }
        return alarms
    }
}
