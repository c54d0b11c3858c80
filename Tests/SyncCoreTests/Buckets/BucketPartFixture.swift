import AWSTesting
import FoundationEssentials
import Synchronization
import Testing

@testable import AWSCore
@testable import SyncCore

/// A source and a target, and invocations that are killed and cut off as a test wants it.
final class BucketPartFixture: Sendable {
    private struct State: Sendable {
        var calls = 0
        var kills: @Sendable (FakeS3Call, Int) -> Bool = { _, _ in false }
        var cutsAt: @Sendable (FakeS3Call, Int) -> Bool = { _, _ in false }
        var isKilled = false
        var victim: Task<[UInt8], any Error>?
        var cut: AsyncStream<Void>.Continuation?
        var failures: [BucketSyncReport.Failure] = []
    }

    let fake: FakeS3
    private let state: Mutex<State>
    let settings: BucketCopySettings

    /// - Parameter targetPrefix: `nil` for the same as the source's.
    init(
        merges: Bool = false,
        rules: [KeyFilter.Rule] = [],
        prefix: String = "",
        targetPrefix: String? = nil,
        fault: @escaping @Sendable (FakeS3Call, Int) -> FakeS3.Fault? = { _, _ in nil }
    ) throws {
        let region = try #require(Region("us-east-1"))
        var settings = BucketCopySettings(
            source: .init(bucket: "source", prefix: prefix, region: region, role: nil),
            target: .init(bucket: "target", prefix: targetPrefix ?? prefix, region: region, role: nil)
        )
        settings.mergesWithLiveSync = merges
        settings.rules = rules
        self.settings = settings
        let box = Box()
        fake = FakeS3 { call, number in
            box.fixture.withLock { $0 }?.called(call)
            return fault(call, number)
        }
        fake.createBucket("source")
        fake.createBucket("target")
        fake.createBucket("notes")
        state = Mutex(State())
        box.fixture.withLock { $0 = self }
    }

    private final class Box: Sendable {
        let fixture = Mutex<BucketPartFixture?>(nil)
    }

    private func called(_ call: FakeS3Call) {
        let (victim, cut) = state.withLock { state in
            state.calls += 1
            if state.kills(call, state.calls) { state.isKilled = true }
            return (state.isKilled ? state.victim : nil, state.cutsAt(call, state.calls) ? state.cut : nil)
        }
        victim?.cancel()
        cut?.yield()
    }

    var failures: [BucketSyncReport.Failure] { state.withLock { $0.failures } }

    func plan(cuts: [[UInt8]] = []) -> BucketCopyPlan { BucketCopyPlan(settings, cuts: cuts) }

    /// With which another execution begins, of one part.
    func eventOfAnotherExecution() throws -> [UInt8] {
        var settings = settings
        settings.id += "x"
        return try events(BucketCopyPlan(settings, cuts: []))[0]
    }

    /// The events with which the parts begin, as the state machine makes them.
    func events(_ plan: BucketCopyPlan) throws -> [[UInt8]] {
        let input = plan.executionInput
        let copy = try #require(input["copy"])
        return try #require(input["segments"]?.array).map {
            JSONValue.object(["copy": copy, "segment": $0]).serialized()
        }
    }

    /// One invocation, as the function makes it.
    ///
    /// - Parameters:
    ///   - looks: how often it may look at the time before that is short.
    ///   - kill: the number of its call to S3 at which it is killed.
    ///   - cut: at which of its calls, with their numbers, the time is over.
    /// - Returns: the answer; `nil` of one that was killed.
    func invoke(
        _ event: [UInt8],
        looks: Int = .max,
        atOnce: Int = 5,
        kill: Int? = nil,
        killsOn: (@Sendable (FakeS3Call) -> Bool)? = nil,
        cut: @escaping @Sendable (FakeS3Call, Int) -> Bool = { _, _ in false }
    ) async throws -> [UInt8]? {
        let (cuts, continuation) = AsyncStream<Void>.makeStream()
        let looked = Mutex(0)
        let time = PartTime(
            isShort: {
                looked.withLock { looked in
                    looked += 1
                    return looked > looks
                }
            },
            waitForEnd: {
                for await _ in cuts { return }
                throw CancellationError()
            }
        )
        guard case .bucket(let part) = try CopyPart(parsing: event) else { throw CopyPartError("no bucket's") }
        let s3 = try fake.s3()
        var options = part.settings.options
        options.multipartCopyThreshold = 1000
        options.copyPartSize = 300
        options.transfersAtOnce = atOnce
        let settings = options
        let clock = SyncClock(
            date: { [fake] in fake.current.now },
            // A part that waits for time to go by does not wait for ever.
            sleep: { [fake] time in
                try Task.checkCancellation()
                fake.update { $0.now = $0.now.addingTimeInterval(time / .seconds(1)) }
            },
            random: { Double.random(in: 0..<1) }
        )
        state.withLock { state in
            (state.calls, state.isKilled, state.victim) = (0, false, nil)
            state.kills = { call, number in number >= kill ?? .max || killsOn?(call) == true }
            (state.cutsAt, state.cut) = (cut, continuation)
        }
        let invocation = Task {
            try await part.run(
                source: BucketSide(s3: s3, bucket: "source", prefix: part.settings.source.prefix),
                target: BucketSide(s3: s3, bucket: "target", prefix: part.settings.target.prefix),
                notes: BucketSide(s3: s3, bucket: "notes"),
                options: settings,
                time: time,
                clock: clock,
                onFailure: { failure in self.state.withLock { $0.failures.append(failure) } }
            ).json.serialized()
        }
        let isDue = state.withLock { state in
            state.victim = invocation
            return state.isKilled
        }
        if isDue { invocation.cancel() }
        let answer = await withTaskCancellationHandler {
            await invocation.result
        } onCancel: {
            invocation.cancel()
        }
        continuation.finish()
        if invocation.isCancelled { return nil }
        return try answer.get()
    }

    /// All invocations of a part.
    func finish(_ event: [UInt8], looks: Int = .max) async throws -> BucketPartResult {
        var event = event
        var invocations = 0
        while true {
            invocations += 1
            try #require(invocations < 1000, "the part does not end")
            event = try #require(try await invoke(event, looks: looks))
            let json = try JSONValue(parsing: event)
            if json["done"]?.bool == true { return try BucketPartResult(json: try #require(json["result"])) }
        }
    }

    static func execution(_ results: [JSONValue]) -> ExecutionDescription {
        ExecutionDescription(
            arn: "arn:aws:states:us-east-1:123456789012:execution:m:e",
            stateMachineARN: "arn:aws:states:us-east-1:123456789012:stateMachine:m",
            status: "SUCCEEDED",
            output: String(decoding: JSONValue.array(results).serialized(), as: UTF8.self)
        )
    }

    func expectEqual(but left: Set<String> = [], _ comment: Comment? = nil) {
        let state = fake.current
        let source = state.buckets["source"]?.objects ?? [:]
        let target = state.buckets["target"]?.objects ?? [:]
        let wrong = source.keys.filter { target[$0]?.essence != source[$0]?.essence && !left.contains($0.text) }
        #expect(wrong.map(\.text) == [], comment)
    }
}
