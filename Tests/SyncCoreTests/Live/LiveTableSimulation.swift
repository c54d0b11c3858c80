import AWSCore
import AWSTesting
import BackupCore
import Synchronization

import struct FoundationEssentials.Date

@testable import SyncCore

/// One small round of live sync: a few items, a few changes, and everything that may go wrong beside them.
///
/// A writer, the stream's shards with their invocations, copies of history and replays take turns at each single call that
/// they make, in an order that a seed decides; so do faults, kills and the end of an invocation's time. Then the faults end
/// and all of it comes to rest, without a further change that could repair anything, and the targets must be right.
final class LiveTableSimulation: Sendable {
    struct Target: Sendable {
        var name: String
        var filter: String?
        /// Whether it has an index into which not every item fits.
        var refuses = false

        static let all = [
            Target(name: "Orders-new"), Target(name: "Orders-part", filter: "attribute_exists(v) AND v <> 1"),
            Target(name: "Orders-index", refuses: true),
        ]
    }

    /// What a round is about.
    struct Plan: Sendable {
        var keys = 1
        var targets: [Target] = []
        var policy = TableMapping.TimeToLiveDeletes.forward
        /// Whether history is copied in this round; otherwise the targets have it.
        var copiesHistory = false
        /// Whether no two versions of an item are the same.
        var isUnique = false
        /// Whether items like to become what they were before.
        var returns = false
        /// Whether all items change at once, most of them into what a target refuses.
        var isCrowd = false
        /// Whether changes of before have failed: a target is behind then, and the queue has messages about it.
        var hasFailures = false
        /// How many writes come at once at most.
        var burst = 1
        var shards = 1
        /// Failures in a row after which Lambda gives up on a batch (`MaximumRetryAttempts`).
        var maximumRetryAttempts = 0
        /// How likely it is, in percent, that what made the last step makes the next one, too.
        var persistence = 0
        /// How likely it is, in percent, that somebody is held up for long.
        var pauses = 0
        /// Of the segments that history is copied in.
        var segments = 1
        /// How large pages of a table are, as DynamoDB counts.
        var pageBytes = 60

        // What makes a narrow round, which is about one rare thing.

        /// What the writer does, one after the other; empty for anything.
        var script: [Change] = []
        /// Whether the writer waits until somebody is held up, and writes once then.
        var writesWhileHeld = false
        /// One in so many writes of a single item is held up until nobody else has anything to do.
        var holds = 3
        /// One in so many reads of a single item; 0 for none.
        var heldReads = 0
        /// One in so many processes is killed right after a write.
        var killsAfterWrite = 5
        /// And after a read; 0 for none.
        var killsAfterRead = 0
        /// Whether copies are killed where one page is done with and of another the target has what the source has not.
        var killsBetweenPages = false
        /// Puts of single items that nothing holds up.
        var freePuts = 0
        var trouble = Trouble.any
        /// How much time invocations have, in seconds: now and then they are begun so late that there is none.
        var times = [0, 0.3, 3, 60, 60, 60]
        /// One in so many batches arrives in another order.
        var shuffles = 6
        /// One in so many steps ends an invocation's time.
        var timeouts = 12
        /// One in so many items is not there at the beginning; 0 for none.
        var absence = 4
        /// Whether what has failed before was mended since.
        var isMended = false
        /// One in so many items has an attribute of the old global tables.
        var replicated = 8

        var isNarrow: Bool { !script.isEmpty }
    }

    /// A write of the writer.
    enum Change: Sendable {
        case any
        /// Something new.
        case put
        /// What the item was before, at the source or at a target.
        case former
        /// What no `where` wants.
        case elsewhere
        /// What a target with an index refuses.
        case refused
        case delete
        /// The end of its time to live.
        case expire
        /// A delete by a service other than the one that ends times to live.
        case removeByService
    }

    /// What goes wrong with calls.
    enum Trouble: Sendable {
        case any
        case nothing
        /// Answers to writes of single items, and another attempt may be throttled.
        case lostAnswers
        /// Batches are written in part, and another attempt may be refused.
        case partialBatches
        /// Each target takes another part of a batch, and refuses the rest.
        case halfBatches
        /// The target takes nothing from live sync.
        case deadTarget
        /// The target throttles until the time of an invocation is over.
        case slowTarget
        /// The failure queue takes a part of what is sent to it, or nothing.
        case brokenQueue
    }

    struct Shard: Sendable {
        /// Places of its records among the source's changes.
        var records: [Int] = []
        /// The first that is not done with.
        var next = 0
        /// How often the batch that begins there has failed.
        var attempts = 0
        /// Where a batch that failed was divided.
        var cut: Int?
        var isBusy = false
    }

    /// What a process does.
    enum Role: Sendable {
        case invocation(shard: Int, records: Range<Int>, end: Date)
        case copy(target: Int)
        case replay
    }

    struct State: Sendable {
        var random: SeededGenerator
        var writes = 0
        var faults = 0
        var kills = 0
        var timeouts = 0
        var version = 0
        var steps = 0
        /// The round's end: no faults any more.
        var isCalm = false
        /// Whether a replay was under way while items were written.
        var hasReplayedBesideWrites = false
        var favourite = 0
        /// Who makes no step as long as there are others.
        var paused: Int?
        /// Calls of which it is decided whether they are held up.
        var decided = 0
        /// Puts of single items that were let by.
        var freePuts = 0
        /// Of the copy that has begun last; whoever held it would lock out the next one.
        weak var checkpoint: CopyCheckpoint?
        var shards: [Shard] = []
        /// By process.
        var roles: [Int: Role] = [:]
        var results: [Int: LiveTableSync.Result] = [:]
        /// Invocations that have met a broken connection: their calls may come again by themselves.
        var broken: Set<Int> = []
        /// Invocations that have a reason to fail.
        var troubled: Set<Int> = []
        /// Writes whose caller is gone and that DynamoDB carries out later.
        var late: [(operation: String, body: [UInt8])] = []
        /// Whose deletes some of the source's changes are, by their places.
        var services: [Int: String] = [:]
        /// Where the stream begins.
        var start = 0
        /// The targets before the first step, by their names.
        var initial: [String: FakeDynamoDBTable] = [:]
        /// Targets' items of which an earlier change has failed.
        var behind: Set<String> = []
        /// Records that an invocation has answered for.
        var handled: Set<Int> = []
        var copied: Set<Int> = []
        var copyAttempts = 0
        var lastError = ""
        /// Whether the writer may write, where it waits for its turn.
        var mayWrite = false
        /// Calls whose next attempt may meet a second fault.
        var struck: Set<String> = []
        /// How many changes the source had when a copy's process last read an item there, by both.
        var looked: [String: Int] = [:]
        /// Items that copies have put into a target, or have seen there, by both.
        var seen: [String: [JSONObject]] = [:]
        var messages: [Message] = []
        var handles = 0
        /// What must not happen, whatever comes of it.
        var violations: [String] = []
        /// What has happened, for whoever looks for the fault.
        var trace: [String]?
        /// How often something has happened, by its name.
        var met: [String: Int] = [:]
    }

    /// One of the queue of failures.
    struct Message: Sendable {
        var id: String
        var body: String
        var handle = ""
        var isHidden = false
    }

    /// What goes wrong with the next call.
    final class NextFault: Sendable {
        private let fault = Mutex<FakeDynamoDB.Fault?>(nil)
        func set(_ fault: FakeDynamoDB.Fault?) { self.fault.withLock { $0 = fault } }
        func take() -> FakeDynamoDB.Fault? { fault.withLock { $0.take() } }
    }

    static let stream = LiveTableFixture.home + "Orders/stream/2026-11-21T00:00:00.000"
    static let keys = [FakeDynamoDBTable.Key("pk", "S"), FakeDynamoDBTable.Key("sk", "N")]

    let seed: UInt64
    let plan: Plan
    let state: Mutex<State>
    let tasks = SteppedTasks()
    let clock = ManualClock()
    let dynamoDB: FakeDynamoDB
    /// A copy that lags behind, for reads that are not consistent.
    let replica: FakeDynamoDB
    let nextFault: NextFault
    let configuration: SyncConfiguration
    /// For the checkpoints of copies; made and removed by whoever has many rounds.
    let folder: String

    /// - Parameter isTraced: whether the round keeps what happens in it.
    init(seed: UInt64, folder: String, isTraced: Bool = false) throws {
        self.seed = seed
        self.folder = folder
        var random = SeededGenerator(seed: seed)
        plan = Self.plan(seed, &random)
        let nextFault = NextFault()
        self.nextFault = nextFault
        dynamoDB = FakeDynamoDB(pageBytes: plan.pageBytes) { _ in nextFault.take() }
        replica = FakeDynamoDB(pageBytes: plan.pageBytes)
        configuration = try Self.configuration(plan)
        state = Mutex(State(random: random))
        begin(isTraced: isTraced)
    }
}
