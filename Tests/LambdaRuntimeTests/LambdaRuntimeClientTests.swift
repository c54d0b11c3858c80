import AWSCore
import AWSTesting
import LambdaRuntime
import Testing

import struct FoundationEssentials.Date

@Suite("Lambda runtime API client")
struct LambdaRuntimeClientTests {
    private static let headers: HTTPHeaders = [
        "Lambda-Runtime-Aws-Request-Id": "8476a536-e9f4-11e8-9739-2dfe598c3fcd",
        "Lambda-Runtime-Deadline-Ms": "1542409706888",
        "Lambda-Runtime-Invoked-Function-Arn": "arn:aws:lambda:us-east-2:123456789012:function:f",
        "Lambda-Runtime-Trace-Id": "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Sampled=1",
        "Content-Type": "application/json",
    ]

    private func withClient(
        _ replies: [ServerReply],
        _ body: (LambdaRuntimeClient, ScriptedServer) async throws -> Void
    ) async throws {
        let transport = try CurlTransport()
        try await withScriptedServer(replies: replies) { server in
            try await body(LambdaRuntimeClient(authority: server.authority, transport: transport), server)
        }
    }

    @Test("An event comes with its id, deadline, ARN, trace id and bytes; the answer goes to that id")
    func roundTrip() async throws {
        let accepted = ServerReply.response(202, body: #"{"status":"OK"}"#)
        try await withClient([.response(200, headers: Self.headers, body: #"{"a":1}"#), accepted, accepted, accepted]) {
            client,
            server in
            let invocation = try await client.nextInvocation()
            #expect(invocation.requestID == "8476a536-e9f4-11e8-9739-2dfe598c3fcd")
            #expect(invocation.deadline == Date(timeIntervalSince1970: 1_542_409_706.888))
            #expect(invocation.invokedFunctionARN == "arn:aws:lambda:us-east-2:123456789012:function:f")
            #expect(invocation.traceID == "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Sampled=1")
            #expect(invocation.event == Array(#"{"a":1}"#.utf8))
            try await client.sendResponse(Array("{}".utf8), requestID: invocation.requestID)
            let error = LambdaFunctionError(type: .function("BackupIncomplete"), message: "m")
            try await client.sendError(error, requestID: invocation.requestID)
            try await client.sendInitializationError(error)

            let requests = server.requests
            #expect(
                requests.map(\.startLine) == [
                    "GET /2018-06-01/runtime/invocation/next HTTP/1.1",
                    "POST /2018-06-01/runtime/invocation/8476a536-e9f4-11e8-9739-2dfe598c3fcd/response HTTP/1.1",
                    "POST /2018-06-01/runtime/invocation/8476a536-e9f4-11e8-9739-2dfe598c3fcd/error HTTP/1.1",
                    "POST /2018-06-01/runtime/init/error HTTP/1.1",
                ]
            )
            #expect(requests[1].bodyText == "{}")
            for request in requests[2...] {
                #expect(request.headers["Lambda-Runtime-Function-Error-Type"] == "Function.BackupIncomplete")
                #expect(
                    request.bodyText
                        == #"{"errorMessage":"m","errorType":"Function.BackupIncomplete","stackTrace":[]}"#
                )
            }
            // The sandbox has few descriptors and every connection costs time.
            #expect(server.connections == 1)
        }
    }

    @Test(
        "Headers that make no sense are a malformed invocation",
        arguments: [
            (name: "Lambda-Runtime-Aws-Request-Id", value: nil as String?, requestID: nil as String?),
            ("Lambda-Runtime-Aws-Request-Id", "../../init/error", nil), ("Lambda-Runtime-Aws-Request-Id", "", nil),
            ("Lambda-Runtime-Deadline-Ms", nil, "8476a536-e9f4-11e8-9739-2dfe598c3fcd"),
            ("Lambda-Runtime-Deadline-Ms", "soon", "8476a536-e9f4-11e8-9739-2dfe598c3fcd"),
            ("Lambda-Runtime-Deadline-Ms", "-1", "8476a536-e9f4-11e8-9739-2dfe598c3fcd"),
            ("Lambda-Runtime-Deadline-Ms", "99999999999999999999", "8476a536-e9f4-11e8-9739-2dfe598c3fcd"),
        ]
    )
    func garbageHeaders(name: String, value: String?, requestID: String?) async throws {
        var headers = Self.headers
        headers[name] = value
        let transport = FakeTransport([.response(200, headers: headers, body: "{}")])
        let client = LambdaRuntimeClient(authority: "127.0.0.1:9001", transport: transport)
        let error = await #expect(throws: LambdaRuntimeError.self) { try await client.nextInvocation() }
        #expect(error?.code == .malformedInvocation)
        #expect(error?.requestID == requestID)
    }

    @Test(
        "Refusals are told apart by what they mean for the runtime",
        arguments: [
            (413, LambdaRuntimeError.Code.responseTooLarge, false), (400, .rejected, false), (403, .rejected, false),
            (500, .containerError, true),
        ]
    )
    func refusals(status: Int, code: LambdaRuntimeError.Code, endsRuntime: Bool) async throws {
        let body = #"{"errorType":"InvalidStateTransition","errorMessage":"State transition is not allowed"}"#
        let transport = FakeTransport { _, _ in .response(status, body: body) }
        let client = LambdaRuntimeClient(authority: "127.0.0.1:9001", transport: transport)
        let error = await #expect(throws: LambdaRuntimeError.self) {
            try await client.sendResponse([1, 2], requestID: "a")
        }
        #expect(error?.code == code)
        #expect(error?.endsRuntime == endsRuntime)
        #expect(error?.requestID == "a")
        // Nothing is gained by sending it again.
        #expect(transport.requests.count == 1)
        let next = await #expect(throws: LambdaRuntimeError.self) { try await client.nextInvocation() }
        #expect(next?.endsRuntime == true)
    }

    @Test("A request has no time limit but that of the connection and passes no proxy")
    func noTimeouts() async throws {
        let transport = FakeTransport([.response(200, headers: Self.headers, body: "{}")])
        _ = try await LambdaRuntimeClient(authority: "127.0.0.1:9001", transport: transport).nextInvocation()
        let request = try #require(transport.requests.first?.request)
        #expect(request.timeouts.total == nil && request.timeouts.stall == nil)
        #expect(!request.usesProxy)
    }

    @Test("An answer whose connection breaks off is sent again")
    func retries() async throws {
        try await withClient([.resetWithoutAnswer, .cutInBody(202, body: [1, 2], sent: 1), .response(202)]) {
            client,
            server in
            try await client.sendResponse(Array("{}".utf8), requestID: "a")
            #expect(server.requests.count == 3)
            #expect(server.requests.allSatisfy { $0.bodyText == "{}" })
        }
    }

    @Test("A runtime API that stays away ends the runtime")
    func unreachable() async throws {
        let transport = FakeTransport { _, _ in .failure(HTTPError(.couldNotConnect, "connection refused")) }
        let client = LambdaRuntimeClient(authority: "127.0.0.1:9001", transport: transport)
        let error = await #expect(throws: LambdaRuntimeError.self) { try await client.nextInvocation() }
        #expect(error?.code == .unreachable && error?.endsRuntime == true)
        #expect(error?.message == "Lambda's runtime API at 127.0.0.1:9001: connection refused")
        #expect(transport.requests.count == 3)
    }

    @Test("Outside of Lambda the missing variable is named")
    func notInLambda() throws {
        let error = #expect(throws: LambdaRuntimeError.self) {
            try LambdaRuntimeClient(environment: [:], transport: FakeTransport([]))
        }
        #expect(error?.code == .notInLambda)
        #expect(error?.message.hasPrefix("AWS_LAMBDA_RUNTIME_API is not set") == true)
    }

    @Test("Waiting for an event ends at once when the task is cancelled, and closes the connection")
    func cancellation() async throws {
        try await withClient([.never]) { client, server in
            let waiting = Task { try await client.nextInvocation() }
            try await server.wait { $0.requests.count == 1 }
            waiting.cancel()
            await #expect(throws: CancellationError.self) { try await waiting.value }
            try await server.wait { $0.openConnections == 0 }
        }
    }

    @Test("Loop and client together serve events over one connection until Lambda answers 500")
    func wholeLoop() async throws {
        let failing = Self.headers.with("Lambda-Runtime-Aws-Request-Id", "id-2")
        let script = ScriptedServer.Script.paths([
            "/2018-06-01/runtime/invocation/next": [
                .response(200, headers: Self.headers, body: "1"), .response(200, headers: failing, body: "2"),
                .response(500),
            ],
            "/2018-06-01/runtime/invocation/8476a536-e9f4-11e8-9739-2dfe598c3fcd/response": [.response(202)],
            "/2018-06-01/runtime/invocation/id-2/error": [.response(202)],
        ])
        let transport = try CurlTransport()
        try await withScriptedServer(script) { server in
            let environment = ["AWS_LAMBDA_RUNTIME_API": server.authority]
            let runtime = LambdaRuntime(
                api: try LambdaRuntimeClient(environment: environment, transport: transport),
                environment: environment,
                logger: RecordedLog().logger(),
                publishTraceID: { _ in }
            )
            let code = await runtime.run {
                ClosureHandler { invocation, _ in
                    guard invocation.event == Array("1".utf8) else {
                        throw LambdaFunctionError(type: .function("BackupIncomplete"), message: "half")
                    }
                    return "done"
                }
            }
            #expect(code == 1)
            #expect(server.requests.map(\.method) == ["GET", "POST", "GET", "POST", "GET"])
            #expect(server.requests[1].bodyText == "done")
            #expect(server.requests[3].bodyText.contains("Function.BackupIncomplete"))
            #expect(server.connections == 1)
        }
    }
}

extension HTTPHeaders {
    fileprivate func with(_ name: String, _ value: String) -> HTTPHeaders {
        var copy = self
        copy[name] = value
        return copy
    }
}
