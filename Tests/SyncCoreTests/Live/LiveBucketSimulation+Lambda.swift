import AWSCore
import AWSTesting
import FoundationEssentials
import Synchronization

@testable import SyncCore

/// The queue, the function and the history copy.
extension LiveBucketSimulation {
    struct Message: Sendable {
        var number = 0
        var body: String
        /// Whether it is in the queue, or an event that S3, a topic or EventBridge brings by itself.
        var isQueued: Bool
        /// What it is about; `nil` for one that cannot be worked on.
        var key: String?
        var receives = 0
    }

    /// A run of the function, or of the history copy.
    struct Invocation: Sendable {
        var task: Task<Void, Never>?
        var isKilled = false
        var isHistory = false
        var callCount = 0
        var killedAt: Int?
        /// When nothing new is begun.
        var end: Date?
        /// Whether it could not know of an upload, or not end it.
        var mayLeaveUploads = false
        /// What it was told of last; no ETag for no object.
        var seen: [Place: String?] = [:]
        /// What S3 is, or was, busy with.
        var calls: [Task<Void, Never>] = []
    }

    static let maximumReceives = 40

    // MARK: The queue

    /// Adds a message, and sees to it that somebody looks into the queue then.
    func enqueue(_ message: Message, after seconds: Double? = nil) {
        // Of a scene, live sync is told at once.
        let wait =
            seconds ?? (plan.scene == nil && chance(20) ? self.seconds(0..<100) : Double(number(0..<1_000)) / 1_000)
        var message = message
        if message.number == 0 {
            message.number = state.withLock { state in
                state.lastMessage += 1
                return state.lastMessage
            }
        }
        Self.$landing.withValue(nil) {
            Self.$invocation.withValue(nil) {
                _ = Task(executorPreference: time) { [self, message] in
                    try? await time.sleep(wait)
                    state.withLock { $0.queue.append(message) }
                    // Others may come to lie beside it.
                    if plan.scene != nil || chance(30) { try? await time.sleep(Double(number(0..<1_000)) / 1_000) }
                    await deliver()
                }
            }
        }
    }

    /// Hands some messages to the function, in any order.
    private func deliver() async {
        let messages = state.withLock { state -> [Message] in
            state.queue.shuffle(using: &state.random)
            guard let first = state.queue.popLast() else { return [] }
            guard first.isQueued else { return [first] }
            var batch = [first]
            for index in state.queue.indices.reversed() where state.queue[index].isQueued && batch.count < 3 {
                batch.append(state.queue.remove(at: index))
            }
            return batch
        }
        guard !messages.isEmpty else { return }
        let failed = await invoke(with: messages)
        trace("messages \(messages.map(\.number)), again \(failed.map { "\($0)" } ?? "all")")
        check(messages, failed)
        for var message in messages {
            message.receives += 1
            if failed?.contains(message.number) ?? true {
                met("messages again")
                let isOver = message.key == nil || state.withLock { $0.isSourceLost }
                // What cannot be worked on goes to the queue of failures in the end, where somebody sees it.
                if isOver, message.receives >= 2 { continue }
                guard message.receives < Self.maximumReceives else {
                    violation("message \(message.number) about \(message.key ?? "?") comes again and again")
                    continue
                }
                enqueue(message)
            } else if message.receives < 3, chance(8) {
                // At least once: it was worked on, and comes again.
                met("duplicates")
                enqueue(message)
            }
        }
    }

    /// - Parameter failed: `nil` when all of it comes again.
    private func check(_ messages: [Message], _ failed: Set<Int>?) {
        guard let failed else { return }
        for message in messages where message.key == nil && !failed.contains(message.number) {
            violation("nobody was told of what cannot be worked on: \(message.body)")
        }
        for message in messages where message.key != nil && failed.contains(message.number) {
            // As bytes: two of the keys are the same as strings.
            let key = message.key.map { FakeS3Key($0) }
            for other in messages where other.key.map({ FakeS3Key($0) }) == key && !failed.contains(other.number) {
                violation("\(message.key ?? "") failed, and one of its messages was taken for done")
            }
        }
    }

    /// - Returns: the messages that come again; `nil` for all, as after an error or no answer.
    private func invoke(with messages: [Message]) async -> Set<Int>? {
        let event: BucketEvent
        let text =
            messages.first?.isQueued == false
            ? messages[0].body : BucketEvents.queue(messages.map(\.body)).text()
        do {
            event = try BucketEvent(parsing: Array(text.utf8))
        } catch {
            return nil
        }
        // One for each invocation at a time, and used again as long as it lives.
        let live = functions.withLock { $0.popLast() } ?? makeFunction()
        let isFirst = state.withLock { $0.lastInvocation == 0 }
        let usual =
            trouble(plan.shortTimes, "short times") ? [0, seconds(0..<10), seconds(0..<60)][number(0..<3)] : 900
        let remaining = isFirst ? plan.scene?.time ?? usual : usual
        let deadline = time.now.addingTimeInterval(remaining)
        let answer = Mutex<[UInt8]?>(nil)
        trace("messages \(messages.map(\.number)) for \(remaining) seconds")
        let isKilled = await start(killedIn: plan.kills, end: deadline.addingTimeInterval(-min(2, remaining / 4))) {
            [self] in
            let result = await live.apply(event, deadline: deadline)
            count(result)
            // A second is what the handler keeps for the answer.
            if time.now > deadline.addingTimeInterval(1), !isDead() {
                violation("the function was still busy when Lambda ended it")
            }
            answer.withLock { $0 = try? result.answer(to: event) }
        }
        guard !isKilled else { return nil }
        functions.withLock { $0.append(live) }
        return answer.withLock { $0 }.flatMap { failures($0, among: messages) }
    }

    /// What Lambda makes of an answer.
    private func failures(_ answer: [UInt8], among messages: [Message]) -> Set<Int>? {
        guard let list = try? JSONValue(parsing: answer)["batchItemFailures"]?.array else { return [] }
        var failed: Set<Int> = []
        for item in list {
            let places = messages.indices.filter { item["itemIdentifier"]?.string == "m\($0)" }
            guard let place = places.first else { return nil }
            failed.insert(messages[place].number)
        }
        return failed
    }

    private func count(_ result: LiveBucketSync.Result) {
        for figures in result.figures {
            met("copies", figures.copied)
            met("deletions", figures.deleted)
            met("taggings", figures.tagged)
            met("unchanged", figures.unchanged)
        }
        met("cut off", result.unfinishedCount)
    }

    // MARK: Invocations

    private func isDead() -> Bool {
        state.withLock { state in Self.invocation.flatMap { state.invocations[$0]?.isKilled } ?? false }
    }

    /// Starts something that may be killed, and waits until S3 has done with its calls, too.
    ///
    /// - Parameter waitsForS3: `false` for who does not wait so long before it is made again.
    /// - Returns: whether it was killed.
    func start(
        killedIn percent: Int,
        end: Date? = nil,
        isHistory: Bool = false,
        waitsForS3: Bool = true,
        _ body: @escaping @Sendable () async -> Void
    ) async -> Bool {
        let isToBeKilled = trouble(percent, "kills planned")
        let number = state.withLock { state in
            state.lastInvocation += 1
            var invocation = Invocation()
            invocation.end = end
            invocation.isHistory = isHistory
            if isToBeKilled { invocation.killedAt = Int.random(in: 1..<16, using: &state.random) }
            state.invocations[state.lastInvocation] = invocation
            return state.lastInvocation
        }
        let gate = Gate()
        let task = Self.$invocation.withValue(number) {
            Task(executorPreference: time) {
                try? await gate.pass()
                await body()
            }
        }
        state.withLock { $0.invocations[number]?.task = task }
        gate.open()
        await task.value
        let (isKilled, calls) = state.withLock { state in
            (state.invocations[number]?.isKilled ?? false, state.invocations[number]?.calls ?? [])
        }
        // A message comes again, and a copy is begun again, when all that is long over.
        if waitsForS3 { for call in calls { await call.value } }
        return isKilled
    }

    private func makeFunction() -> LiveBucketSync {
        LiveBucketSync(
            configuration,
            connections: connections,
            environment: environment,
            options: options,
            waitUntil: { [time] date in try await time.sleep(date.timeIntervalSince(time.now)) }
        )
    }

    var connections: BucketConnections {
        BucketConnections(configuration, own: client()) { client(accessKeyID: $0) }
    }

    private var environment: AWSClient.Environment {
        AWSClient.Environment(
            now: { [time] in time.now },
            sleep: { [time] in try await time.sleep($0 / .seconds(1)) },
            random: { 0.5 }
        )
    }

    func client(accessKeyID: String = "AKIAEXAMPLE0") -> AWSClient {
        AWSClient(
            configuration: fake.client(accessKeyID: accessKeyID, maximumAttempts: 2).configuration,
            transport: Wire(simulation: self),
            environment: environment
        )
    }

    /// Sizes at which everything happens that large objects know.
    var options: BucketSyncOptions {
        var options = BucketSyncOptions()
        options.multipartCopyThreshold = 20
        options.copyPartSize = 10
        options.streamPartThreshold = 20
        options.partSize = 10
        options.partsAtOnce = 3
        return options
    }

    // MARK: History

    /// Merges what was there before into the targets; a copy that breaks off is begun again, as a user does.
    func copyHistory() async {
        let deletes = state.withLock { $0.hasLeftovers } || chance(50)
        for mapping in configuration.buckets {
            if plan.copiesParts {
                await copyParts(mapping)
                continue
            }
            var options = options
            options.mergesWithLiveSync = true
            options.streams = mapping.role != nil
            options.transfersAtOnce = 2
            options.listingsAtOnce = 2
            // What somebody else's run has left, and the source has lost since, is found by no merge without it.
            if deletes { options.deletion = .objects(1_000) }
            options.journalFolder = folder
            let connections = connections
            let copy = BucketSync(
                source: .bucket(connections.source(mapping)),
                target: .bucket(connections.target(mapping)),
                options: options,
                clock: SyncClock(
                    date: { [fake] in fake.current.now },
                    sleep: { [time] in try await time.sleep($0 / .seconds(1)) },
                    random: { 0.5 }
                )
            )
            try? await time.sleep(seconds(0..<10))
            for attempt in 1... {
                let result = Mutex<Result<BucketSyncReport, any Error>?>(nil)
                let isKilled = await start(killedIn: plan.kills, isHistory: true) {
                    do {
                        let report = try await copy.run()
                        result.withLock { $0 = .success(report) }
                    } catch {
                        result.withLock { $0 = .failure(error) }
                    }
                }
                if !isKilled, case .success(let report) = result.withLock({ $0 }), report.isComplete {
                    met("taken back", report.takenBack)
                    met("deleted by history", report.deleted)
                    break
                }
                // That is the end of it, and said to be one.
                if state.withLock({ $0.isSourceLost }) { break }
                met("resumed copies")
                guard attempt < Self.maximumReceives else {
                    violation("history does not end: \(result.withLock { $0 }.map { "\($0)" } ?? "killed")")
                    break
                }
            }
        }
    }
}
