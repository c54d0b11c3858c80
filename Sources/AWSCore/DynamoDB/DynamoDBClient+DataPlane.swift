extension DynamoDBClient {
    /// The same client whose throttled calls fail at once, for callers that pace their calls themselves.
    ///
    /// Their errors have kind ``AWSError/Kind/throttling``, whichever of DynamoDB's codes they carry.
    package func leavingThrottlingToCaller() -> DynamoDBClient {
        DynamoDBClient(client: client.leavingThrottlingToCaller(), region: region)
    }

    /// Sends a request that is JSON text already, and reads the answer's text in place.
    ///
    /// - Parameter read: gets the answer; what it throws becomes an ``AWSError`` of code `MalformedResponse`.
    func callWithText<Output>(
        _ operation: String,
        body: [UInt8],
        resource: String,
        read: ([UInt8]) throws(JSONScanError) -> Output
    ) async throws -> Output {
        let request = AWSClient.jsonRequest(.dynamoDB, operation, region: region, body: body, resource: resource)
        let response = try await client.send(request)
        do throws(JSONScanError) {
            return try read(response.body)
        } catch {
            throw AWSError(malformed: response, of: request, message: "\(error)")
        }
    }
}

extension [UInt8] {
    /// Appends a string as JSON text, with its quotes.
    mutating func appendJSON(_ string: String) {
        append(contentsOf: JSONValue.string(string).serialized())
    }

    mutating func append(_ text: StaticString) {
        append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }
}
