import AWSCore
import AWSTesting
import BackupCore
import FoundationEssentials
import Synchronization

@testable import SyncCore

/// Who makes the next step.
extension LiveTableSimulation {
    private enum Action {
        case resume(SteppedTasks.Waiter)
        case write
        case deliver(shard: Int)
        case copy(target: Int)
        case replay
        case kill(Int)
        /// The time of an invocation is over.
        case timeout(SteppedTasks.Waiter)
        case landLate
    }

    /// What makes steps: those of one line follow each other.
    private enum Line {
        static let writer = 1
        static let replay = 2
        static let late = 3
        static func shard(_ number: Int) -> Int { 10 + number }
        static func copy(_ target: Int) -> Int { 20 + target }
    }

    /// Runs the round on the calling thread.
    ///
    /// - Returns: what is wrong at its end; empty when nothing is.
    func run() -> [String] {
        go()
        state.withLock { $0.isCalm = true }
        note("calm")
        go()
        // Even without another replay: what live sync has brought last is there, whatever was broken off meanwhile.
        var wrong = differences(beforeReplay: true)
        dynamoDB.change { state in for target in plan.targets { state.tables[target.name]?.indexKeys = [] } }
        for _ in 0..<4 where !state.withLock({ $0.messages.isEmpty }) {
            state.withLock { state in
                for place in state.messages.indices { state.messages[place].isHidden = false }
            }
            startReplay()
            go()
        }
        if !state.withLock({ $0.messages.isEmpty }) { violate("replay leaves messages in the queue") }
        wrong += differences(beforeReplay: false)
        return wrong + state.withLock { $0.violations }
    }

    /// Makes steps until there is nothing more to do.
    private func go() {
        while true {
            for process in tasks.run() { ended(process) }
            guard !tasks.isStuck else { return violate("a process waits for ever") }
            let steps = state.withLock { state in
                state.steps += 1
                return state.steps
            }
            guard steps < 5_000 else { return violate("the round does not come to an end") }
            guard let action = next() else { return }
            perform(action)
        }
    }

    private func next() -> Action? {
        var actions: [(line: Int, action: Action)] = []
        let isCalm = state.withLock { $0.isCalm }
        let roles = state.withLock { $0.roles }
        let waiters = tasks.waiters
        for waiter in waiters {
            guard let role = roles[waiter.process] else { continue }
            if case .deadline = waiter.reason {
                if !isCalm, state.withLock({ $0.timeouts > 0 && draw(plan.timeouts, &$0) }) {
                    return .timeout(waiter)
                }
                continue
            }
            actions.append((Self.line(role), .resume(waiter)))
        }
        let running = tasks.running
        if !isCalm, let victim = victim(waiters, running) { return .kill(victim) }
        state.withLock { state in
            hold(waiters, roles, &state)
            for (number, shard) in state.shards.enumerated() where !shard.isBusy && shard.next < shard.records.count {
                actions.append((Line.shard(number), .deliver(shard: number)))
            }
            if plan.copiesHistory {
                for target in plan.targets.indices where !state.copied.contains(target) {
                    let isRunning = running.contains {
                        if case .copy(target)? = roles[$0] { true } else { false }
                    }
                    if !isRunning { actions.append((Line.copy(target), .copy(target: target))) }
                }
            }
            if !state.isCalm, state.messages.contains(where: { !$0.isHidden }),
                !running.contains(where: { if case .replay? = roles[$0] { true } else { false } }),
                plan.writesWhileHeld || draw(3, &state)
            {
                actions.append((Line.replay, .replay))
            }
            if !state.late.isEmpty, plan.trouble != .slowTarget || actions.isEmpty {
                actions.append((Line.late, .landLate))
            }
            if state.writes > 0, !plan.writesWhileHeld || state.mayWrite || actions.isEmpty {
                actions.append((Line.writer, .write))
            }
        }
        guard !actions.isEmpty else { return nil }
        return state.withLock { state in
            let lines = Set(actions.map(\.line)).sorted()
            if Int.random(in: 0..<100, using: &state.random) < plan.pauses {
                state.paused = lines.randomElement(using: &state.random)
            }
            if let paused = state.paused, lines != [paused] {
                actions.removeAll { $0.line == paused }
            } else {
                state.paused = nil
            }
            let same = actions.filter { $0.line == state.favourite }
            if !same.isEmpty, Int.random(in: 0..<100, using: &state.random) < plan.persistence {
                return same.randomElement(using: &state.random)?.action
            }
            state.favourite = Set(actions.map(\.line)).sorted().randomElement(using: &state.random) ?? 0
            return actions.filter { $0.line == state.favourite }.randomElement(using: &state.random)?.action
        }
    }

    /// Holds up, now and then, who is about to write what others may have changed since it was read.
    private func hold(_ waiters: [SteppedTasks.Waiter], _ roles: [Int: Role], _ state: inout State) {
        for waiter in waiters where waiter.id > state.decided {
            state.decided = waiter.id
            guard case .call(let name) = waiter.reason else { continue }
            let isRead = name == "GetItem"
            guard isRead || name == "PutItem" || name == "DeleteItem" else { continue }
            let chance = isRead ? plan.heldReads : plan.holds
            guard chance > 0, draw(chance, &state) else { continue }
            if name == "PutItem", state.freePuts < plan.freePuts {
                state.freePuts += 1
                continue
            }
            state.paused = roles[waiter.process].map(Self.line)
            state.mayWrite = true
        }
    }

    /// Whom it hits, most likely right after a write of its own.
    private func victim(_ waiters: [SteppedTasks.Waiter], _ running: [Int]) -> Int? {
        state.withLock { state in
            guard state.kills > 0 else { return nil }
            if plan.killsBetweenPages {
                return isBetweenPages(state.checkpoint) ? running.first(where: { isCopy($0, state) }) : nil
            }
            for waiter in waiters {
                guard case .answer(let name) = waiter.reason else { continue }
                if plan.isNarrow, case .invocation? = state.roles[waiter.process] { continue }
                let chance = Self.writes.contains(name) ? plan.killsAfterWrite : plan.killsAfterRead
                if chance > 0, draw(chance, &state) { return waiter.process }
            }
            return draw(40, &state) ? running.randomElement(using: &state.random) : nil
        }
    }

    private func isCopy(_ process: Int, _ state: State) -> Bool {
        if case .copy? = state.roles[process] { true } else { false }
    }

    private func isBetweenPages(_ checkpoint: CopyCheckpoint?) -> Bool {
        guard let position = checkpoint?.positions.first, position.counts.pages > 0, !position.isDone else {
            return false
        }
        let source = dynamoDB.table("Orders")
        return (0..<plan.keys).contains { number in
            let key = Self.key(number)
            return source[key] == nil && plan.targets.contains { dynamoDB.table($0.name)[key] != nil }
        }
    }

    private static let writes: Set<String> = ["PutItem", "DeleteItem", "BatchWriteItem", "SendMessageBatch"]

    private static func line(_ role: Role) -> Int {
        switch role {
        case .invocation(let shard, _, _): Line.shard(shard)
        case .copy(let target): Line.copy(target)
        case .replay: Line.replay
        }
    }

    /// Whether a chance of one in so many comes.
    func draw(_ limit: Int) -> Bool { state.withLock { draw(limit, &$0) } }

    func draw(_ limit: Int, _ state: inout State) -> Bool { Int.random(in: 0..<limit, using: &state.random) == 0 }

    private func perform(_ action: Action) {
        switch action {
        case .resume(let waiter):
            if case .time(let date) = waiter.reason { clock.now = max(clock.now, date) }
            tasks.resume(waiter)
        case .write:
            let isAll =
                plan.isCrowd || plan.killsBetweenPages || plan.policy == .ignore && plan.isNarrow
                || [.partialBatches, .halfBatches, .brokenQueue].contains(plan.trouble)
            let count = isAll ? .max : state.withLock { Int.random(in: 1...plan.burst, using: &$0.random) }
            for _ in 0..<min(count, state.withLock { $0.writes }) { write() }
        case .deliver(let shard): deliver(shard)
        case .copy(let target): startCopy(target)
        case .replay: startReplay()
        case .kill(let process):
            state.withLock { $0.kills -= 1 }
            meet("kills")
            note("kill \(process)")
            tasks.kill(process)
        case .timeout(let waiter):
            guard case .deadline(let date) = waiter.reason else { return }
            state.withLock { $0.timeouts -= 1 }
            meet("invocations out of time")
            note("timeout \(waiter.process)")
            state.withLock { _ = $0.troubled.insert(waiter.process) }
            clock.now = max(clock.now, date)
            tasks.resume(waiter)
            for process in tasks.run() { ended(process) }
            // Lambda waits a little longer, and then it is killed.
            guard tasks.running.contains(waiter.process) else { return }
            violate("an invocation is at work after its time")
            tasks.kill(waiter.process)
        case .landLate:
            let call = state.withLock { $0.late.removeFirst() }
            note("late \(call.operation)")
            carryOutNow(call.operation, call.body)
        }
    }

    private func ended(_ process: Int) {
        guard let role = state.withLock({ $0.roles.removeValue(forKey: process) }) else { return }
        switch role {
        case .invocation(let shard, let records, let end):
            // Its time may have gone by while others made their steps.
            if clock.now >= end { state.withLock { _ = $0.troubled.insert(process) } }
            answered(process, shard, records, state.withLock { $0.results.removeValue(forKey: process) })
        case .copy, .replay: break
        }
    }

    // MARK: Copies

    private func startCopy(_ number: Int) {
        let target = plan.targets[number]
        note("copy to \(target.name)")
        let process = tasks.start { [self] in
            do {
                try await copy(to: target)
                state.withLock { _ = $0.copied.insert(number) }
            } catch {
                if !tasks.isKilled { failed("the copy", error) }
            }
        }
        state.withLock { $0.roles[process] = .copy(target: number) }
    }

    private func failed(_ what: String, _ error: any Error) {
        note("\(what) failed: \(error)")
        let isTooMuch = state.withLock { state in
            state.copyAttempts += 1
            return state.isCalm || state.copyAttempts > 20
        }
        if isTooMuch { violate("\(what) fails: \(error)") }
    }

    private func copy(to target: Target) async throws {
        let client = client()
        guard let region = Region("us-east-1") else { return }
        let source = TableSide(table: "Orders", dynamoDB: DynamoDBClient(client: client, region: region))
        let side = TableSide(table: target.name, dynamoDB: DynamoDBClient(client: client, region: region))
        var options = TableCopy.Options()
        options.mode = .merge
        options.maximumInFlight = 2
        options.stallLimit = .seconds(1_000_000)
        options.filter = target.filter
        var disk = DiskCalls()
        disk.synchronize = { _ in 0 }
        disk.onAnotherThread = { $0() }
        let tables = try await CopyTables(source: source, target: side)
        let checkpoint = try CopyCheckpoint(
            path: "\(folder)/\(seed)-\(target.name)",
            identity: CopyIdentity(tables, options: options),
            segments: plan.segments,
            disk: disk
        )
        state.withLock { $0.checkpoint = checkpoint }
        if checkpoint.isResumed { meet("copies that went on") }
        _ = try await TableCopy(source: source, target: side, tables: tables, options: options, clock: copyClock)
            .run(checkpoint: checkpoint)
        checkpoint.remove()
    }

    private var copyClock: SyncClock {
        let (start, origin) = (clock.now, ContinuousClock.now)
        return SyncClock(
            now: { [clock] in origin + .seconds(clock.now.timeIntervalSince(start)) },
            sleep: { [self] in try await sleep($0) },
            random: { 0.5 }
        )
    }

    // MARK: Replays

    private func startReplay() {
        note("replay")
        meet("replays")
        state.withLock { if !$0.isCalm { $0.hasReplayedBesideWrites = true } }
        let process = tasks.start { [self] in
            let client = client()
            let clients = LiveClients(configuration, source: client, target: client) { _ in client }
            var report = ReplayReport()
            do {
                try await Replay(
                    clients,
                    records: SyncRecordStore(folder: folder + "/none"),
                    environment: AWSClient.Environment(sleep: { try await self.sleep($0) })
                ).run(into: &report)
                let left = report.left
                note("replayed: \(report.counts), left: \(left.map(\.reason))")
            } catch {
                if !tasks.isKilled { failed("the replay", error) }
            }
        }
        state.withLock { $0.roles[process] = .replay }
    }

    func sleep(_ duration: Duration) async throws {
        guard await tasks.wait(.time(clock.now.addingTimeInterval(duration / .seconds(1)))) else {
            throw CancellationError()
        }
    }
}
