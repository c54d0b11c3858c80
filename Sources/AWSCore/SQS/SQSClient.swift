/// SQS in one Region: what a queue of failures needs.
///
/// Queues are named by their URLs, as `https://sqs.us-east-1.amazonaws.com/123456789012/Failures`.
package struct SQSClient: Sendable {
    package let client: AWSClient
    package let region: Region

    package init(client: AWSClient, region: Region) {
        self.client = client
        self.region = region
    }

    /// Messages in a call at most, sent or received (API Reference, "SendMessageBatch").
    package static let maximumBatch = 10

    /// SendMessage.
    ///
    /// - Parameter body: text that XML 1.0 can hold; at most 1 MiB.
    /// - Returns: the message's id.
    /// - Throws: ``AWSError``: `QueueDoesNotExist`, `AccessDeniedException`, `InvalidMessageContents`, …
    @discardableResult
    package func sendMessage(queueURL: String, body: String) async throws -> String {
        let input: JSONObject = ["QueueUrl": .string(queueURL), "MessageBody": .string(body)]
        return try await call("SendMessage", input, queueURL) { json throws(ResponseShapeError) in
            try json.requiredString("MessageId")
        }
    }

    /// SendMessageBatch: up to ten messages, each of which may fail by itself.
    ///
    /// - Parameter bodies: as for ``sendMessage(queueURL:body:)``, together at most 1 MiB.
    /// - Returns: what was refused, by its place in `bodies`; empty when all were taken.
    /// - Throws: ``AWSError`` when the call failed, after which some may have been taken.
    package func sendMessageBatch(queueURL: String, bodies: [String]) async throws -> [Int: SQSRefusal] {
        let entries = bodies.enumerated().map { index, body -> JSONValue in
            ["Id": .string("\(index)"), "MessageBody": .string(body)]
        }
        let input: JSONObject = ["QueueUrl": .string(queueURL), "Entries": .array(entries)]
        return try await call("SendMessageBatch", input, queueURL) { json throws(ResponseShapeError) in
            var taken: Set<Int> = []
            for entry in try json.elements("Successful") { taken.insert(try Self.index(of: entry, in: bodies)) }
            var refused: [Int: SQSRefusal] = [:]
            for entry in try json.elements("Failed") {
                refused[try Self.index(of: entry, in: bodies)] = try SQSRefusal(json: entry)
            }
            // Nothing may be taken for sent of which nothing was said.
            guard taken.isDisjoint(with: refused.keys), taken.count + refused.count == bodies.count else {
                throw ResponseShapeError(member: "Successful", expected: "about every message that was sent")
            }
            return refused
        }
    }

    /// ReceiveMessage.
    ///
    /// - Parameters:
    ///   - maximum: from 1 to 10; fewer may come although more are there.
    ///   - visibilityTimeout: how long nobody else gets them, in seconds; `nil` for the queue's own.
    ///   - waitSeconds: how long to wait for a first message, up to 20.
    /// - Throws: ``AWSError``: `QueueDoesNotExist`, `AccessDeniedException`, …
    package func receiveMessages(
        queueURL: String,
        maximum: Int = maximumBatch,
        visibilityTimeout: Int? = nil,
        waitSeconds: Int = 0
    ) async throws -> [SQSMessage] {
        var input: JSONObject = [
            "QueueUrl": .string(queueURL), "MaxNumberOfMessages": .number(JSONNumber(maximum)),
            "WaitTimeSeconds": .number(JSONNumber(waitSeconds)),
            "MessageSystemAttributeNames": ["SentTimestamp", "ApproximateReceiveCount"],
        ]
        if let visibilityTimeout { input["VisibilityTimeout"] = .number(JSONNumber(visibilityTimeout)) }
        return try await call("ReceiveMessage", input, queueURL) { json throws(ResponseShapeError) in
            var messages: [SQSMessage] = []
            for message in try json.elements("Messages") { messages.append(try SQSMessage(json: message)) }
            return messages
        }
    }

    /// DeleteMessage; one that is gone already is as good as deleted.
    ///
    /// - Parameter receiptHandle: of the last time it was received.
    /// - Throws: ``AWSError``: `ReceiptHandleIsInvalid`, `QueueDoesNotExist`, …
    package func deleteMessage(queueURL: String, receiptHandle: String) async throws {
        let input: JSONObject = ["QueueUrl": .string(queueURL), "ReceiptHandle": .string(receiptHandle)]
        // The answer has no members, and may have no body.
        _ = try await client.send(
            AWSClient.jsonRequest(
                .sqs,
                "DeleteMessage",
                region: region,
                body: JSONValue.object(input).serialized(),
                resource: queueURL
            )
        )
    }

    /// GetQueueAttributes, as far as it tells how full the queue is.
    ///
    /// - Throws: ``AWSError``: `QueueDoesNotExist`, `AccessDeniedException`, …
    package func queueDepth(queueURL: String) async throws -> SQSQueueDepth {
        let input: JSONObject = [
            "QueueUrl": .string(queueURL), "AttributeNames": .array(SQSQueueDepth.attributeNames.map(JSONValue.string)),
        ]
        return try await call("GetQueueAttributes", input, queueURL) { json throws(ResponseShapeError) in
            try SQSQueueDepth(attributes: json.requiredObject("Attributes"))
        }
    }

    private func call<Output>(
        _ operation: String,
        _ input: JSONObject,
        _ queueURL: String,
        decode: (JSONValue) throws(ResponseShapeError) -> Output
    ) async throws -> Output {
        try await client.call(.sqs, operation, region: region, input: input, resource: queueURL, decode: decode)
    }

    private static func index(of entry: JSONValue, in bodies: [String]) throws(ResponseShapeError) -> Int {
        guard let index = Int(try entry.requiredString("Id")), bodies.indices.contains(index) else {
            throw ResponseShapeError(member: "Id", expected: "that of a message that was sent")
        }
        return index
    }
}
