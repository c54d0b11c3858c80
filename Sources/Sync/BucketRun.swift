import AWSCore
import FoundationEssentials
import SyncCore
import Terminal

/// Runs a bucket sync and tells of it.
struct BucketRun {
    let console: Console
    let source: SyncSide
    let target: SyncSide
    let options: BucketSyncOptions
    /// The patterns of the command line, for the record; `nil` for none.
    let filter: String?

    func run() async throws {
        let started = ContinuousClock.now
        let history = options.isDryRun ? nil : beginHistory()
        let progress = SyncProgress { [console] snapshot in
            history?.update(
                done: snapshot.doneObjects,
                total: snapshot.isListed ? snapshot.plannedObjects : nil,
                failed: snapshot.failed
            )
            console.progress.update(BucketProgressText.line(snapshot, elapsed: ContinuousClock.now - started))
        }
        let sync = BucketSync(source: source, target: target, options: options) { [console] event in
            BucketRun.tell(event, console)
        }
        let report: BucketSyncReport
        do {
            defer { console.progress.clear() }
            report = try await sync.run(progress: progress)
        } catch is CancellationError {
            let done = progress.snapshot
            throw CommandFailure.interrupted(hints: [
                "\(HumanFormat.count(done.doneObjects)) objects were dealt with, and none is half there. The same command"
                    + " goes on from here."
            ])
        }
        if let history {
            let failed = report.failed + report.archived
            do { try history.finish(done: report.listed.sourceObjects - failed, failed: failed) } catch {
                console.warn("what was done is not noted for sync status: \(error)")
            }
        }
        let text = BucketReport(
            report: report,
            source: source.name,
            target: target.name,
            options: options,
            elapsed: ContinuousClock.now - started
        )
        switch console.format {
        case .json: try console.printJSON(text.json)
        case .text: try text.print(to: console)
        }
        if !report.isComplete { throw ExitStatus.failure }
    }

    /// A copy goes on without its record.
    private func beginHistory() -> RunningHistory? {
        do {
            return try RunningHistory(
                SyncPair(places: source.name, target.name),
                mode: options.mergesWithLiveSync ? "merge" : "replace",
                filter: filter,
                store: SyncRecords.store
            )
        } catch {
            console.warn("nothing is noted for sync status: \(error)")
            return nil
        }
    }

    private static func tell(_ event: BucketSync.Event, _ console: Console) {
        switch event {
        case .problem(let problem): console.warn("\(problem.path): \(problem.message)")
        case .abortedUploads(let count):
            console.note(
                "Aborted \(HumanFormat.count(count)) uploads in parts that an earlier run was killed in, or could not end."
            )
        case .unreadableUploads(let journal): console.warn("\(journal)")
        case .wouldTransfer(let key, let bytes):
            guard console.format == .text else { return }
            try? console.print("would copy   \(key.escapedForTerminal) (\(HumanFormat.bytes(bytes)))")
        case .wouldDelete(let key):
            guard console.format == .text else { return }
            try? console.print("would delete \(key.escapedForTerminal)")
        }
    }
}

/// The progress line of a bucket sync.
enum BucketProgressText {
    static func line(_ snapshot: SyncProgress.Snapshot, elapsed: Duration) -> String {
        let seconds = max(elapsed / .seconds(1), 0.001)
        var line = "Listed \(HumanFormat.count(snapshot.listed.sourceObjects))"
        line += snapshot.isListed ? "" : " so far"
        line += "; copied \(HumanFormat.count(snapshot.doneObjects)) of \(HumanFormat.count(snapshot.plannedObjects))"
        line += ", \(HumanFormat.bytes(snapshot.doneBytes)) of \(HumanFormat.bytes(snapshot.plannedBytes))"
        line += ", \(HumanFormat.count(Int(Double(snapshot.doneObjects) / seconds)))/s"
        line += ", \(HumanFormat.bytes(Int(Double(snapshot.movedBytes) / seconds)))/s"
        if let left = secondsLeft(snapshot, seconds: seconds) {
            line += ", \(HumanFormat.duration(.seconds(left))) left"
        }
        if snapshot.failed > 0 { line += ", \(HumanFormat.count(snapshot.failed)) failed" }
        if snapshot.deleted > 0 { line += ", \(HumanFormat.count(snapshot.deleted)) deleted" }
        return line
    }

    /// By objects or by bytes, whichever takes longer; known only once all is listed.
    private static func secondsLeft(_ snapshot: SyncProgress.Snapshot, seconds: Double) -> Double? {
        guard snapshot.isListed, snapshot.doneObjects > 0, snapshot.doneObjects < snapshot.plannedObjects else {
            return nil
        }
        let byObjects = seconds * Double(snapshot.plannedObjects) / Double(snapshot.doneObjects) - seconds
        guard snapshot.movedBytes > 0 else { return byObjects }
        let bytesLeft = max(0, snapshot.plannedBytes - snapshot.movedBytes)
        return max(byObjects, seconds * Double(bytesLeft) / Double(snapshot.movedBytes))
    }
}
