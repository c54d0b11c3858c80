import AWSTesting
import FoundationEssentials
import Testing

@testable import AWSCore

@Suite("DynamoDB Streams")
struct DynamoDBStreamsClientTests {
    private static let stream = "arn:aws:dynamodb:eu-north-1:123456789012:table/Orders/stream/2026"

    private func client(_ answers: FakeTransport.Outcome...) throws -> DynamoDBStreamsClient {
        let fixture = try AWSClientFixture(answers)
        return DynamoDBStreamsClient(client: fixture.client, region: fixture.region)
    }

    @Test("Shards come on several pages, open ones without an end")
    func shards() async throws {
        let streams = try client(
            .response(
                200,
                body: #"{"StreamDescription":{"StreamArn":"a","StreamStatus":"ENABLED","Shards":[{"ShardId":"s1","#
                    + #""SequenceNumberRange":{"StartingSequenceNumber":"1","EndingSequenceNumber":"9"}}],"#
                    + #""LastEvaluatedShardId":"s1"}}"#
            ),
            .response(200, body: #"{"StreamDescription":{"StreamArn":"a","Shards":[{"ShardId":"s2"}]}}"#)
        )
        let description = try await streams.describeStream(Self.stream)
        #expect(description.shards.map(\.id) == ["s1", "s2"] && description.status == "ENABLED")
        #expect(description.shards.map(\.endingSequenceNumber) == ["9", nil])
    }

    @Test("A record names its item, its time and who deleted it")
    func records() async throws {
        let streams = try client(
            .response(
                200,
                body: #"{"Records":[{"eventName":"MODIFY","dynamodb":{"SequenceNumber":"7","Keys":{"pk":{"S":"a"}},"#
                    + #""ApproximateCreationDateTime":1.795262E9,"NewImage":{"pk":{"S":"a"}}}},"#
                    + #"{"eventName":"REMOVE","userIdentity":{"Type":"Service","PrincipalId":"dynamodb.amazonaws.com"},"#
                    + #""dynamodb":{"SequenceNumber":"8","Keys":{"pk":{"S":"b"}}}}],"NextShardIterator":"next"}"#
            ),
            .response(200, body: "{}")
        )
        let page = try await streams.records("i", stream: Self.stream)
        #expect(page.records.map(\.sequenceNumber) == ["7", "8"] && page.nextIterator == "next")
        #expect(page.records.map(\.key) == [["pk": ["S": "a"]], ["pk": ["S": "b"]]])
        #expect(page.records.map(\.isTimeToLiveDelete) == [false, true])
        #expect(page.records[0].creationDate == Date(timeIntervalSince1970: 1_795_262_000))
        #expect(try await streams.records("i", stream: Self.stream) == StreamRecords(records: [], nextIterator: nil))
    }

    @Test("That a record is gone is told by AWS's own code")
    func trimmed() async throws {
        let body =
            #"{"__type":"com.amazonaws.dynamodb.streams.v20120810#TrimmedDataAccessException","message":"trimmed"}"#
        let streams = try client(.response(400, body: body))
        let error = await #expect(throws: AWSError.self) {
            try await streams.shardIterator(stream: Self.stream, shard: "s", .at(sequenceNumber: "1"))
        }
        #expect(error?.code == "TrimmedDataAccessException" && error?.resource == Self.stream)
    }
}
