package import struct FoundationEssentials.Date

/// What connects a stream or queue with a function.
package struct EventSourceMapping: Sendable, Equatable {
    package var uuid: String
    /// The ARN of the stream or queue; `nil` for sources that have none.
    package var eventSourceARN: String?
    package var functionARN: String?
    /// `Enabled`, `Disabled`, `Creating`, `Enabling`, `Disabling`, `Updating` or `Deleting`; `nil` when Lambda does not say.
    package var state: String?
    /// Who made the last change, or what went wrong with it.
    package var stateTransitionReason: String?
    /// When its settings or its state were changed last.
    package var lastModifiedDate: Date?
    /// `OK`, `No records processed`, `PROBLEM: …`; changes with every attempt.
    package var lastProcessingResult: String?
    /// What the function may answer: `ReportBatchItemFailures`.
    package var functionResponseTypes: [String]
    /// The ARN of the queue or topic for what is given up.
    package var onFailureDestination: String?
    /// -1 for as long as the records live; `nil` for queues.
    package var maximumRetryAttempts: Int?
    package var bisectsBatches: Bool

    init(json: JSONValue) throws(ResponseShapeError) {
        uuid = try json.requiredString("UUID")
        eventSourceARN = try json.optionalString("EventSourceArn")
        functionARN = try json.optionalString("FunctionArn")
        state = try json.optionalString("State")
        stateTransitionReason = try json.optionalString("StateTransitionReason").map { OneLine.text($0) }
        lastModifiedDate = json["LastModified"]?.number?.double.map { Date(timeIntervalSince1970: $0) }
        lastProcessingResult = try json.optionalString("LastProcessingResult").map { OneLine.text($0) }
        functionResponseTypes = []
        for type in try json.elements("FunctionResponseTypes") {
            functionResponseTypes.append(try type.text(of: "FunctionResponseTypes"))
        }
        onFailureDestination = json["DestinationConfig"]?["OnFailure"]?["Destination"]?.string
        maximumRetryAttempts = json["MaximumRetryAttempts"]?.integer
        bisectsBatches = json["BisectBatchOnFunctionError"]?.bool ?? false
    }
}

extension LambdaClient {
    /// ListEventSourceMappings: all of a function's, however many pages there are.
    ///
    /// - Parameter function: its name or ARN.
    /// - Throws: ``AWSError`` of code `ResourceNotFoundException` when there is no such function.
    package func listEventSourceMappings(function: String) async throws -> [EventSourceMapping] {
        var mappings: [EventSourceMapping] = []
        var marker: String?
        while true {
            let request = AWSRequest(
                service: .lambda,
                operation: "ListEventSourceMappings",
                region: region,
                method: .get,
                path: "/2015-03-31/event-source-mappings",
                query: [QueryItem("FunctionName", function)] + (marker.map { [QueryItem("Marker", $0)] } ?? []),
                resource: function
            )
            let next = try client.decodeJSON(try await client.send(request), of: request) {
                json throws(ResponseShapeError) -> String? in
                for element in try json.elements("EventSourceMappings") {
                    mappings.append(try EventSourceMapping(json: element))
                }
                let next = try json.optionalString("NextMarker")
                guard next == nil || next != marker else {
                    throw ResponseShapeError(member: "NextMarker", expected: "another page than this one")
                }
                return next
            }
            guard let next, !next.isEmpty else { return mappings }
            marker = next
        }
    }
}
