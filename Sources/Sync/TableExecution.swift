import AWSCore
import BackupCore
import FoundationEssentials
import SyncCore
import Terminal

/// `sync table --engine step-functions`: a copy that the function does, part by part, told by a state machine.
struct TableExecution {
    let remote: RemoteCopy
    let source: TableSide
    let target: TableSide

    init(console: Console, source: TableSide, target: TableSide, stateMachine: String, command: String) {
        remote = RemoteCopy(
            console: console,
            states: StepFunctionsClient(client: source.dynamoDB.client, region: source.region),
            stateMachine: stateMachine,
            command: command,
            parts: "segments"
        )
        self.source = source
        self.target = target
    }

    private var console: Console { remote.console }

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
        let plan = TableCopyPlan(
            identity: CopyIdentity(prepared.tables, options: options),
            segments: prepared.checkpoint.segmentCount,
            sourceRole: roles.source,
            targetRole: roles.target,
            expiryAttribute: options.expiryAttribute,
            consistentRead: options.consistentRead
        )
        try await follow(try await remote.start(plan), plan, dropped: prepared.dropped)
    }

    /// Follows a copy that was started before.
    func follow(_ arn: String) async throws {
        let (execution, plan) = try await remote.started(arn, TableCopyPlan.self)
        let tables = try await CopyTables(source: source, target: target)
        guard plan.identity.source.arn == tables.source.arn, plan.identity.target.arn == tables.target.arn else {
            throw CommandFailure(
                "\(arn) copies \(plan.identity.source.arn) into \(plan.identity.target.arn), and not the tables given"
            )
        }
        try await follow(execution, plan, dropped: [])
    }

    private func follow(_ execution: CopyExecution, _ plan: TableCopyPlan, dropped: [DroppedSetting]) async throws {
        let outcome = try await remote.follow(execution, plan)
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
                done: outcome.total.counts.read,
                total: outcome.total.counts.read,
                failed: outcome.total.counts.failed
            ),
            console
        )
        if outcome.total.counts.failed > 0 { throw ExitStatus.failure }
    }

    /// - Throws: ``TextOutput/Failure``.
    private func report(
        _ execution: CopyExecution,
        _ outcome: CopyExecution.Outcome<TablePartResult>,
        _ dropped: [DroppedSetting]
    )
        throws
    {
        let counts = outcome.total.counts
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
            "  Units     \(HumanFormat.count(Int(outcome.total.readUnits.rounded(.up)))) read,"
                + " \(HumanFormat.count(Int(outcome.total.writeUnits.rounded(.up)))) written,"
                + " throttled \(HumanFormat.count(outcome.total.throttled)) times"
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
        _ outcome: CopyExecution.Outcome<TablePartResult>,
        _ dropped: [DroppedSetting]
    ) -> JSONValue {
        func number(_ value: Double) -> JSONValue { JSONNumber("\(value)").map { .number($0) } ?? .null }
        var object: JSONObject = [
            "executionArn": .string(execution.arn),
            "readUnits": number(outcome.total.readUnits),
            "writeUnits": number(outcome.total.writeUnits),
            "throttled": .number(JSONNumber(outcome.total.throttled)),
            "seconds": outcome.elapsed.map { number($0 / .seconds(1)) } ?? .null,
            "dropped": .array(dropped.map(\.json)),
        ]
        for (name, path) in CopyCounts.members {
            object[name] = .number(JSONNumber(outcome.total.counts[keyPath: path]))
        }
        return .object(object)
    }
}
