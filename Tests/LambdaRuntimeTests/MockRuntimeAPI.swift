import AWSTesting
import LambdaRuntime

import struct FoundationEssentials.Date

/// Plays Lambda: hands out the scripted invocations and records what comes back; then waits, as Lambda does.
final class MockRuntimeAPI: LambdaRuntimeAPI {
    enum Report: Equatable, Sendable {
        case response(requestID: String, body: String)
        case error(requestID: String, LambdaFunctionError)
        case initializationError(LambdaFunctionError)
    }

    enum Event: Sendable {
        case invocation(LambdaInvocation)
        case failure(LambdaRuntimeError)
    }

    struct State: Sendable {
        var events: [Event]
        var responseFailures: [LambdaRuntimeError]
        var reports: [Report] = []
        var isIdle = false
    }

    private let state: WatchedValue<State>

    init(_ events: [Event], responseFailures: [LambdaRuntimeError] = []) {
        state = WatchedValue(State(events: events, responseFailures: responseFailures))
    }

    var reports: [Report] { state.current.reports }

    /// Suspends until all invocations are done and the next one is waited for.
    func waitUntilIdle() async throws {
        try await state.wait { $0.isIdle }
    }

    func nextInvocation() async throws -> LambdaInvocation {
        let event = state.update { state -> Event? in
            if state.events.isEmpty { state.isIdle = true }
            return state.events.isEmpty ? nil : state.events.removeFirst()
        }
        switch event {
        case .invocation(let invocation): return invocation
        case .failure(let error): throw error
        case nil:
            try await Gate().pass()
            throw CancellationError()
        }
    }

    func sendResponse(_ response: [UInt8], requestID: String) async throws {
        let failure = state.update { state -> LambdaRuntimeError? in
            state.reports.append(.response(requestID: requestID, body: String(decoding: response, as: UTF8.self)))
            return state.responseFailures.isEmpty ? nil : state.responseFailures.removeFirst()
        }
        if let failure { throw failure }
    }

    func sendError(_ error: LambdaFunctionError, requestID: String) async throws {
        state.update { $0.reports.append(.error(requestID: requestID, error)) }
    }

    func sendInitializationError(_ error: LambdaFunctionError) async throws {
        state.update { $0.reports.append(.initializationError(error)) }
    }
}

extension MockRuntimeAPI.Event {
    static func invocation(_ id: String, event: String = "{}", traceID: String? = nil) -> Self {
        .invocation(
            LambdaInvocation(
                requestID: id,
                deadline: Date(timeIntervalSince1970: 1_000),
                invokedFunctionARN: "arn:aws:lambda:us-east-1:123456789012:function:f",
                traceID: traceID,
                event: Array(event.utf8)
            )
        )
    }
}

/// A handler made of a function.
struct ClosureHandler: LambdaHandler {
    let body: @Sendable (LambdaInvocation, LambdaContext) async throws -> String

    init(_ body: @escaping @Sendable (LambdaInvocation, LambdaContext) async throws -> String) {
        self.body = body
    }

    func handle(_ invocation: LambdaInvocation, context: LambdaContext) async throws -> [UInt8] {
        Array(try await body(invocation, context).utf8)
    }
}
