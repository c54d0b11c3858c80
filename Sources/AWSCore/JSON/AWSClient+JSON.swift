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
        let body = JSONValue.object(input).serialized()
        let request = Self.jsonRequest(service, operation, region: region, body: body, resource: resource)
        let response = try await send(request)
        return try decodeJSON(response, of: request, decode)
    }

    /// A call of AWS's JSON protocol whose body is JSON text already.
    static func jsonRequest(
        _ service: AWSService,
        _ operation: String,
        region: Region,
        body: [UInt8],
        resource: String?
    ) -> AWSRequest {
        guard case .json(let version, let targetPrefix) = service.wireProtocol else {
            preconditionFailure("\(service.name) does not speak AWS's JSON protocol")
        }
        return AWSRequest(
            service: service,
            operation: operation,
            region: region,
            headers: [
                "Content-Type": "application/x-amz-json-\(version)",
                "X-Amz-Target": targetPrefix + operation,
            ],
            body: .bytes(body),
            resource: resource
        )
    }

    /// Calls a listing operation until its last page.
    ///
    /// - Parameters:
    ///   - list: the member that holds a page's elements; a page without it is empty.
    ///   - token: the members that ask for a page and announce the next one.
    ///   - decode: reads one element.
    /// - Throws: ``AWSError``, with code `MalformedResponse` also when a page announces itself, which would never end.
    func everyPage<Element>(
        _ service: AWSService,
        _ operation: String,
        region: Region,
        input: JSONObject,
        list: String,
        token: (input: String, output: String) = ("NextToken", "NextToken"),
        resource: String?,
        decode: (JSONValue) throws(ResponseShapeError) -> Element
    ) async throws -> [Element] {
        var elements: [Element] = []
        var input = input
        while true {
            let lastToken = input[token.input]?.string
            let (page, next) = try await call(service, operation, region: region, input: input, resource: resource) {
                json throws(ResponseShapeError) in
                var page: [Element] = []
                for element in try json.elements(list) { page.append(try decode(element)) }
                let next = try json.optionalString(token.output)
                if next == lastToken, next != nil {
                    throw ResponseShapeError(member: token.output, expected: "another page than this one")
                }
                return (page, next)
            }
            elements += page
            // Some services announce the end with an empty token.
            guard let next, !next.isEmpty else { return elements }
            input[token.input] = .string(next)
        }
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
            throw AWSError(malformed: response, of: request, message: "\(error)")
        }
    }
}

extension AWSError {
    /// An answer of status 2xx that is not what AWS documents.
    init(malformed response: HTTPResponse, of request: AWSRequest, message: String) {
        self.init(
            code: "MalformedResponse",
            message: message,
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

    /// The text of a member, `nil` when it is absent or null.
    func optionalString(_ member: String) throws(ResponseShapeError) -> String? {
        guard let value = self[member], !value.isNull else { return nil }
        guard let text = value.string else { throw ResponseShapeError(member: member, expected: "a string") }
        return text
    }

    /// The elements of a list, none when the member is absent or null.
    func elements(_ member: String) throws(ResponseShapeError) -> [JSONValue] {
        guard object != nil else { throw ResponseShapeError(member: "body", expected: "an object") }
        guard let value = self[member], !value.isNull else { return [] }
        guard let list = value.array else { throw ResponseShapeError(member: member, expected: "a list") }
        return list
    }

    /// The value of an element that is itself a text.
    func text(of member: String) throws(ResponseShapeError) -> String {
        guard let text = string else { throw ResponseShapeError(member: member, expected: "a list of strings") }
        return text
    }
}
