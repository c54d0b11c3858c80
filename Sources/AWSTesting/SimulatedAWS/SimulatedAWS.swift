package import AWSCore
package import FoundationEssentials

/// Tables, their exports and one bucket, as far as backups use them: enough of DynamoDB and S3 to run against.
///
/// Answers calls without any connection; ``transport`` and ``script`` put it behind a transport or a server. What it
/// does not know it refuses, so that a test sees it.
package final class SimulatedAWS: Sendable {
    /// One call as it came in.
    package struct Call: Sendable {
        /// AWS's name: `DescribeTable`, `PutObject` and so on.
        package var operation: String
        /// Table name, export ARN, key or prefix.
        package var resource: String
        /// The input of JSON operations, `nil` for S3.
        package var input: JSONValue?
        package var body: [UInt8]
        /// How many calls of the operation for the resource came before.
        package var number: Int
    }

    package struct Answer: Sendable {
        package var status: Int
        package var headers: HTTPHeaders
        package var body: [UInt8]

        package init(_ status: Int, headers: HTTPHeaders = HTTPHeaders(), body: [UInt8] = []) {
            self.status = status
            self.headers = headers
            self.body = body
            self.headers["x-amzn-RequestId"] = "REQUEST-\(status)"
        }

        package static func json(_ value: JSONValue, status: Int = 200) -> Answer {
            Answer(status, headers: ["Content-Type": "application/x-amz-json-1.0"], body: value.serialized())
        }

        /// An error as DynamoDB writes it.
        package static func dynamoDBError(_ code: String, _ message: String = "said AWS", status: Int = 400) -> Answer {
            json(
                ["__type": .string("com.amazonaws.dynamodb.v20120810#\(code)"), "message": .string(message)],
                status: status
            )
        }

        /// An error as S3 writes it.
        package static func s3Error(_ code: String, status: Int, _ message: String = "said S3") -> Answer {
            let text =
                "<Error><Code>\(code)</Code><Message>\(message)</Message><RequestId>S3REQUEST</RequestId></Error>"
            return Answer(status, body: Array(text.utf8))
        }
    }

    /// What happens in place of the answer.
    package enum Fault: Sendable {
        case answer(Answer)
        /// The call is carried out, but the answer is never seen: the connection breaks first.
        case lostAnswer
        /// The connection breaks before anything is done.
        case cut
        /// Nothing comes back until the gate opens.
        case hang(Gate)
    }

    package struct Table: Sendable {
        package var arn: String
        package var isRecoverable = true

        package init(arn: String, isRecoverable: Bool = true) {
            self.arn = arn
            self.isRecoverable = isRecoverable
        }
    }

    package struct Export: Sendable, Equatable {
        package var arn: String
        package var tableARN: String
        package var token: String
        package var bucket: String
        package var prefix: String
        package var type: String
        package var start: Date
        package var end: Date?
        package var status: String
        package var failureCode: String?
        package var itemCount: Int
    }

    package struct State: Sendable {
        package var tables: [String: Table] = [:]
        /// Oldest first.
        package var exports: [Export] = []
        package var objects: [String: [UInt8]] = [:]
        /// Objects in a storage class that cannot be read without a thaw.
        package var archivedKeys: Set<String> = []
        package var calls: [Call] = []
        /// In which order ListExports gives the exports; by default the oldest first, which nobody may rely on.
        package var listsNewestFirst = false
        /// Exports on one page of ListExports.
        package var exportsPerPage = 25
    }

    package let bucket: String
    let state: WatchedValue<State>
    let now: @Sendable () -> Date
    let fault: @Sendable (Call) -> Fault?

    /// - Parameter fault: says what goes wrong with a call; `nil` for nothing.
    package init(
        bucket: String,
        tables: [String] = [],
        now: @escaping @Sendable () -> Date,
        fault: @escaping @Sendable (Call) -> Fault? = { _ in nil }
    ) {
        self.bucket = bucket
        self.now = now
        self.fault = fault
        var state = State()
        for arn in tables { state.tables[Self.name(arn)] = Table(arn: arn) }
        self.state = WatchedValue(state)
    }

    package var current: State { state.current }

    package func change(_ body: @Sendable (inout State) -> Void) {
        state.update(body)
    }

    /// Suspends until what has happened meets the condition.
    package func wait(until condition: @escaping @Sendable (State) -> Bool) async throws {
        try await state.wait(until: condition)
    }

    package func calls(_ operation: String, _ resource: String? = nil) -> [Call] {
        current.calls.filter { $0.operation == operation && (resource == nil || $0.resource == resource) }
    }

    /// The name at the end of a table's ARN.
    static func name(_ arn: String) -> String { String(arn.split(separator: "/").last ?? "") }

    /// Records a call and finds out what happens with it.
    func received(method: String, host: String, target: String, headers: HTTPHeaders, body: [UInt8]) -> (Call, Fault?) {
        var call = parse(method: method, host: host, target: target, headers: headers, body: body)
        call = state.update { [call] state in
            var call = call
            call.number = state.calls.count { $0.operation == call.operation && $0.resource == call.resource }
            state.calls.append(call)
            return call
        }
        return (call, fault(call))
    }

    /// Carries a call out.
    func answer(_ call: Call) -> Answer {
        call.input == nil ? answerS3(call) : answerJSON(call)
    }

    private func parse(method: String, host: String, target: String, headers: HTTPHeaders, body: [UInt8]) -> Call {
        if let operation = headers["X-Amz-Target"]?.split(separator: ".").last {
            let input = (try? JSONValue(parsing: body)) ?? .null
            let resource =
                input["TableName"]?.string ?? input["ExportArn"]?.string
                ?? (input["TableArn"] ?? input["ResourceArn"])?.string.map(Self.name) ?? ""
            return Call(operation: String(operation), resource: resource, input: input, body: body, number: 0)
        }
        let parts = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        var path = String(parts[0].dropFirst())
        if !host.hasPrefix(bucket + ".") { path = String(path.dropFirst(bucket.count + (path == bucket ? 0 : 1))) }
        let key = URIEncoding.decode(path) ?? path
        let query = (parts.count > 1 ? parts[1] : "").split(separator: "&").map(String.init)
        if query.contains("list-type=2") {
            let prefix = query.first { $0.hasPrefix("prefix=") }.map { String($0.dropFirst(7)) } ?? ""
            let hasDelimiter = query.contains { $0.hasPrefix("delimiter=") }
            return Call(
                operation: "ListObjectsV2",
                resource: URIEncoding.decode(prefix) ?? prefix,
                body: hasDelimiter ? Array("/".utf8) : [],
                number: 0
            )
        }
        let operation = ["PUT": "PutObject", "GET": "GetObject", "HEAD": "HeadObject"][method] ?? method
        return Call(operation: operation, resource: key, body: body, number: 0)
    }
}

extension SimulatedAWS {
    /// A transport that reaches this AWS.
    package func transport() -> FakeTransport {
        FakeTransport { [self] recorded, _ in
            let request = recorded.request
            let (call, fault) = received(
                method: request.method.rawValue,
                host: request.authority,
                target: request.path + (request.query.isEmpty ? "" : "?" + request.query),
                headers: request.headers,
                body: recorded.body
            )
            switch fault {
            case .answer(let answer): return .response(answer.status, headers: answer.headers, body: answer.body)
            case .cut: return .failure(HTTPError(.connectionLost, "the connection was cut"))
            case .lostAnswer:
                _ = answer(call)
                return .failure(HTTPError(.connectionLost, "the connection was cut"))
            case .hang(let gate): try await gate.pass()
            case nil: break
            }
            let answer = answer(call)
            return .response(answer.status, headers: answer.headers, body: answer.body)
        }
    }

    /// What a ScriptedServer answers to a call.
    package func reply(to request: ServerRequest) -> ServerReply {
        let (call, fault) = received(
            method: request.method,
            host: request.headers["Host"] ?? "",
            target: request.target,
            headers: request.headers,
            body: request.body
        )
        switch fault {
        case .answer(let answer): return Self.reply(answer)
        case .cut: return .resetWithoutAnswer
        case .lostAnswer:
            _ = answer(call)
            return .resetWithoutAnswer
        case .hang(let gate): return Self.reply(answer(call)).after(gate)
        case nil: return Self.reply(answer(call))
        }
    }

    /// The server writes the length itself.
    private static func reply(_ answer: Answer) -> ServerReply {
        var headers = answer.headers
        headers["Content-Length"] = nil
        return .response(answer.status, headers: headers, body: answer.body)
    }
}
