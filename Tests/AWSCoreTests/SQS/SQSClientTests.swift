import AWSTesting
import FoundationEssentials
import Testing

@testable import AWSCore

@Suite("SQS")
struct SQSClientTests {
    private static let queue = "https://sqs.eu-north-1.amazonaws.com/123456789012/Failures"

    private func fixture(_ answers: String...) throws -> (SQSClient, AWSClientFixture) {
        let fixture = try AWSClientFixture(answers.map { .response(200, body: $0) })
        return (SQSClient(client: fixture.client, region: fixture.region), fixture)
    }

    @Test("Of a batch exactly those are named that were refused")
    func batch() async throws {
        let (sqs, fixture) = try fixture(
            #"{"Successful":[{"Id":"0","MessageId":"m","MD5OfMessageBody":"x"},{"Id":"2","MessageId":"n"}],"#
                + #""Failed":[{"Id":"1","SenderFault":false,"Code":"InternalError","Message":"try\nagain"}]}"#,
            #"{"Successful":[{"Id":"0","MessageId":"m"}]}"#
        )
        let refused = try await sqs.sendMessageBatch(queueURL: Self.queue, bodies: ["a", "b\"", "c"])
        #expect(refused.keys.sorted() == [1])
        #expect(refused[1]?.description == "InternalError: try again" && refused[1]?.isSenderFault == false)
        #expect(try await sqs.sendMessageBatch(queueURL: Self.queue, bodies: ["a"]).isEmpty)
        let sent = try JSONValue(parsing: try #require(fixture.transport.requests.first).body)
        #expect(sent["Entries"]?.array?.map { $0["MessageBody"]?.string } == ["a", "b\"", "c"])
        #expect(sent["QueueUrl"]?.string == Self.queue)
    }

    @Test(
        "An answer that does not speak of every message is refused: silence is no success",
        arguments: [
            "{}", #"{"Successful":[{"Id":"0","MessageId":"m"}]}"#,
            #"{"Successful":[{"Id":"0","MessageId":"m"},{"Id":"7","MessageId":"m"}]}"#,
            #"{"Successful":[{"Id":"0"},{"Id":"1"}],"Failed":[{"Id":"1","Code":"X","SenderFault":true}]}"#,
        ]
    )
    func silence(answer: String) async throws {
        let (sqs, _) = try fixture(answer)
        let error = await #expect(throws: AWSError.self) {
            try await sqs.sendMessageBatch(queueURL: Self.queue, bodies: ["a", "b"])
        }
        #expect(error?.code == "MalformedResponse" && error?.resource == Self.queue)
    }

    @Test("Messages arrive with their age, and none is no error")
    func receive() async throws {
        let (sqs, _) = try fixture(
            #"{"Messages":[{"MessageId":"m","ReceiptHandle":"r","Body":"{\"a\":1}","MD5OfBody":"x","#
                + #""Attributes":{"SentTimestamp":"1795226407123","ApproximateReceiveCount":"3"}},"#
                + #"{"MessageId":"n","ReceiptHandle":"s","Body":""}]}"#,
            "{}"
        )
        let messages = try await sqs.receiveMessages(queueURL: Self.queue)
        #expect(messages.map(\.id) == ["m", "n"] && messages.map(\.receiptHandle) == ["r", "s"])
        #expect(messages.first?.body == #"{"a":1}"# && messages.first?.receiveCount == 3)
        #expect(messages.first?.sentDate == Date(timeIntervalSince1970: 1_795_226_407.123))
        #expect(messages.last?.sentDate == nil && messages.last?.receiveCount == nil)
        #expect(try await sqs.receiveMessages(queueURL: Self.queue).isEmpty)
    }

    @Test("A deletion's answer needs no body")
    func delete() async throws {
        let (sqs, fixture) = try fixture("")
        try await sqs.deleteMessage(queueURL: Self.queue, receiptHandle: "r")
        #expect(fixture.transport.requests.first?.request.headers["X-Amz-Target"] == "AmazonSQS.DeleteMessage")
    }

    @Test("A queue's depth counts what is hidden, too")
    func depth() async throws {
        let (sqs, _) = try fixture(
            #"{"Attributes":{"ApproximateNumberOfMessages":"4","ApproximateNumberOfMessagesNotVisible":"2","#
                + #""ApproximateNumberOfMessagesDelayed":"1"}}"#,
            #"{"Attributes":{"ApproximateNumberOfMessages":"4"}}"#
        )
        let depth = try await sqs.queueDepth(queueURL: Self.queue)
        #expect(depth.visible == 4 && depth.inFlight == 2 && depth.delayed == 1 && depth.total == 7)
        let error = await #expect(throws: AWSError.self) { try await sqs.queueDepth(queueURL: Self.queue) }
        #expect(error?.code == "MalformedResponse")
    }

    @Test("A queue that is not there is named with SQS's code")
    func missing() async throws {
        let body = #"{"__type":"com.amazonaws.sqs#QueueDoesNotExist","message":"The specified queue does not exist."}"#
        let fixture = try AWSClientFixture([.response(400, body: body)])
        let sqs = SQSClient(client: fixture.client, region: fixture.region)
        let error = await #expect(throws: AWSError.self) { try await sqs.sendMessage(queueURL: Self.queue, body: "x") }
        #expect(error?.code == "QueueDoesNotExist")
        #expect(error?.description.hasPrefix("SQS SendMessage \(Self.queue) (eu-north-1): QueueDoesNotExist") == true)
    }
}
