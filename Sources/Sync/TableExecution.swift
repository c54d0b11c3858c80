import AWSCore
import BackupCore
import FoundationEssentials
import SyncCore
import Terminal

/// `sync table --engine step-functions`: a copy that the function does, part by part, told by a state machine.
struct TableExecution {
    let console: Console
    let source: TableSide
    let target: TableSide
    /// Its name or ARN.
    let stateMachine: String
    /// What the same command needs to follow the copy later.
    let command: String

    /// Starts the copy that was prepared.
    func start(_ prepared: CopyPreparation.Prepared, roles: (source: String?, target: String?)) async throws {
        guard !prepared.checkpoint.isResumed else {
            throw CommandFailure(
                "a copy of these tables from this machine is under way (\(prepared.checkpoint.path)): end it with --engine"
                    + " local, or begin anew with --restart"
            )
        }
        // How far the parts are, the state machine knows.
        prepared.checkpoint.remove()
        let options = prepared.copy.options
        let plan = CopyPlan(
            identity: CopyIdentity(prepared.tables, options: options),
            segments: prepared.checkpoint.segmentCount,
            sourceRole: roles.source,
            targetRole: roles.target,
            expiryAttribute: options.expiryAttribute,
            consistentRead: options.consistentRead
        )
        let execution = try await CopyExecution.start(plan, stateMachineARN: try await machineARN(), states: states)
        console.note("Started \(execution.arn).")
        try await follow(execution, plan, dropped: prepared.dropped)
    }

    /// Follows a copy that was started before.
    func follow(_ arn: String) async throws {
        let execution = CopyExecution(arn, states: states)
        let plan = try await execution.plan()
        let tables = try await CopyTables(source: source, target: target)
        guard plan.identity.source.arn == tables.source.arn, plan.identity.target.arn == tables.target.arn else {
            throw CommandFailure(
                "\(arn) copies \(plan.identity.source.arn) into \(plan.identity.target.arn), and not the tables given"
            )
        }
        try await follow(execution, plan, dropped: [])
    }

    private func follow(_ execution: CopyExecution, _ plan: CopyPlan, dropped: [DroppedSetting]) async throws {
        let outcome: CopyExecution.Outcome
        do {
            defer { console.progress.clear() }
            outcome = try await execution.follow(plan) { counts in
                console.progress.update(Self.progress(counts))
            }
        } catch is CancellationError {
            throw CommandFailure.interrupted(hints: [
                "The copy goes on: \(execution.arn)",
                "To follow it: \(command) --execution \(execution.arn)",
                "To stop it: aws stepfunctions stop-execution --execution-arn \(execution.arn) --region \(states.region)",
            ])
        } catch let error as CopyExecutionError {
            guard case .ended = error else { throw error }
            throw CommandFailure(
                "\(error)",
                hints: [
                    "To go on once that is mended: aws stepfunctions redrive-execution --execution-arn \(execution.arn)"
                        + " --region \(states.region), then \(command) --execution \(execution.arn)"
                ]
            )
        }
        try report(execution, outcome, dropped)
        let end = Date()
        SyncRecords.save(
            HistoryRecord(
                SyncPair(tables: plan.identity.source.arn, plan.identity.target.arn),
                state: .finished,
                mode: plan.identity.mode.rawValue,
                filter: plan.identity.filter,
                startDate: outcome.elapsed.map { end.addingTimeInterval(-($0 / .seconds(1))) } ?? end,
                date: end,
                done: outcome.counts.read,
                total: outcome.counts.read,
                failed: outcome.counts.failed
            ),
            console
        )
        if outcome.counts.failed > 0 { throw ExitStatus.failure }
    }

    static func progress(_ counts: MapRunCounts) -> String {
        var text = "Copying: \(HumanFormat.count(counts.succeeded)) of \(HumanFormat.count(counts.total)) segments"
        if counts.total > 0 { text += " (\(HumanFormat.percent(counts.succeeded, of: counts.total)))" }
        text += ", \(HumanFormat.count(counts.running)) under way"
        if counts.failed > 0 { text += ", \(HumanFormat.count(counts.failed)) failed" }
        return text
    }

    /// - Throws: ``TextOutput/Failure``.
    private func report(_ execution: CopyExecution, _ outcome: CopyExecution.Outcome, _ dropped: [DroppedSetting])
        throws
    {
        let counts = outcome.counts
        if console.format == .json {
            return try console.printJSON(json(execution, outcome, dropped))
        }
        let time = outcome.elapsed.map { " in \(HumanFormat.duration($0))" } ?? ""
        try console.print(
            "Copied \(HumanFormat.count(counts.written)) items from \(source.name) into \(target.name) (\(target.region))"
                + "\(time)."
        )
        try console.print("  Ledger    \(counts.equation)")
        try console.print(
            "  Units     \(HumanFormat.count(Int(outcome.readUnits.rounded(.up)))) read,"
                + " \(HumanFormat.count(Int(outcome.writeUnits.rounded(.up)))) written,"
                + " throttled \(HumanFormat.count(outcome.throttled)) times"
        )
        try TableReport.printSettled(counts, console)
        try console.print("  Execution \(execution.arn)")
        TableReport.note(dropped, console)
        if counts.failed > 0 {
            console.warn(
                "DynamoDB refused \(HumanFormat.count(counts.failed)) items; the log of the function names each with the reason"
            )
        }
    }

    private func json(
        _ execution: CopyExecution,
        _ outcome: CopyExecution.Outcome,
        _ dropped: [DroppedSetting]
    ) -> JSONValue {
        func number(_ value: Double) -> JSONValue { JSONNumber("\(value)").map { .number($0) } ?? .null }
        var object: JSONObject = [
            "executionArn": .string(execution.arn),
            "readUnits": number(outcome.readUnits),
            "writeUnits": number(outcome.writeUnits),
            "throttled": .number(JSONNumber(outcome.throttled)),
            "seconds": outcome.elapsed.map { number($0 / .seconds(1)) } ?? .null,
            "dropped": .array(dropped.map(\.json)),
        ]
        for (name, path) in CopyCounts.members { object[name] = .number(JSONNumber(outcome.counts[keyPath: path])) }
        return .object(object)
    }

    /// The machine lies where the source lies, in the account of whoever speaks to the source.
    private func machineARN() async throws -> String {
        if ARN(stateMachine) != nil { return stateMachine }
        let identity = try await STSClient(source.dynamoDB.client, region: source.region).getCallerIdentity()
        let partition = ARN(identity.arn)?.partition ?? "aws"
        return "arn:\(partition):states:\(source.region):\(identity.account):stateMachine:\(stateMachine)"
    }

    private var states: StepFunctionsClient {
        StepFunctionsClient(client: source.dynamoDB.client, region: source.region)
    }
}
