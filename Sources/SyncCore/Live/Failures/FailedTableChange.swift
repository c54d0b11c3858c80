package import AWSCore

/// A change that a target did not take, as it waits in the failure queue; says which item it was, and not what was in it.
///
/// `{"type":"table-change","version":1,"source":…,"target":…,"key":{…},"sequenceNumber":…,"stream":…,"error":…}`.
/// Members are added, never renamed; a reader passes over what it does not know.
package struct FailedTableChange: Sendable, Equatable {
    /// The ARNs of the tables.
    package var source: String
    package var target: String
    /// The item's key in DynamoDB's JSON.
    package var key: JSONValue
    package var sequenceNumber: String
    /// The ARN of the stream.
    package var stream: String
    /// AWS's code and message, one line.
    package var error: String

    package static let type = "table-change"

    package init(
        source: String,
        target: String,
        key: JSONValue,
        sequenceNumber: String,
        stream: String,
        error: String
    ) {
        self.source = source
        self.target = target
        self.key = key
        self.sequenceNumber = sequenceNumber
        self.stream = stream
        self.error = error
    }

    package var json: JSONValue {
        [
            "type": .string(Self.type), "version": 1, "source": .string(source), "target": .string(target),
            "key": key, "sequenceNumber": .string(sequenceNumber), "stream": .string(stream),
            "error": .string(error),
        ]
    }

    /// - Returns: `nil` for a message of another type or form.
    package init?(json: JSONValue) {
        guard json["type"]?.string == Self.type, json["version"]?.integer == 1,
            let source = json["source"]?.string, let target = json["target"]?.string,
            let key = json["key"], key.object?.isEmpty == false
        else { return nil }
        self.init(
            source: source,
            target: target,
            key: key,
            sequenceNumber: json["sequenceNumber"]?.string ?? "",
            stream: json["stream"]?.string ?? "",
            error: json["error"]?.string ?? ""
        )
    }
}
