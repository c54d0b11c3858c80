import AWSTesting
import FoundationEssentials
import Testing

@testable import AWSCore

@Suite("CloudWatch")
struct CloudWatchClientTests {
    private static let noon = Date(timeIntervalSince1970: 1_795_262_400)

    private func query(_ name: String) -> MetricQuery {
        MetricQuery("AWS/Lambda", name, dimensions: [("FunctionName", "Sync-tables")], .maximum)
    }

    private func points(_ answers: String..., queries: [MetricQuery]) async throws -> [[MetricPoint]] {
        let fixture = try AWSClientFixture(answers.map { .response(200, body: $0) })
        return try await CloudWatchClient(client: fixture.client, region: fixture.region)
            .getMetricData(queries, from: Self.noon, to: Self.noon.addingTimeInterval(600))
    }

    @Test("A metric's values may come on several pages, and one without values has none")
    func pages() async throws {
        let points = try await points(
            #"{"MetricDataResults":[{"Id":"m0","Timestamps":[1795262460],"Values":[12.5],"StatusCode":"PartialData"},"#
                + #"{"Id":"m1","Timestamps":[],"Values":[],"StatusCode":"Complete"}],"NextToken":"more"}"#,
            #"{"MetricDataResults":[{"Id":"m0","Timestamps":[1.7952624E9],"Values":[3E2],"StatusCode":"Complete"}]}"#,
            queries: [query("IteratorAge"), query("Errors")]
        )
        #expect(points.count == 2 && points[1].isEmpty)
        #expect(points[0].map(\.value) == [12.5, 300])
        #expect(points[0].map(\.date) == [Self.noon.addingTimeInterval(60), Self.noon])
    }

    @Test(
        "A metric that CloudWatch could not give is an error and not nothing",
        arguments: [
            #"{"MetricDataResults":[{"Id":"m0","Timestamps":[],"Values":[],"StatusCode":"InternalError"}]}"#,
            #"{"MetricDataResults":[{"Id":"m0","Timestamps":[1],"Values":[],"StatusCode":"Complete"}]}"#,
            #"{"MetricDataResults":[{"Id":"m0","Timestamps":["x"],"Values":[1]}]}"#,
        ]
    )
    func failure(answer: String) async throws {
        let error = await #expect(throws: AWSError.self) { try await points(answer, queries: [query("IteratorAge")]) }
        #expect(["MetricDataUnavailable", "MalformedResponse"].contains(error?.code))
    }

    @Test("More than 500 metrics are asked for in several calls, and keep their order")
    func chunks() async throws {
        let transport = FakeTransport { recorded, _ in
            let input = try JSONValue(parsing: recorded.body)
            let results = (input["MetricDataQueries"]?.array ?? []).map { query -> JSONValue in
                let name = query["MetricStat"]?["Metric"]?["MetricName"]?.string ?? ""
                return [
                    "Id": query["Id"] ?? "", "Timestamps": [1_795_262_400],
                    "Values": [.number(JSONNumber(Int(name.dropFirst()) ?? -1))],
                ]
            }
            return .response(200, body: JSONValue.object(["MetricDataResults": .array(results)]).text())
        }
        let fixture = try AWSClientFixture(transport)
        let points = try await CloudWatchClient(client: fixture.client, region: fixture.region)
            .getMetricData((0..<1_203).map { query("n\($0)") }, from: Self.noon, to: Self.noon)
        #expect(points.map { $0.first?.value } == (0..<1_203).map { Double($0) })
        #expect(transport.requests.count == 3)
    }
}
