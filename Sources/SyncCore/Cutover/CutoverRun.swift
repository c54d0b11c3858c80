internal import AWSCore

package import struct FoundationEssentials.Date

/// Walks through a cut-over, step by step, and ends with a report that says whether it is safe.
///
/// It writes nothing but canaries, which it takes away again, and repairs nothing. The first step that fails ends it; the
/// same again begins anew, because what was true a while ago proves nothing now.
package struct CutoverRun: Sendable {
    package struct Options: Sendable {
        package var sendsCanaries = true
        /// How long an application's last change may take to be seen in CloudWatch and in the queues' numbers.
        package var settle = Duration.seconds(180)
        /// How long a canary, and the end of the lag, is waited for.
        package var timeout = Duration.seconds(900)
        /// Between two readings of what looks different.
        package var verificationSettle = Duration.seconds(5)
        package var temporaryDirectory = "/tmp"

        package init() {}
    }

    /// What the run asks and tells its caller.
    package struct Observer: Sendable {
        /// A step begins.
        package var begin: @Sendable (String) -> Void
        /// Something to show while a step takes its time.
        package var note: @Sendable (String) -> Void
        /// A step has ended.
        package var end: @Sendable (CutoverReport.Step) -> Void
        /// Asks the operator to stop everything that writes to the sources; gives what is to be said of the answer in the
        /// report, `nil` when the answer is no.
        package var writersAreStopped: @Sendable () async throws -> String?

        package init(
            begin: @escaping @Sendable (String) -> Void = { _ in },
            note: @escaping @Sendable (String) -> Void = { _ in },
            end: @escaping @Sendable (CutoverReport.Step) -> Void = { _ in },
            writersAreStopped: @escaping @Sendable () async throws -> String?
        ) {
            self.begin = begin
            self.note = note
            self.end = end
            self.writersAreStopped = writersAreStopped
        }
    }

    static let lastStep = "No change since"

    let clients: LiveClients
    let records: SyncRecordStore
    let options: Options
    let clock: SyncClock
    let now: @Sendable () -> Date

    package init(
        _ clients: LiveClients,
        records: SyncRecordStore,
        options: Options = Options(),
        clock: SyncClock = SyncClock(),
        now: @escaping @Sendable () -> Date = { Date() }
    ) {
        self.clients = clients
        self.records = records
        self.options = options
        self.clock = clock
        self.now = now
    }

    /// A step that failed, with what is wrong and what to do.
    private struct Failure: Error {
        var details: [String]
    }

    /// Goes through all steps, or up to the first that fails.
    ///
    /// - Parameter report: gets each step as it ends; whatever is thrown, it says how far the run came.
    /// - Throws: `CancellationError`, with canaries taken away. What AWS refuses is a failed step and not an error.
    package func run(into report: inout CutoverReport, observer: Observer) async throws {
        defer { report.endDate = now() }
        let log: CanaryLog
        do throws(CheckpointError) {
            log = try CanaryLog(path: "\(records.folder)/\(clients.names.name).cutover")
        } catch {
            return end(&report, observer, "Deployment", now(), .failed, ["\(error)"])
        }
        let canary = Canary(clients: clients, log: log, timeout: options.timeout, clock: clock)
        guard
            try await step(
                "Deployment",
                &report,
                observer,
                { report in try await deployment(canary, &report, observer) }
            ),
            try await step("Canaries", &report, observer, { _ in try await canaries(canary, observer) }),
            try await step(
                "Writers stopped",
                &report,
                observer,
                { _ in
                    guard let answer = try await observer.writersAreStopped() else {
                        throw Failure(details: ["the writers are not stopped; stop them, and run sync cutover again"])
                    }
                    return [answer]
                }
            )
        else { return }
        var watch: [SourceWatch] = []
        guard
            try await step(
                "Last changes",
                &report,
                observer,
                { _ in
                    watch = try await watches()
                    return try await canaries(canary, observer)
                }
            )
        else { return }
        let watched = watch
        try await withThrowingTaskGroup(of: Void.self) { group in
            // A stream's iterators live for fifteen minutes, and a comparison may take hours.
            group.addTask {
                while true {
                    try await clock.sleep(.seconds(240))
                    for watch in watched { await watch.look() }
                }
            }
            defer { group.cancelAll() }
            guard try await step("Lag zero", &report, observer, { _ in try await waitUntilQuiet(observer) }),
                try await step("Both sides equal", &report, observer, { try await verify(&$0, observer) })
            else { return }
            _ = try await step(Self.lastStep, &report, observer) { _ in try await nothingHasChanged(watched) }
        }
    }

    // MARK: Steps

    private func step(
        _ name: String,
        _ report: inout CutoverReport,
        _ observer: Observer,
        _ body: (inout CutoverReport) async throws -> [String]?
    ) async throws -> Bool {
        try Task.checkCancellation()
        observer.begin(name)
        let start = now()
        do {
            let details = try await body(&report)
            end(
                &report,
                observer,
                name,
                start,
                details == nil ? .skipped : .passed,
                details ?? ["left out by --no-canary"]
            )
            return true
        } catch is CancellationError {
            throw CancellationError()
        } catch let failure as Failure {
            end(&report, observer, name, start, .failed, failure.details)
        } catch {
            try Task.checkCancellation()
            end(&report, observer, name, start, .failed, ["\(error)"])
        }
        return false
    }

    private func end(
        _ report: inout CutoverReport,
        _ observer: Observer,
        _ name: String,
        _ start: Date,
        _ result: CutoverReport.Result,
        _ details: [String]
    ) {
        let step = CutoverReport.Step(name: name, result: result, startDate: start, endDate: now(), details: details)
        report.steps.append(step)
        observer.end(step)
    }

    /// Live sync is deployed and enabled, nothing has failed, no copy is under way, and the last comparison has found
    /// nothing that would make the writers wait for a comparison that fails.
    ///
    /// A lag that CloudWatch does not tell yet, or that is large, is waited for: while others write, figures come and go.
    private func deployment(
        _ canary: Canary,
        _ report: inout CutoverReport,
        _ observer: Observer
    ) async throws -> [String] {
        let limits = CutoverLimits()
        let start = clock.now()
        var status = await SyncStatus.read(clients, records: records, now: now)
        while true {
            try Task.checkCancellation()
            var (wrong, late): ([String], [String]) = ([], [])
            for mapping in status.mappings {
                var withoutLag = mapping.live
                withoutLag.lag = .value(0)
                let lasting = limits.live(withoutLag, mapping.pair) + limits.beforeWritersStop(mapping, now: now())
                wrong += lasting.map { "\(mapping.pair): \($0)" }
                late += limits.live(mapping.live, mapping.pair).filter { !lasting.contains($0) }
                    .map { "\(mapping.pair): \($0)" }
            }
            if wrong.isEmpty, let reason = late.first, clock.now() - start < options.timeout {
                observer.note(reason)
                try await clock.sleep(min(.seconds(10), max(.seconds(1), options.settle / 5)))
                status = await SyncStatus.read(clients, records: records, now: now)
                continue
            }
            guard wrong.isEmpty, late.isEmpty else { throw Failure(details: wrong + late) }
            break
        }
        var details = [
            "\(status.mappings.count) mapping\(status.mappings.count == 1 ? "" : "s") followed, no failed changes"
        ]
        details += try await canary.removeLeftovers()
        for (region, function) in clients.tableRegions.map({ ($0, clients.names.tableFunction) })
            + clients.bucketRegions.map({ ($0, clients.names.bucketFunction) })
        {
            let configuration = try await clients.lambda(region).getFunctionConfiguration(function)
            report.functionHashes.append(("\(region)/\(function)", configuration.codeSHA256 ?? "unknown"))
        }
        return details
    }

    /// - Returns: `nil` when none were to be sent.
    private func canaries(_ canary: Canary, _ observer: Observer) async throws -> [String]? {
        guard options.sendsCanaries else { return nil }
        var details: [String] = []
        var failed: [String] = []
        try await withThrowingTaskGroup(of: (Int, SyncPair, CanaryResult).self) { group in
            var runs: [@Sendable () async throws -> (SyncPair, CanaryResult)] = []
            for mapping in clients.configuration.tables {
                for target in mapping.targets {
                    runs.append { (SyncPair(mapping, target), try await canary.run(mapping, target)) }
                }
            }
            for mapping in clients.configuration.buckets {
                runs.append { (SyncPair(mapping), try await canary.run(mapping)) }
            }
            for (place, run) in runs.enumerated() {
                group.addTask {
                    let (pair, result) = try await run()
                    return (place, pair, result)
                }
            }
            var results: [(Int, SyncPair, CanaryResult)] = []
            for try await result in group {
                results.append(result)
                observer.note("\(results.count) of \(runs.count) canaries")
            }
            for (_, pair, result) in results.sorted(by: { $0.0 < $1.0 }) {
                switch result {
                case .passed(let seconds, let name):
                    let milliseconds = Int((seconds * 1_000).rounded())
                    details.append("\(pair): \(name) came after \(milliseconds) ms, and went again")
                case .skipped(let reason): details.append("\(pair): NO CANARY: \(reason)")
                case .failed(let reason): failed.append("\(pair): \(reason)")
                }
            }
        }
        guard failed.isEmpty else {
            throw Failure(
                details: details + failed + ["see sync status and the function's log; then run sync cutover again"]
            )
        }
        return details
    }

    // MARK: Lag zero

    /// Waits until nothing is on its way: no failure, empty queues, and for as long as the figures are late nothing but
    /// fresh changes, which after the writers have stopped are those of canaries and of DynamoDB itself.
    private func waitUntilQuiet(_ observer: Observer) async throws -> [String] {
        let reader = LiveStatusReader(clients, now: now)
        let start = (clock.now(), now())
        var reasons: [String] = []
        repeat {
            try Task.checkCancellation()
            let tables = await reader.tables()
            let buckets = await reader.buckets()
            try Task.checkCancellation()
            let isReadable = clock.now() - start.0 >= options.settle
            reasons = Self.unquiet(tables, buckets)
            if reasons.isEmpty, isReadable {
                let errors = await reader.errors(since: start.1)
                if errors.isEmpty {
                    return ["queues empty and lag below \(Int(CutoverLimits().lag)) s, seen after \(settleText)"]
                }
                reasons = errors
            }
            observer.note(reasons.first ?? "quiet so far; waiting \(settleText) for what CloudWatch tells late")
            try await clock.sleep(min(.seconds(10), max(.seconds(1), options.settle / 5)))
        } while clock.now() - start.0 < options.timeout + options.settle
        throw Failure(
            details: reasons + ["live sync does not come to an end; see sync status, then run sync cutover again"]
        )
    }

    private var settleText: String { CutoverLimits.duration(options.settle / .seconds(1)) }

    private static func unquiet(
        _ tables: [SyncPair: LiveStatus],
        _ buckets: [SyncPair: LiveStatus]
    ) -> [String] {
        var reasons: [String] = []
        for (pair, live) in tables.merging(buckets, uniquingKeysWith: { first, _ in first }) {
            reasons += CutoverLimits().live(live, pair).map { "\(pair): \($0)" }
            if let waiting = live.waiting?.value, waiting > 0 { reasons.append("\(pair): \(waiting) events wait") }
        }
        return reasons.sorted()
    }

    // MARK: Both sides equal

    private func verify(_ report: inout CutoverReport, _ observer: Observer) async throws -> [String] {
        var details: [String] = []
        var wrong: [String] = []
        for mapping in clients.configuration.tables {
            for target in mapping.targets {
                let pair = SyncPair(mapping, target)
                observer.note("comparing \(pair)")
                let record = try await verify(mapping, target, pair)
                take(record, target.filter?.expression, &report, &details, &wrong)
            }
        }
        for mapping in clients.configuration.buckets {
            let pair = SyncPair(mapping)
            observer.note("comparing \(pair)")
            var options = BucketVerification.Options()
            options.settle = self.options.verificationSettle
            options.temporaryDirectory = self.options.temporaryDirectory
            let start = now()
            let result = try await BucketVerification(
                source: .bucket(clients.source(mapping)),
                target: .bucket(clients.target(mapping)),
                options: options,
                clock: clock
            ).run { _ in }
            take(
                VerificationRecord(pair, result, filter: nil, startDate: start, endDate: now()),
                nil,
                &report,
                &details,
                &wrong
            )
        }
        guard wrong.isEmpty else { throw Failure(details: details + wrong) }
        return details
    }

    private func verify(
        _ mapping: TableMapping,
        _ target: TableTarget,
        _ pair: SyncPair
    ) async throws -> VerificationRecord {
        let (source, side) = (clients.source(mapping.source), clients.target(target))
        var options = TableVerification.Options()
        options.filter = target.filter
        options.settle = self.options.verificationSettle
        options.temporaryDirectory = self.options.temporaryDirectory
        let start = now()
        let result = try await TableVerification(source: source, target: side, options: options, clock: clock)
            .run(CopyTables(source: source, target: side)) { _ in }
        return VerificationRecord(
            pair,
            result,
            filter: target.filter?.expression,
            startDate: start,
            endDate: now()
        )
    }

    private func take(
        _ record: VerificationRecord,
        _ filter: String?,
        _ report: inout CutoverReport,
        _ details: inout [String],
        _ wrong: inout [String]
    ) {
        report.verifications.append(record)
        do throws(CheckpointError) { try records.save(record) } catch {
            // What sync status shows; the report has it in any case.
            details.append("\(record.pair): what came of it could not be noted for sync status: \(error)")
        }
        guard !record.proves(filter) else {
            return details.append("\(record.pair): EQUAL, \(record.equal) compared")
        }
        let kind = record.pair.kind.rawValue
        wrong.append(
            "\(record.pair): \(record.verdict): \(record.missing) missing, \(record.extra) only at the target,"
                + " \(record.different) different, \(record.undecided) undecided; run sync verify \(kind)"
                + " \(record.pair.source) \(record.pair.target), which names each, and repairs with --repair"
        )
    }
}
