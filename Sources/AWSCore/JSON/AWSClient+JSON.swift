extension AWSClient {
    /// Calls an operation of a service that speaks AWS's JSON protocol.
    ///
    /// - Parameters:
    ///   - resource: the table, rule or function for messages.
    ///   - decode: takes what it needs from the answer; throws ``ResponseShapeError`` for what is missing.
    /// - Throws: ``AWSError``, with code `MalformedResponse` when the answer is not what AWS documents.
    func call<Output>(
        _ service: AWSService,
        _ operation: String,
        region: Region,
        input: JSONObject,
        resource: String?,
        decode: (JSONValue) throws(ResponseShapeError) -> Output
    ) async throws -> Output {
        guard case .json(let version, let targetPrefix) = service.wireProtocol else {
            preconditionFailure("\(service.name) does not speak AWS's JSON protocol")
        }
        let request = AWSRequest(
            service: service,
            operation: operation,
            region: region,
            headers: [
                "Content-Type": "application/x-amz-json-\(version)",
                "X-Amz-Target": targetPrefix + operation,
            ],
            body: .bytes(JSONValue.object(input).serialized()),
            resource: resource
        )
        let response = try await send(request)
        return try decodeJSON(response, of: request, decode)
    }

    /// Reads a JSON answer; what cannot be read becomes an ``AWSError`` that names the call.
    func decodeJSON<Output>(
        _ response: HTTPResponse,
        of request: AWSRequest,
        _ decode: (JSONValue) throws(ResponseShapeError) -> Output
    ) throws -> Output {
        do {
            return try decode(JSONValue(parsing: response.body))
        } catch {
            throw AWSError(
                code: "MalformedResponse",
                message: "\(error)",
                kind: .client,
                status: response.status,
                requestID: ResponseClassifier.requestID(of: response),
                service: request.service.name,
                operation: request.operation,
                region: request.region.name,
                resource: request.resource
            )
        }
    }
}

/// A member that AWS documents as always present is missing or of another type.
struct ResponseShapeError: Error, CustomStringConvertible {
    var member: String
    var expected: String

    var description: String { "the answer's \(member) is not \(expected)" }
}

extension JSONValue {
    func requiredString(_ member: String) throws(ResponseShapeError) -> String {
        guard let value = self[member]?.string else {
            throw ResponseShapeError(member: member, expected: "a string")
        }
        return value
    }

    func requiredObject(_ member: String) throws(ResponseShapeError) -> JSONValue {
        guard let value = self[member], value.object != nil else {
            throw ResponseShapeError(member: member, expected: "an object")
        }
        return value
    }

    /// The elements of a list, none when the member is absent.
    func elements(_ member: String) -> [JSONValue] { self[member]?.array ?? [] }
}
