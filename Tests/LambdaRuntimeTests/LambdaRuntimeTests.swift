import AWSCore
import AWSTesting
import LambdaRuntime
import Logging
import Testing

import struct FoundationEssentials.Date

@Suite("Lambda run loop")
struct LambdaRuntimeTests {
    private struct Broken: Error, CustomStringConvertible {
        var description: String { "it broke" }
    }

    /// Runs the loop until the mock has nothing left, then ends it the way SIGTERM does.
    private func serve(
        _ api: MockRuntimeAPI,
        log: RecordedLog = RecordedLog(),
        publishTraceID: @escaping @Sendable (String?) -> Void = { _ in },
        handler: ClosureHandler
    ) async throws -> Int32 {
        let runtime = LambdaRuntime(
            api: api,
            environment: ["AWS_LAMBDA_FUNCTION_NAME": "f", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "128"],
            logger: log.logger(),
            publishTraceID: publishTraceID
        )
        return try await withThrowingTaskGroup(of: Int32?.self) { group in
            group.addTask { await runtime.run { handler } }
            group.addTask {
                try await api.waitUntilIdle()
                return nil
            }
            // The loop only comes first when it ended by itself.
            guard let first = try await group.next() else { return -1 }
            group.cancelAll()
            if let code = first { return code }
            guard let second = try await group.next(), let code = second else { return -1 }
            return code
        }
    }

    @Test("Events are answered one by one, and cancellation ends the loop with 0")
    func answers() async throws {
        let api = MockRuntimeAPI([.invocation("a", event: "1"), .invocation("b", event: "2")])
        let code = try await serve(
            api,
            handler: ClosureHandler { invocation, context in
                #expect(context.requestID == invocation.requestID)
                #expect(context.function.name == "f" && context.function.memoryMegabytes == 128)
                return "answer to " + String(decoding: invocation.event, as: UTF8.self)
            }
        )
        #expect(code == 0)
        #expect(
            api.reports == [
                .response(requestID: "a", body: "answer to 1"), .response(requestID: "b", body: "answer to 2"),
            ]
        )
    }

    @Test("A handler's failure is reported with its type, and the loop goes on")
    func failures() async throws {
        let api = MockRuntimeAPI([.invocation("a"), .invocation("b"), .invocation("c"), .invocation("d")])
        let log = RecordedLog()
        let code = try await serve(
            api,
            log: log,
            handler: ClosureHandler { invocation, _ in
                switch invocation.requestID {
                case "a": throw Broken()
                case "b":
                    throw LambdaFunctionError(
                        type: .function("BackupIncomplete"),
                        payload: Array(#"{"failed":1}"#.utf8)
                    )
                // Cancellation of something inside the handler is a failure like any other.
                case "c": throw CancellationError()
                default: return "fine"
                }
            }
        )
        #expect(code == 0)
        #expect(
            api.reports == [
                .error(requestID: "a", LambdaFunctionError(type: .function("Broken"), message: "it broke")),
                .error(
                    requestID: "b",
                    LambdaFunctionError(type: .function("BackupIncomplete"), message: #"{"failed":1}"#)
                ),
                .error(
                    requestID: "c",
                    LambdaFunctionError(type: .function("CancellationError"), message: "CancellationError()")
                ),
                .response(requestID: "d", body: "fine"),
            ]
        )
        let first = try #require(try log.objects().first)
        #expect(first["level"]?.string == "ERROR")
        #expect(first["requestId"]?.string == "a")
        #expect(first["errorType"]?.string == "Function.Broken")
    }

    @Test("An answer that Lambda refuses is logged, and the loop goes on")
    func tooLarge() async throws {
        let refused = LambdaRuntimeError(.responseTooLarge, "too large", requestID: "a")
        let api = MockRuntimeAPI([.invocation("a"), .invocation("b")], responseFailures: [refused])
        let log = RecordedLog()
        let code = try await serve(api, log: log, handler: ClosureHandler { _, _ in "x" })
        #expect(code == 0)
        #expect(api.reports.count == 2)
        let line = try #require(try log.objects().first)
        #expect(line["message"]?.string == "too large [request a]")
        #expect(line["requestId"]?.string == "a")
    }

    @Test("After a container error the runtime ends with 1 and takes no further event")
    func containerError() async throws {
        let failure = LambdaRuntimeError(.containerError, "HTTP 500")
        let api = MockRuntimeAPI([.invocation("a"), .invocation("b")], responseFailures: [failure])
        let log = RecordedLog()
        let code = try await serve(api, log: log, handler: ClosureHandler { _, _ in "x" })
        #expect(code == 1)
        #expect(api.reports == [.response(requestID: "a", body: "x")])
        #expect(try log.objects().last?["level"]?.string == "FATAL")
    }

    @Test("An event without a deadline fails alone; one without a request id ends the runtime")
    func malformedInvocations() async throws {
        let api = MockRuntimeAPI([
            .failure(LambdaRuntimeError(.malformedInvocation, "no deadline", requestID: "a")), .invocation("b"),
            .failure(LambdaRuntimeError(.malformedInvocation, "no id")), .invocation("c"),
        ])
        let code = try await serve(api, handler: ClosureHandler { _, _ in "x" })
        #expect(code == 1)
        #expect(
            api.reports == [
                .error(
                    requestID: "a",
                    LambdaFunctionError(type: .runtime("MalformedInvocation"), message: "no deadline")
                ),
                .response(requestID: "b", body: "x"),
            ]
        )
    }

    @Test("A set-up that fails is reported as an initialization error, with exit code 1")
    func initializationError() async throws {
        let api = MockRuntimeAPI([.invocation("a")])
        let runtime = LambdaRuntime(api: api, environment: [:], logger: RecordedLog().logger())
        let code = await runtime.run { () async throws -> ClosureHandler in throw Broken() }
        #expect(code == 1)
        #expect(
            api.reports == [
                .initializationError(LambdaFunctionError(type: .function("Broken"), message: "it broke"))
            ]
        )
    }

    @Test("The trace id is published before each invocation and taken back where there is none")
    func traceID() async throws {
        let published = WatchedValue<[String?]>([])
        let api = MockRuntimeAPI([.invocation("a", traceID: "Root=1-5"), .invocation("b")])
        _ = try await serve(
            api,
            publishTraceID: { id in published.update { $0.append(id) } },
            handler: ClosureHandler { _, context in context.traceID ?? "none" }
        )
        #expect(published.current == ["Root=1-5", nil])
        #expect(
            api.reports == [.response(requestID: "a", body: "Root=1-5"), .response(requestID: "b", body: "none")]
        )
    }

    @Test("The time left shrinks by the margin and never goes below zero")
    func remainingTime() {
        let invocation = LambdaInvocation(
            requestID: "a",
            deadline: Date(timeIntervalSince1970: 100.5),
            invokedFunctionARN: "",
            traceID: nil,
            event: []
        )
        let context = LambdaContext(
            invocation,
            function: LambdaFunctionInformation(environment: [:]),
            logger: RecordedLog().logger()
        )
        let now = Date(timeIntervalSince1970: 90)
        #expect(context.remainingTime(now: now) == .milliseconds(10_500))
        #expect(context.remainingTime(now: now, deadlineMargin: .seconds(3)) == .milliseconds(7_500))
        #expect(context.remainingTime(now: now, deadlineMargin: .seconds(11)) == .zero)
        #expect(context.remainingTime(now: Date(timeIntervalSince1970: 101)) == .zero)
    }
}

@Suite("Lambda error types")
struct LambdaFunctionErrorTests {
    @Test(
        "Every error type has the form that Lambda accepts",
        arguments: [
            ("BackupIncomplete", "Function.BackupIncomplete"), ("backup incomplete", "Function.Backupincomplete"),
            ("HTTP2Error<Int>", "Function.HTTPErrorInt"), ("", "Function.Unknown"), ("x", "Function.Unknown"),
            ("é→ß", "Function.Unknown"), ("a\r\nX-Evil: 1", "Function.AXEvil"),
        ]
    )
    func types(name: String, expected: String) throws {
        let type = LambdaFunctionError.ErrorType.function(name)
        #expect(type.name == expected)
        #expect(try /(Runtime|Function)\.[A-Z][a-zA-Z]+/.wholeMatch(in: type.name) != nil)
    }

    @Test("The report is JSON that holds any message")
    func body() {
        let error = LambdaFunctionError(type: .runtime("Broken"), message: "a \"b\"\n\u{1}é")
        #expect(
            String(decoding: error.body, as: UTF8.self)
                == #"{"errorMessage":"a \"b\"\n\u0001é","errorType":"Runtime.Broken","stackTrace":[]}"#
        )
    }
}
