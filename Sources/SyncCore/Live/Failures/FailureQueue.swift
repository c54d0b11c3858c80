package import AWSCore

/// Where live sync puts what no repetition helps with, for `sync replay`.
package struct FailureQueue: Sendable {
    package let url: String
    private let sqs: SQSClient

    package init(url: String, sqs: SQSClient) {
        self.url = url
        self.sqs = sqs
    }

    /// Sends messages, ten a call.
    ///
    /// - Returns: why messages were not taken, by their places; empty when all were.
    package func send(_ messages: [JSONValue]) async -> [Int: String] {
        var failed: [Int: String] = [:]
        for start in stride(from: 0, to: messages.count, by: SQSClient.maximumBatch) {
            let places = start..<min(messages.count, start + SQSClient.maximumBatch)
            do {
                let refused = try await sqs.sendMessageBatch(
                    queueURL: url,
                    bodies: messages[places].map { $0.text() }
                )
                for (index, refusal) in refused { failed[start + index] = "\(refusal)" }
            } catch {
                for place in places { failed[place] = "\(error)" }
            }
        }
        return failed
    }
}
