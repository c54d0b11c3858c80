import AWSCore
import FoundationEssentials
import SyncCore
import Terminal

/// `sync bucket --engine step-functions`: a copy that the function does, part by part, told by a state machine.
struct BucketExecution {
    let remote: RemoteCopy
    /// The patterns of the command line, for the record; `nil` for none.
    let filter: String?

    /// - Parameter region: where the machine is.
    static func remote(
        _ command: BucketCommand,
        _ console: Console,
        _ client: AWSClient,
        _ region: Region
    ) -> BucketExecution {
        BucketExecution(
            remote: RemoteCopy(
                console: console,
                states: StepFunctionsClient(client: client, region: region),
                stateMachine: command.stateMachine,
                command: "sync bucket \(command.source) \(command.target) --engine step-functions",
                parts: "parts"
            ),
            filter: command.filters.text
        )
    }

    private var console: Console { remote.console }

    /// Finds out where to cut the source's keys, and starts.
    func start(_ settings: BucketCopySettings, _ source: BucketSide, parts: Int) async throws {
        let listing = BucketListing(s3: source.s3, bucket: source.bucket, prefix: source.prefix)
        let cuts = try await KeyCuts(listing).find(parts: parts) { [console] count in
            console.progress.update("Dividing \(source.name) into parts: \(HumanFormat.count(count)) so far")
        }
        console.progress.clear()
        let plan = BucketCopyPlan(settings, cuts: cuts)
        console.note("\(source.name) is copied in \(HumanFormat.count(plan.partCount)) parts.")
        try await follow(try await remote.start(plan), plan)
    }

    /// Follows a copy that was started before.
    func follow(_ arn: String, _ source: SyncLocation, _ target: SyncLocation) async throws {
        let (execution, plan) = try await remote.started(arn, BucketCopyPlan.self)
        let settings = plan.settings
        guard settings.source.name == source.description, settings.target.name == target.description else {
            throw CommandFailure(
                "\(arn) copies \(settings.source.name) into \(settings.target.name), and not the places given"
            )
        }
        try await follow(execution, plan)
    }

    private func follow(_ execution: CopyExecution, _ plan: BucketCopyPlan) async throws {
        let outcome = try await remote.follow(execution, plan)
        let counts = outcome.total.counts
        let settings = plan.settings
        try report(execution, settings, outcome)
        let end = Date()
        let missing = counts.failed + counts.archived
        SyncRecords.save(
            HistoryRecord(
                SyncPair(places: settings.source.name, settings.target.name),
                state: .finished,
                mode: settings.mergesWithLiveSync ? "merge" : "replace",
                filter: filter,
                startDate: outcome.elapsed.map { end.addingTimeInterval(-($0 / .seconds(1))) } ?? end,
                date: end,
                done: counts.listed - missing,
                total: counts.listed,
                failed: missing
            ),
            console
        )
        if missing > 0 { throw ExitStatus.failure }
    }

    /// - Throws: ``TextOutput/Failure``.
    private func report(
        _ execution: CopyExecution,
        _ settings: BucketCopySettings,
        _ outcome: CopyExecution.Outcome<BucketPartResult>
    ) throws {
        let counts = outcome.total.counts
        if console.format == .json { return try console.printJSON(json(execution, settings, outcome)) }
        let time = outcome.elapsed.map { " in \(HumanFormat.duration($0))" } ?? ""
        try console.print(
            "Copied \(HumanFormat.count(counts.copied)) objects (\(HumanFormat.bytes(counts.copiedBytes))) from"
                + " \(settings.source.name.escapedForTerminal) to \(settings.target.name.escapedForTerminal)\(time)."
        )
        try console.print("  Ledger    \(counts.equation)")
        if counts.extra > 0 {
            try console.print("  Target    \(HumanFormat.count(counts.extra)) objects are only there, and were kept")
        }
        if counts.conflicts + counts.slowDowns > 0 {
            try console.print(
                "  S3        \(HumanFormat.count(counts.conflicts)) times changed by others meanwhile, slowed down"
                    + " \(HumanFormat.count(counts.slowDowns)) times"
            )
        }
        try console.print("  Execution \(execution.arn)")
        if counts.failed > 0 {
            console.warn(
                "\(HumanFormat.count(counts.failed)) objects were not copied; the log of the function names each with the"
                    + " reason"
            )
        }
        if counts.archived > 0 {
            console.warn(
                "\(HumanFormat.count(counts.archived)) objects are archived and must be restored before they can be copied"
            )
        }
    }

    /// With the names that a copy by this program has.
    private func json(
        _ execution: CopyExecution,
        _ settings: BucketCopySettings,
        _ outcome: CopyExecution.Outcome<BucketPartResult>
    ) -> JSONValue {
        let counts = outcome.total.counts
        var object: JSONObject = [
            "executionArn": .string(execution.arn),
            "source": .string(settings.source.name),
            "target": .string(settings.target.name),
            "seconds": outcome.elapsed.flatMap { JSONNumber("\($0 / .seconds(1))") }.map { .number($0) } ?? .null,
            "complete": .bool(counts.failed + counts.archived == 0),
        ]
        for (name, count) in [
            ("sourceObjects", counts.listed), ("sourceBytes", counts.bytes), ("targetObjects", counts.there),
            ("transferredObjects", counts.copied), ("transferredBytes", counts.copiedBytes),
            ("unchanged", counts.equal), ("excluded", counts.excluded), ("onlyAtTarget", counts.extra),
            ("folderMarkers", counts.markers), ("vanished", counts.vanished), ("conflicts", counts.conflicts),
            ("takenBack", counts.takenBack), ("slowDowns", counts.slowDowns), ("archived", counts.archived),
            ("failed", counts.failed),
        ] { object[name] = .number(JSONNumber(count)) }
        return .object(object)
    }
}
