extension SQSClient {
    /// GetQueueUrl.
    ///
    /// - Throws: ``AWSError`` of code `QueueDoesNotExist` when there is no such queue in the caller's account.
    package func queueURL(name: String) async throws -> String {
        try await client.call(.sqs, "GetQueueUrl", region: region, input: ["QueueName": .string(name)], resource: name)
        {
            json throws(ResponseShapeError) in try json.requiredString("QueueUrl")
        }
    }

    /// ChangeMessageVisibility: gives a message back at once (0), or keeps it hidden for longer from now on.
    ///
    /// - Parameters:
    ///   - receiptHandle: of the last time it was received.
    ///   - seconds: up to 43,200 since it was received.
    /// - Throws: ``AWSError``: `MessageNotInflight`, `ReceiptHandleIsInvalid`, …
    package func changeVisibility(queueURL: String, receiptHandle: String, seconds: Int) async throws {
        let input: JSONObject = [
            "QueueUrl": .string(queueURL), "ReceiptHandle": .string(receiptHandle),
            "VisibilityTimeout": .number(JSONNumber(seconds)),
        ]
        // The answer has no members, and may have no body.
        _ = try await client.send(
            AWSClient.jsonRequest(
                .sqs,
                "ChangeMessageVisibility",
                region: region,
                body: JSONValue.object(input).serialized(),
                resource: queueURL
            )
        )
    }
}
