package import AWSCore

import struct FoundationEssentials.Date

/// A copy whose parts a state machine hands to the function, many at a time; the machine is that of
/// `infrastructure/sync-copy-state-machine.json`.
package struct CopyExecution: Sendable {
    package let arn: String
    private let states: StepFunctionsClient
    private let clock: SyncClock

    /// An execution that has begun before.
    package init(_ arn: String, states: StepFunctionsClient, clock: SyncClock = SyncClock()) {
        self.arn = arn
        self.states = states
        self.clock = clock
    }

    /// Starts the copy.
    ///
    /// - Throws: ``AWSError``: `StateMachineDoesNotExist`, `AccessDeniedException`, …
    package static func start(
        _ plan: some CopyPlan,
        stateMachineARN: String,
        states: StepFunctionsClient,
        clock: SyncClock = SyncClock()
    ) async throws -> CopyExecution {
        let arn = try await states.startExecution(
            stateMachineARN: stateMachineARN,
            name: "sync-\(type(of: plan).kind.rawValue)-" + String(UInt64.random(in: 0...UInt64.max), radix: 16),
            input: String(decoding: plan.executionInput.serialized(), as: UTF8.self)
        )
        return CopyExecution(arn, states: states, clock: clock)
    }

    /// What the execution copies.
    ///
    /// - Throws: ``CopyExecutionError/notACopy(arn:of:)``; ``AWSError``.
    package func plan<Plan: CopyPlan>(_ type: Plan.Type) async throws -> Plan {
        guard let input = try await states.describeExecution(arn).input,
            let json = try? JSONValue(parsing: Array(input.utf8)), let plan = try? Plan(executionInput: json)
        else { throw CopyExecutionError.notACopy(arn: arn, of: Plan.kind) }
        return plan
    }

    /// What came of a copy that has ended well.
    package struct Outcome<Total: CopyPartResult>: Sendable, Equatable {
        /// Of all parts together.
        package var total: Total
        package var elapsed: Duration?
    }

    /// Waits for the end, and balances the ledger.
    ///
    /// - Parameter report: gets how many parts have come how far, as soon as that is known.
    /// - Throws: ``CopyExecutionError``; ``CopyError/unbalanced(_:)``; ``AWSError``; `CancellationError`, after which the
    ///   execution goes on.
    package func follow<Plan: CopyPlan>(
        _ plan: Plan,
        report: @Sendable (MapRunCounts) -> Void
    ) async throws -> Outcome<Plan.Result> {
        var mapRun: String?
        while true {
            let execution = try await states.describeExecution(arn)
            if mapRun == nil { mapRun = try await states.listMapRuns(executionARN: arn).first }
            if let mapRun { report(try await states.mapRunCounts(mapRun)) }
            switch execution.status {
            case "SUCCEEDED": return try Self.balance(execution, plan)
            case "RUNNING": try await clock.sleep(.seconds(2))
            default: throw try await failure(execution, mapRun)
            }
        }
    }

    /// - Throws: ``CopyError/unbalanced(_:)`` unless every part has one result, in which everything is accounted for.
    static func balance<Plan: CopyPlan>(_ execution: ExecutionDescription, _ plan: Plan) throws -> Outcome<Plan.Result>
    {
        guard let output = execution.output.flatMap({ try? JSONValue(parsing: Array($0.utf8)) })?.array else {
            throw CopyExecutionError.noResults(arn: execution.arn)
        }
        var outcome = Outcome(total: Plan.Result(segment: 0))
        var missing = Set(0..<plan.partCount)
        var wrong: [String] = []
        let name = Plan.kind.partName
        for json in output {
            let result = try Plan.Result(json: json)
            if missing.remove(result.segment) == nil {
                wrong.append("\(name) \(result.segment): not asked for, or twice")
            }
            if !result.isBalanced { wrong.append("\(name) \(result.segment): \(result.equation)") }
            outcome.total += result
        }
        wrong += missing.sorted().map { "\(name) \($0): no result" }
        guard wrong.isEmpty else { throw CopyError.unbalanced(wrong) }
        if let start = execution.startDate, let stop = execution.stopDate {
            outcome.elapsed = .seconds(stop.timeIntervalSince(start))
        }
        return outcome
    }

    /// The execution's own words say no more than that a part has failed; those of the part say why.
    private func failure(_ execution: ExecutionDescription, _ mapRun: String?) async throws -> CopyExecutionError {
        var (error, cause) = (execution.error, execution.cause)
        if let mapRun, let child = try await states.failedExecution(ofMapRun: mapRun) {
            let part = try await states.describeExecution(child)
            error = part.error ?? error
            cause = part.cause ?? cause
        }
        // A function's error is JSON with its own message in it.
        let message = cause.flatMap { try? JSONValue(parsing: Array($0.utf8)) }?["errorMessage"]?.string ?? cause
        return .ended(
            arn: arn,
            status: execution.status,
            reason: [error, message].compactMap { $0 }.filter { !$0.isEmpty }.joined(separator: ": ")
        )
    }
}

/// Why a copy by Step Functions is not complete; one line, which says what to do.
package enum CopyExecutionError: Error, Sendable, Equatable, CustomStringConvertible {
    case notACopy(arn: String, of: CopyKind)
    case noResults(arn: String)
    /// It has failed, or was stopped.
    case ended(arn: String, status: String, reason: String)

    package var description: String {
        switch self {
        case .notACopy(let arn, let kind): "\(arn) is no execution of a copy of a \(kind.rawValue)"
        case .noResults(let arn): "\(arn) has ended without results: was its state machine made by deploy.sh sync?"
        case .ended(let arn, let status, let reason):
            "the copy \(arn) is \(status)" + (reason.isEmpty ? "" : ": \(OneLine.text(reason))")
        }
    }
}
