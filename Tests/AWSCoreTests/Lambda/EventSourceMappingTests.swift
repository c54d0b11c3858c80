import AWSTesting
import Testing

@testable import AWSCore

@Suite("Event source mappings")
struct EventSourceMappingTests {
    @Test("All pages are read, and what Lambda leaves out is not known")
    func pages() async throws {
        let fixture = try AWSClientFixture([
            .response(
                200,
                body: #"{"EventSourceMappings":[{"UUID":"u","EventSourceArn":"arn:s","State":"Enabled","#
                    + #""LastProcessingResult":"PROBLEM:\nFunction call failed","FunctionResponseTypes":["#
                    + #""ReportBatchItemFailures"],"MaximumRetryAttempts":100,"BisectBatchOnFunctionError":true,"#
                    + #""DestinationConfig":{"OnFailure":{"Destination":"arn:q"}}}],"NextMarker":"m+/"}"#
            ), .response(200, body: #"{"EventSourceMappings":[{"UUID":"v"}]}"#),
        ])
        let mappings = try await LambdaClient(client: fixture.client, region: fixture.region)
            .listEventSourceMappings(function: "Sync-tables")
        #expect(mappings.map(\.uuid) == ["u", "v"])
        #expect(mappings[0].lastProcessingResult == "PROBLEM: Function call failed")
        #expect(mappings[0].functionResponseTypes == ["ReportBatchItemFailures"] && mappings[0].bisectsBatches)
        #expect(mappings[0].onFailureDestination == "arn:q" && mappings[0].maximumRetryAttempts == 100)
        #expect(
            mappings[1].state == nil && mappings[1].eventSourceARN == nil && mappings[1].lastProcessingResult == nil
        )
        #expect(fixture.transport.requests.last?.request.query == "FunctionName=Sync-tables&Marker=m%2B%2F")
    }

    @Test("A page that announces itself ends with an error and not never")
    func sameMarker() async throws {
        let page = FakeTransport.Outcome.response(200, body: #"{"EventSourceMappings":[],"NextMarker":"m"}"#)
        let fixture = try AWSClientFixture([page, page])
        let error = await #expect(throws: AWSError.self) {
            try await LambdaClient(client: fixture.client, region: fixture.region)
                .listEventSourceMappings(function: "f")
        }
        #expect(error?.code == "MalformedResponse")
    }
}
