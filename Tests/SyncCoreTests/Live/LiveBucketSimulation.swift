import AWSCore
import AWSTesting
import FoundationEssentials
import Glibc
import Synchronization

@testable import SyncCore

/// One tiny round of live sync of buckets: a few writes to one or two objects, their events, functions and a history copy
/// that work beside each other, and whatever S3, SQS and Lambda do not exclude.
///
/// Small, because a later event repairs what an earlier one has spoilt: only where nothing comes behind it a fault shows.
/// Many such rounds meet what a long one does. Everything is drawn from the seed, and one thread takes one step after the
/// other (``SeededExecutor``), so that the seed alone repeats a round.
final class LiveBucketSimulation: Sendable {
    struct State: Sendable {
        var random: SeededGenerator
        var queue: [Message] = []
        var lastMessage = 0
        var writesLeft: Int
        /// What the source has held, by key.
        var held: [FakeS3Key: Set<[UInt8]>] = [:]
        var lastContent: UInt8 = 0
        /// Faults, kills and short times that are left.
        var troubles: Int
        var lastInvocation = 0
        var invocations: [Int: Invocation] = [:]
        /// What of the plan's scene has not happened yet.
        var moments: [LiveBucketScene.Moment] = []
        /// What an action of the scene puts back.
        var last: FakeS3Object?
        /// The targets as the last call has left them.
        var targets: [Place: FakeS3Object] = [:]
        /// Which invocation has begun an upload.
        var uploads: [String: Int] = [:]
        /// What the targets had of the source when its bucket went away.
        var keptWithoutSource: [Place] = []
        var isSourceLost = false
        /// Whether a target has what nobody knows of any more.
        var hasLeftovers = false
        /// What should not have happened.
        var violations: [String] = []
        /// What did, so that a test can tell that it does.
        var met: [String: Int] = [:]
        var trace: [String] = []
    }

    /// An object of a bucket.
    struct Place: Hashable, Sendable {
        var bucket: String
        var key: FakeS3Key
    }

    /// Which function, or run of the history, a call belongs to.
    @TaskLocal static var invocation: Int?

    /// The bucket in which invocations note what they write.
    static let notes = "notes"

    /// The role that writes the second target, and may not read the source.
    static let role = "ROLE"

    let seed: UInt64
    let plan: LiveBucketPlan
    let state: Mutex<State>
    let fake: FakeS3
    let time: SeededExecutor
    let configuration: SyncConfiguration
    let isTraced: Bool
    /// The state folder of the machine on which the history copy runs.
    let folder: String
    /// Functions that live and have nothing to do.
    let functions = Mutex<[LiveBucketSync]>([])

    private struct Impossible: Error {}

    /// - Parameter isTraced: whether every step is written down.
    init(seed: UInt64, isTraced: Bool = false) throws {
        self.seed = seed
        self.isTraced = isTraced
        var random = SeededGenerator(seed: seed)
        let plan = LiveBucketPlan(seed: seed, using: &random)
        self.plan = plan
        time = SeededExecutor(seed: random.next())
        folder =
            FileManager.default.temporaryDirectory.path
            + "/live-buckets-\(getpid())-\(UInt64.random(in: 0...UInt64.max))"
        state = Mutex(
            State(
                random: random,
                writesLeft: plan.writes,
                troubles: plan.troubles,
                moments: plan.scene?.moments ?? []
            )
        )
        let holder = Holder()
        fake = FakeS3 { call, _ in holder.simulation?.fault(for: call) }
        for bucket in ["source", "whole", "part", Self.notes] { fake.createBucket(bucket) }
        fake.update { state in
            state.buckets["source"]?.refusedAccessKeys = [Self.role]
            state.maximumKeys = plan.keysInPage
            state.tellsTagCounts = plan.tellsTagCounts
        }
        guard let region = Region("us-east-1") else { throw Impossible() }
        var mappings: [BucketMapping] = []
        if plan.copiesWhole {
            mappings.append(
                BucketMapping(
                    source: BucketPrefix(bucket: "source"),
                    sourceRegion: region,
                    target: BucketPrefix(bucket: "whole", prefix: "copy"),
                    targetRegion: region
                )
            )
        }
        if plan.copiesPart {
            mappings.append(
                BucketMapping(
                    source: BucketPrefix(bucket: "source", prefix: "part"),
                    sourceRegion: region,
                    target: BucketPrefix(bucket: "part"),
                    targetRegion: region,
                    role: Self.role
                )
            )
        }
        configuration = SyncConfiguration(buckets: mappings)
        holder.set(self)
        prepare()
    }

    /// Breaks the circle between the fake, which calls the simulation, and the simulation, which holds the fake.
    private final class Holder: Sendable {
        // Not a closure: each access through the lock would wrap it once more.
        private struct Reference {
            weak var simulation: LiveBucketSimulation?
        }

        private let value = Mutex(Reference())
        var simulation: LiveBucketSimulation? { value.withLock { $0.simulation } }
        func set(_ simulation: LiveBucketSimulation) {
            value.withLock { $0.simulation = simulation }
        }
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    // MARK: Chance

    func chance(_ percent: Int) -> Bool { number(0..<100) < percent }

    func number(_ range: Range<Int>) -> Int { state.withLock { Int.random(in: range, using: &$0.random) } }

    /// Up to so many seconds.
    func seconds(_ range: Range<Int>) -> Double {
        Double(number(range.lowerBound * 1_000..<range.upperBound * 1_000)) / 1_000
    }

    /// Whether something goes wrong here; only so often, because otherwise it might never end.
    func trouble(_ percent: Int, _ name: String) -> Bool {
        guard chance(percent) else { return false }
        return state.withLock { state in
            guard state.troubles > 0 else { return false }
            state.troubles -= 1
            state.met[name, default: 0] += 1
            return true
        }
    }

    func met(_ name: String, _ count: Int = 1) { state.withLock { $0.met[name, default: 0] += count } }

    func trace(_ text: @autoclosure () -> String) {
        guard isTraced else { return }
        let line = "\(time.now.timeIntervalSince1970 - 1_795_226_407) [\(Self.invocation ?? 0)] \(text())"
        state.withLock { $0.trace.append(line) }
    }

    func violation(_ text: String) {
        trace("!!! \(text)")
        state.withLock { $0.violations.append(text) }
    }

    // MARK: The run

    /// - Returns: what should not have happened; empty when all is well.
    func run() async -> [String] {
        let isDone = await time.run { [self] in
            let history = plan.copiesHistory ? Task(executorPreference: time) { [self] in await copyHistory() } : nil
            if let scene = plan.scene {
                if !scene.first.isEmpty { try? await time.sleep(seconds(0..<20)) }
                for action in scene.first { perform(action) }
            }
            while state.withLock({ $0.writesLeft > 0 }) {
                try? await time.sleep(seconds(0..<20))
                write()
            }
            await history?.value
            return true
        }
        functions.withLock { $0 = [] }
        if isDone != true { violation("it got stuck") }
        state.withLock { state in
            if !state.queue.isEmpty { state.violations.append("\(state.queue.count) messages were not worked on") }
        }
        if state.withLock({ $0.isSourceLost }) { checkKept() } else { checkDifferences() }
        checkUploads()
        return state.withLock { $0.violations }
    }

    /// What is not in a target as it is in the source.
    private func checkDifferences() {
        let buckets = fake.current.buckets
        for mapping in configuration.buckets {
            let (from, to) = (mapping.source, mapping.target)
            var source = Self.objects(buckets[from.bucket], from.prefix)
            let target = Self.objects(buckets[to.bucket], to.prefix)
            // What stands for the very folder that is copied, and would have no name.
            if to.prefix.isEmpty { source[FakeS3Key("")] = nil }
            for key in Set(source.keys).union(target.keys) {
                switch (source[key], target[key]) {
                case (nil, _): violation("\(to)\(key.text): came back")
                case (_, nil): violation("\(to)\(key.text): lost")
                case (let left, let right):
                    if left != right { violation("\(to)\(key.text): stale: \(left ?? []) \(right ?? [])") }
                }
            }
        }
    }

    private static func objects(_ bucket: FakeS3Bucket?, _ prefix: String) -> [FakeS3Key: [String]] {
        var found: [FakeS3Key: [String]] = [:]
        for (key, object) in bucket?.objects ?? [:] where key.bytes.starts(with: prefix.utf8) {
            found[FakeS3Key(String(decoding: key.bytes.dropFirst(prefix.utf8.count), as: UTF8.self))] = object.essence
        }
        return found
    }

    /// A source that is gone as a whole is no reason to delete anything.
    private func checkKept() {
        for place in state.withLock({ $0.keptWithoutSource })
        where fake.current.buckets[place.bucket]?.objects[place.key] == nil {
            violation("\(place.bucket)/\(place.key.text): deleted because the source's bucket was gone")
        }
    }

    /// Uploads that nobody completes cost money for good.
    ///
    /// Only who was killed, or was not told of one, may leave it.
    private func checkUploads() {
        for id in fake.current.uploads.keys {
            let isExcused = state.withLock { state in
                state.uploads[id].flatMap { state.invocations[$0]?.mayLeaveUploads } ?? true
            }
            if !isExcused { violation("\(id) was left behind") }
        }
    }

    /// Whether there is still something to compare with.
    var canBeVerified: Bool {
        !state.withLock { $0.isSourceLost }
    }

    /// What `sync verify bucket` says, metadata and tags included.
    func verdicts() async throws -> [BucketVerificationResult.Verdict] {
        let client = { [fake] (id: String) in fake.client(accessKeyID: id) }
        let connections = BucketConnections(configuration, own: client("AKIAEXAMPLE0"), assuming: client)
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
