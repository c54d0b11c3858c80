import AWSCore
import AWSTesting
import FoundationEssentials
import Synchronization

@testable import SyncCore

/// Writers on a source bucket, its events in a queue, functions that work on them beside each other, and targets that
/// fail in every way: what S3, SQS and Lambda promise, and nothing more, from a seed.
///
/// Writes to the source come at any of the calls that live sync makes, so between any two of its steps, and each call
/// may be overtaken by others on its way.
final class LiveBucketSimulation: Sendable {
    struct Message: Sendable {
        var id: Int
        var body: String
    }

    struct State: Sendable {
        var random: SeededGenerator
        var queue: [Message] = []
        var lastMessage = 0
        var lastInvocation = 0
        var writesLeft: Int
        /// Calls that are left to an invocation before it is killed.
        var callsUntilKill: [Int: Int] = [:]
        var isCalm = false
        var isHistoryCopied = false
        var historyError: String?
        var kills = 0
        var duplicates = 0
        var failedMessages = 0
        var resumedCopies = 0
        var copies = 0
        var streamedCopies = 0
        var deletions = 0
        var taggings = 0
        var unchanged = 0
        var takenBack = 0
    }

    /// Which function, or run of the history, a call belongs to.
    @TaskLocal static var invocation: Int?

    /// The role that writes the second target, and may not read the source.
    static let role = "ROLE"
    static let keys = (0..<4).map { "k\($0) ü+" } + (0..<4).map { "part/k\($0) &" }

    let state: Mutex<State>
    let fake: FakeS3
    let clock = ManualClock()
    let configuration: SyncConfiguration
    private let tasks = Mutex<[Int: Task<Void, Never>]>([:])
    private let sync = Mutex<LiveBucketSync?>(nil)

    private struct Impossible: Error {}

    init(seed: UInt64, writes: Int) throws {
        state = Mutex(State(random: SeededGenerator(seed: seed), writesLeft: writes))
        let holder = Holder()
        fake = FakeS3 { call, _ in holder.simulation?.fault(for: call) }
        for bucket in ["source", "whole", "part"] { fake.createBucket(bucket) }
        fake.update { state in
            state.buckets["source"]?.refusedAccessKeys = [Self.role]
            state.maximumKeys = 4
        }
        guard let region = Region("us-east-1") else { throw Impossible() }
        configuration = SyncConfiguration(buckets: [
            BucketMapping(
                source: BucketPrefix(bucket: "source"),
                sourceRegion: region,
                target: BucketPrefix(bucket: "whole", prefix: "copy"),
                targetRegion: region
            ),
            BucketMapping(
                source: BucketPrefix(bucket: "source", prefix: "part"),
                sourceRegion: region,
                target: BucketPrefix(bucket: "part"),
                targetRegion: region,
                role: Self.role
            ),
        ])
        // What was there before the notifications, which history brings over.
        for (index, key) in Self.keys.enumerated() where index % 4 != 3 { fake.put("source", key, [UInt8(index)]) }
        holder.set(self)
    }

    /// Breaks the circle between the fake, which calls the simulation, and the simulation, which holds the fake.
    private final class Holder: Sendable {
        private let value = Mutex<@Sendable () -> LiveBucketSimulation?>({ nil })
        var simulation: LiveBucketSimulation? { value.withLock { $0() } }
        func set(_ simulation: LiveBucketSimulation) {
            value.withLock { $0 = { [weak simulation] in simulation } }
        }
    }

    private func chance(_ percent: Int) -> Bool {
        state.withLock { Int.random(in: 0..<100, using: &$0.random) < percent }
    }

    private func number(_ range: Range<Int>) -> Int { state.withLock { Int.random(in: range, using: &$0.random) } }

    // MARK: Source

    /// One write of one of the writers, and the event that tells of it.
    private func write() {
        let isLeft = state.withLock { state in
            guard state.writesLeft > 0 else { return false }
            state.writesLeft -= 1
            return true
        }
        guard isLeft else { return }
        let key = Self.keys[number(0..<Self.keys.count)]
        // Few contents, so that the same ones come back; some in parts.
        let bytes = Array(repeating: UInt8(number(0..<2)), count: [1, 1, 1, 7, 25, 60][number(0..<6)])
        let version = "\(number(0..<3))"
        switch number(0..<10) {
        case 0..<4:
            fake.put("source", key, bytes, parts: bytes.count == 60 ? [20, 20, 20] : []) { object in
                object.metadata = ["v": version]
                if version == "1" { object.tags = [S3Tag("t", "\(bytes.count)")] }
            }
            send(key, "ObjectCreated:Put")
        case 4..<6:
            fake.delete("source", key)
            send(key, "ObjectRemoved:Delete")
        case 6..<9:
            let isThere = fake.update { state in
                let isThere = state.buckets["source"]?.objects[FakeS3Key(key)] != nil
                state.buckets["source"]?.objects[FakeS3Key(key)]?.tags = version == "0" ? [] : [S3Tag("t", version)]
                return isThere
            }
            if isThere { send(key, version == "0" ? "ObjectTagging:Delete" : "ObjectTagging:Put") }
        // A version was deleted, and not the newest.
        default: send(key, "ObjectRemoved:Delete")
        }
    }

    private func send(_ key: String, _ name: String) {
        let copies = chance(15) ? 2 : 1
        for _ in 0..<copies {
            let record = BucketEvents.records([BucketEvents.s3(key, name: name)])
            let body: JSONValue =
                switch number(0..<4) {
                case 0: BucketEvents.topic(record)
                case 1:
                    BucketEvents.eventBridge(
                        key,
                        type: name.hasPrefix("ObjectTagging") ? "Object Tags Added" : "Object Created"
                    )
                default: record
                }
            state.withLock { state in
                state.lastMessage += 1
                state.queue.append(Message(id: state.lastMessage, body: body.text()))
            }
        }
    }

    // MARK: Faults

    private func fault(for call: FakeS3Call) -> FakeS3.Fault? {
        while chance(10), state.withLock({ $0.writesLeft > 0 }) { write() }
        let isDone = chance(50)
        if let invocation = Self.invocation {
            let isKilled = state.withLock { state -> Bool in
                guard let left = state.callsUntilKill[invocation] else { return false }
                state.callsUntilKill[invocation] = left - 1
                return left <= 0
            }
            if isKilled {
                let isFirst = tasks.withLock { tasks -> Bool in
                    guard let task = tasks[invocation], !task.isCancelled else { return false }
                    task.cancel()
                    return true
                }
                // Only the call that was on its way may still arrive.
                return isFirst && isDone ? .lostAnswer : .cut
            }
        }
        guard !state.withLock({ $0.isCalm }) else { return nil }
        switch number(0..<100) {
        case 0..<6: return .error("SlowDown", status: 503)
        case 6..<8: return .error("InternalError", status: 500)
        case 8..<10: return .cut
        case 10..<13: return .lostAnswer
        case 13..<15 where ["CopyObject", "UploadPartCopy", "CompleteMultipartUpload"].contains(call.operation):
            return .lateError
        case 15..<17: return .error("AccessDenied", status: 403)
        default: return nil
        }
    }

    // MARK: Lambda

    /// Starts an invocation that may be killed, and waits for it.
    ///
    /// - Returns: whether it was killed.
    private func invoke(killIn percent: Int, _ body: @escaping @Sendable () async -> Void) async -> Bool {
        let (id, isToBeKilled) = state.withLock { state in
            state.lastInvocation += 1
            let isToBeKilled = !state.isCalm && Int.random(in: 0..<100, using: &state.random) < percent
            if isToBeKilled {
                state.callsUntilKill[state.lastInvocation] = Int.random(in: 0..<15, using: &state.random)
            }
            return (state.lastInvocation, isToBeKilled)
        }
        let start = Gate()
        let task = Task {
            try? await start.pass()
            await Self.$invocation.withValue(id) { await body() }
        }
        tasks.withLock { $0[id] = task }
        start.open()
        await task.value
        tasks.withLock { $0[id] = nil }
        return isToBeKilled && task.isCancelled
    }

    /// Takes some messages out of the queue, in any order, and hands them to the function.
    private func deliver() async throws {
        let messages = state.withLock { state -> [Message] in
            state.queue.shuffle(using: &state.random)
            let count = min(state.queue.count, Int.random(in: 1...10, using: &state.random))
            defer { state.queue.removeLast(count) }
            return state.queue.suffix(count)
        }
        guard !messages.isEmpty else { return }
        let event = try BucketEvent(parsing: BucketEvents.queue(messages.map(\.body)).serialized())
        let answer = Mutex<LiveBucketSync.Result?>(nil)
        let deadline = clock.now.addingTimeInterval(Double(number(1..<60)))
        let isKilled = await invoke(killIn: 20) { [live = live()] in
            let result = await live.apply(event, deadline: deadline)
            answer.withLock { $0 = result }
        }
        guard !isKilled, let result = answer.withLock({ $0 }) else {
            return state.withLock { state in
                state.kills += 1
                state.queue += messages
            }
        }
        let failed = Set(result.failedMessages)
        state.withLock { state in
            for (index, message) in messages.enumerated() {
                if failed.contains("m\(index)") {
                    state.failedMessages += 1
                    state.queue.append(message)
                } else if Int.random(in: 0..<20, using: &state.random) == 0 {
                    // At least once: the message was worked on, and comes again.
                    state.duplicates += 1
                    state.queue.append(message)
                }
            }
            for figures in result.figures {
                state.copies += figures.copied
                state.deletions += figures.deleted
                state.taggings += figures.tagged
                state.unchanged += figures.unchanged
            }
        }
    }

    /// One function for all invocations, as Lambda keeps it.
    private func live() -> LiveBucketSync {
        sync.withLock { sync in
            if let sync { return sync }
            let made = LiveBucketSync(
                configuration,
                connections: BucketConnections(configuration, own: client()) { client(accessKeyID: $0) },
                environment: AWSClient.Environment(
                    now: { [clock] in clock.now },
                    sleep: { [clock] in
                        try await clock.sleep(for: $0)
                        await Task.yield()
                    },
                    random: { 0.5 }
                ),
                options: options,
                waitUntil: { _ in try await Gate().pass() }
            )
            sync = made
            return made
        }
    }

    /// Sizes at which everything happens that large objects know.
    private var options: BucketSyncOptions {
        var options = BucketSyncOptions()
        options.multipartCopyThreshold = 20
        options.copyPartSize = 10
        options.streamPartThreshold = 20
        options.partSize = 10
        options.partsAtOnce = 3
        return options
    }

    private func client(accessKeyID: String = "AKIAEXAMPLE0") -> AWSClient {
        AWSClient(
            configuration: fake.client(accessKeyID: accessKeyID, maximumAttempts: 2).configuration,
            transport: SlowTransport(fake: fake) { [weak self] in
                // Now and then for so long that others begin and end meanwhile.
                guard let self else { return 0 }
                return chance(6) ? number(0..<300) : number(0..<4)
            },
            environment: AWSClient.Environment(sleep: { _ in try Task.checkCancellation() }, random: { 0.5 })
        )
    }

    /// Lets others overtake each request and each answer.
    private struct SlowTransport: HTTPTransport {
        let fake: FakeS3
        let turns: @Sendable () -> Int

        func send(_ request: HTTPRequest) async throws -> HTTPResponse {
            for _ in 0..<turns() { await Task.yield() }
            let response = try await fake.send(request)
            for _ in 0..<turns() { await Task.yield() }
            return response
        }

        func stream(_ request: HTTPRequest) async throws -> HTTPStreamingResponse {
            for _ in 0..<turns() { await Task.yield() }
            return try await fake.stream(request)
        }
    }

    // MARK: History

    /// Merges what was there before into the targets; a copy that breaks off is begun again, as a user does.
    private func copyHistory() async {
        let connections = BucketConnections(configuration, own: client()) { client(accessKeyID: $0) }
        for mapping in configuration.buckets {
            var options = options
            options.mergesWithLiveSync = true
            options.streams = mapping.role != nil
            // What a run that was broken off has written, and the source has lost since, is found by the next.
            options.deletion = .objects(1_000)
            let copy = BucketSync(
                source: .bucket(connections.source(mapping)),
                target: .bucket(connections.target(mapping)),
                options: options,
                clock: SyncClock(sleep: { _ in try Task.checkCancellation() }, random: { 0.5 })
            )
            for attempt in 1... {
                let report = Mutex<BucketSyncReport?>(nil)
                let failure = Mutex<String?>(nil)
                let isKilled = await invoke(killIn: 60) {
                    do {
                        let done = try await copy.run()
                        report.withLock { $0 = done }
                    } catch {
                        failure.withLock { $0 = "\(error)" }
                    }
                }
                if !isKilled, let report = report.withLock({ $0 }), report.isComplete {
                    state.withLock { $0.takenBack += report.takenBack }
                    break
                }
                state.withLock { $0.resumedCopies += 1 }
                guard attempt < 500 else {
                    state.withLock {
                        $0.historyError = failure.withLock { $0 } ?? "\(report.withLock { $0 }?.failures ?? [])"
                    }
                    break
                }
            }
        }
        state.withLock { $0.isHistoryCopied = true }
    }

    // MARK: The run

    func run() async throws {
        async let history: Void = copyHistory()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<4 {
                group.addTask { [self] in
                    while state.withLock({ $0.writesLeft > 0 || !$0.isHistoryCopied }) {
                        if chance(15) { write() } else { try await deliver() }
                        await Task.yield()
                    }
                }
            }
            try await group.waitForAll()
        }
        await history
        // The faults end, and what waits in the queue is worked on.
        state.withLock { $0.isCalm = true }
        while state.withLock({ !$0.queue.isEmpty }) { try await deliver() }
    }

    /// What is not in a target as it is in the source.
    func differences() -> [String] {
        let buckets = fake.current.buckets
        return configuration.buckets.flatMap { mapping -> [String] in
            let (from, to) = (mapping.source, mapping.target)
            let source = Self.objects(buckets[from.bucket], from.prefix)
            let target = Self.objects(buckets[to.bucket], to.prefix)
            return Set(source.keys).union(target.keys).sorted().compactMap { key in
                switch (source[key], target[key]) {
                case (nil, _): "\(to)\(key): came back"
                case (_, nil): "\(to)\(key): lost"
                case (let left, let right): left == right ? nil : "\(to)\(key): stale"
                }
            }
        }
    }

    private static func objects(_ bucket: FakeS3Bucket?, _ prefix: String) -> [String: [String]] {
        var found: [String: [String]] = [:]
        for (key, object) in bucket?.objects ?? [:] where key.text.hasPrefix(prefix) {
            found[String(key.text.dropFirst(prefix.count))] = object.essence
        }
        return found
    }

    /// What `sync verify bucket` says, metadata and tags included.
    func verdicts() async throws -> [BucketVerificationResult.Verdict] {
        let connections = BucketConnections(configuration, own: fake.client()) { fake.client(accessKeyID: $0) }
        var options = BucketVerification.Options()
        options.comparesMetadata = true
        options.comparesTags = true
        options.temporaryDirectory = FileManager.default.temporaryDirectory.path
        var verdicts: [BucketVerificationResult.Verdict] = []
        for mapping in configuration.buckets {
            let result = try await BucketVerification(
                source: .bucket(connections.source(mapping)),
                target: .bucket(connections.target(mapping)),
                options: options,
                clock: SyncClock(sleep: { _ in })
            ).run { _ in }
            verdicts.append(result.verdict)
        }
        return verdicts
    }
}
