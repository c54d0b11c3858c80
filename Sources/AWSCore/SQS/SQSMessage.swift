package import struct FoundationEssentials.Date

/// A message as ReceiveMessage gives it.
package struct SQSMessage: Sendable, Equatable {
    package var id: String
    /// Names this one reception; what deletes the message.
    package var receiptHandle: String
    package var body: String
    /// When it was sent; `nil` when the answer does not say.
    package var sentDate: Date?
    /// How often it was received, this time included; `nil` when the answer does not say.
    package var receiveCount: Int?

    init(json: JSONValue) throws(ResponseShapeError) {
        id = try json.requiredString("MessageId")
        receiptHandle = try json.requiredString("ReceiptHandle")
        body = try json.requiredString("Body")
        let attributes = json["Attributes"]
        sentDate = attributes?["SentTimestamp"]?.string.flatMap { Int64($0) }.map { milliseconds in
            Date(timeIntervalSince1970: Double(milliseconds) / 1_000)
        }
        receiveCount = attributes?["ApproximateReceiveCount"]?.string.flatMap { Int($0) }
    }
}

/// Why one message of a batch was not taken.
package struct SQSRefusal: Sendable, Equatable, CustomStringConvertible {
    package var code: String
    package var message: String
    /// Whether the same message would be refused again.
    package var isSenderFault: Bool

    init(json: JSONValue) throws(ResponseShapeError) {
        code = OneLine.text(try json.requiredString("Code"))
        message = OneLine.text(try json.optionalString("Message") ?? "")
        isSenderFault = json["SenderFault"]?.bool ?? false
    }

    package var description: String { message.isEmpty ? code : "\(code): \(message)" }
}

/// How many messages a queue holds; approximate, as SQS says (Developer Guide, "Amazon SQS metrics").
package struct SQSQueueDepth: Sendable, Equatable {
    /// Those that can be received now.
    package var visible: Int
    /// Those that somebody received and has not deleted.
    package var inFlight: Int
    /// Those that wait for their delay to end.
    package var delayed: Int

    package var total: Int { visible + inFlight + delayed }

    static let attributeNames = [
        "ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible", "ApproximateNumberOfMessagesDelayed",
    ]

    /// - Parameter attributes: numbers as texts.
    init(attributes: JSONValue) throws(ResponseShapeError) {
        var numbers: [Int] = []
        for name in Self.attributeNames {
            guard let number = Int(try attributes.requiredString(name)) else {
                throw ResponseShapeError(member: name, expected: "a whole number")
            }
            numbers.append(number)
        }
        (visible, inFlight, delayed) = (numbers[0], numbers[1], numbers[2])
    }
}
