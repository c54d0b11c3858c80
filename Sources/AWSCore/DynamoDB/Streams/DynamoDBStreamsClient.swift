package import struct FoundationEssentials.Date

/// DynamoDB Streams in one Region.
package struct DynamoDBStreamsClient: Sendable {
    package let client: AWSClient
    package let region: Region

    package init(client: AWSClient, region: Region) {
        self.client = client
        self.region = region
    }

    /// DescribeStream, all of its pages.
    ///
    /// - Throws: ``AWSError`` of code `ResourceNotFoundException` for a stream that is not there (any more): a stream that
    ///   was turned off lives for 24 hours.
    package func describeStream(_ stream: String) async throws -> StreamDescription {
        var description: StreamDescription?
        var start: String?
        while true {
            var input: JSONObject = ["StreamArn": .string(stream)]
            input["ExclusiveStartShardId"] = start.map { .string($0) }
            let page = try await call("DescribeStream", input, stream) { json throws(ResponseShapeError) in
                let page = try StreamDescription(json: json.requiredObject("StreamDescription"))
                guard page.next == nil || page.next != start else {
                    throw ResponseShapeError(member: "LastEvaluatedShardId", expected: "another page than this one")
                }
                return page
            }
            if description == nil { description = page } else { description?.shards += page.shards }
            guard let next = page.next else { return description ?? page }
            start = next
        }
    }

    /// From where a shard is read.
    package enum Position: Sendable, Equatable {
        /// The oldest record that is still there.
        case trimHorizon
        /// Behind the newest record.
        case latest
        /// That record itself.
        case at(sequenceNumber: String)
    }

    /// GetShardIterator.
    ///
    /// - Returns: what is valid for fifteen minutes.
    /// - Throws: ``AWSError`` of code `TrimmedDataAccessException` when the record is gone (24 hours),
    ///   `ResourceNotFoundException` when the shard is.
    package func shardIterator(stream: String, shard: String, _ position: Position) async throws -> String {
        var input: JSONObject = ["StreamArn": .string(stream), "ShardId": .string(shard)]
        switch position {
        case .trimHorizon: input["ShardIteratorType"] = "TRIM_HORIZON"
        case .latest: input["ShardIteratorType"] = "LATEST"
        case .at(let sequenceNumber):
            input["ShardIteratorType"] = "AT_SEQUENCE_NUMBER"
            input["SequenceNumber"] = .string(sequenceNumber)
        }
        return try await call("GetShardIterator", input, stream) { json throws(ResponseShapeError) in
            try json.requiredString("ShardIterator")
        }
    }

    /// GetRecords.
    ///
    /// - Returns: up to 1,000 records or 1 MB, in their order; none is no sign of the end.
    /// - Throws: ``AWSError`` of code `TrimmedDataAccessException`, `ExpiredIteratorException`, `LimitExceededException`, …
    package func records(_ iterator: String, stream: String) async throws -> StreamRecords {
        try await call("GetRecords", ["ShardIterator": .string(iterator)], stream) {
            json throws(ResponseShapeError) in
            var records: [StreamRecord] = []
            for record in try json.elements("Records") { records.append(try StreamRecord(json: record)) }
            return StreamRecords(records: records, nextIterator: try json.optionalString("NextShardIterator"))
        }
    }

    private func call<Output>(
        _ operation: String,
        _ input: JSONObject,
        _ stream: String,
        decode: (JSONValue) throws(ResponseShapeError) -> Output
    ) async throws -> Output {
        try await client.call(
            .dynamoDBStreams,
            operation,
            region: region,
            input: input,
            resource: stream,
            decode: decode
        )
    }
}

/// What DescribeStream says.
package struct StreamDescription: Sendable, Equatable {
    package struct Shard: Sendable, Equatable {
        package var id: String
        package var startingSequenceNumber: String?
        /// Of a shard that is closed; `nil` for one that still gets records.
        package var endingSequenceNumber: String?
    }

    package var arn: String
    /// `ENABLING`, `ENABLED`, `DISABLING` or `DISABLED`.
    package var status: String?
    package var viewType: String?
    package var shards: [Shard]
    /// Of a page that is not the last.
    fileprivate var next: String?

    init(json: JSONValue) throws(ResponseShapeError) {
        arn = try json.requiredString("StreamArn")
        status = try json.optionalString("StreamStatus")
        viewType = try json.optionalString("StreamViewType")
        shards = []
        for shard in try json.elements("Shards") {
            let range = shard["SequenceNumberRange"]
            shards.append(
                Shard(
                    id: try shard.requiredString("ShardId"),
                    startingSequenceNumber: range?["StartingSequenceNumber"]?.string,
                    endingSequenceNumber: range?["EndingSequenceNumber"]?.string
                )
            )
        }
        next = try json.optionalString("LastEvaluatedShardId")
    }
}

/// What GetRecords gave.
package struct StreamRecords: Sendable, Equatable {
    package var records: [StreamRecord]
    /// Where to go on; `nil` at the end of a closed shard.
    package var nextIterator: String?
}

/// Which item a record is about, without its images.
package struct StreamRecord: Sendable, Equatable {
    package var sequenceNumber: String
    /// The item's key in DynamoDB's JSON.
    package var key: JSONValue
    /// Rounded down to the second.
    package var creationDate: Date?
    /// `INSERT`, `MODIFY` or `REMOVE`.
    package var eventName: String?
    /// Whether DynamoDB deleted the item because its time to live was over.
    package var isTimeToLiveDelete: Bool

    init(json: JSONValue) throws(ResponseShapeError) {
        let record = try json.requiredObject("dynamodb")
        sequenceNumber = try record.requiredString("SequenceNumber")
        key = try record.requiredObject("Keys")
        creationDate = record.date("ApproximateCreationDateTime")
        eventName = try json.optionalString("eventName")
        // GetRecords writes the names with capitals (API Reference, "Identity"), Lambda's events without.
        let identity = json["userIdentity"]
        isTimeToLiveDelete =
            eventName == "REMOVE" && (identity?["Type"] ?? identity?["type"])?.string == "Service"
            && (identity?["PrincipalId"] ?? identity?["principalId"])?.string == "dynamodb.amazonaws.com"
    }
}

extension AWSService {
    package static let dynamoDBStreams = AWSService(
        name: "DynamoDB Streams",
        endpointPrefix: "streams.dynamodb",
        signingName: "dynamodb",
        settingsName: "DYNAMODB_STREAMS",
        wireProtocol: .json(version: "1.0", targetPrefix: "DynamoDBStreams_20120810.")
    )
}
