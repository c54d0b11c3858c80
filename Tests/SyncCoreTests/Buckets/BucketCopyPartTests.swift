import AWSTesting
import Synchronization
import Testing

@testable import AWSCore
@testable import SyncCore

@Suite("A copy of a bucket done part by part")
struct BucketCopyPartTests {
    /// A source and a target, and invocations that are killed and cut off as a test wants it.
    private final class Fixture: Sendable {
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

        init(
            merges: Bool = false,
            rules: [KeyFilter.Rule] = [],
            prefix: String = "",
            fault: @escaping @Sendable (FakeS3Call, Int) -> FakeS3.Fault? = { _, _ in nil }
        ) throws {
            let region = try #require(Region("us-east-1"))
            var settings = BucketCopySettings(
                source: .init(bucket: "source", prefix: prefix, region: region, role: nil),
                target: .init(bucket: "target", prefix: prefix, region: region, role: nil)
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
            state = Mutex(State())
            box.fixture.withLock { $0 = self }
        }

        private final class Box: Sendable {
            let fixture = Mutex<Fixture?>(nil)
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
            state.withLock { state in
                (state.calls, state.isKilled, state.victim) = (0, false, nil)
                state.kills = { call, number in number >= kill ?? .max || killsOn?(call) == true }
                (state.cutsAt, state.cut) = (cut, continuation)
            }
            let invocation = Task {
                try await part.run(
                    source: BucketSide(s3: s3, bucket: "source", prefix: part.settings.source.prefix),
                    target: BucketSide(s3: s3, bucket: "target", prefix: part.settings.target.prefix),
                    options: settings,
                    time: time,
                    clock: SyncClock(sleep: { _ in try Task.checkCancellation() }, random: { 0.5 }),
                    onFailure: { failure in self.state.withLock { $0.failures.append(failure) } }
                ).json.serialized()
            }
            let isDue = state.withLock { state in
                state.victim = invocation
                return state.isKilled
            }
            if isDue { invocation.cancel() }
            let answer = await invocation.result
            continuation.finish()
            if invocation.isCancelled { return nil }
            return try answer.get()
        }

        /// All invocations of a part.
        func finish(_ event: [UInt8], looks: Int = .max) async throws -> BucketPartResult {
            var event = event
            while true {
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

    /// What goes wrong with S3 now and then.
    private static func fault(_ call: FakeS3Call, _ random: SharedRandom) -> FakeS3.Fault? {
        switch random.below(100) {
        case 0..<2: .error("SlowDown", status: 503)
        case 2..<4: .error("InternalError", status: 500)
        case 4..<6: .cut
        case 6..<9: call.operation == "AbortMultipartUpload" ? nil : .lostAnswer
        case 9..<11:
            ["CopyObject", "UploadPartCopy", "CompleteMultipartUpload"].contains(call.operation) ? .lateError : nil
        default: nil
        }
    }

    @Test("Every object arrives once counted, whatever goes wrong and wherever it is killed", arguments: 0..<4)
    func arrives(run: UInt64) async throws {
        let seed = newSeed() &+ run
        print("seed \(seed)")
        let chance = SharedRandom(seed: seed)
        var random = SeededGenerator(seed: seed &+ 1)
        let rules: [KeyFilter.Rule] = run.isMultiple(of: 2) ? [] : [.exclude("deep/*")]
        let fixture = try Fixture(rules: rules) { call, _ in Self.fault(call, chance) }
        fixture.fake.update { $0.maximumKeys = 12 }
        let keys = AwkwardKeys.random(250, using: &random)
        let harness = BucketSyncHarness()
        harness.fill(keys, using: &random)
        let objects = harness.fake.current.buckets["source"]?.objects ?? [:]
        fixture.fake.update { $0.buckets["source"]?.objects = objects }
        // Some are there already, some are others there, and some are only there.
        for (number, (key, object)) in objects.enumerated() where number.isMultiple(of: 7) {
            fixture.fake.update { $0.buckets["target"]?.objects[key] = object }
        }
        for number in 0..<20 { fixture.fake.put("target", "extra \(number)", [1]) }
        let cuts = try await KeyCuts(
            BucketListing(s3: try fixture.fake.s3(), bucket: "source", prefix: "")
        ).find(parts: 6)
        let plan = fixture.plan(cuts: cuts)
        #expect(plan.partCount == 6, "seed \(seed)")
        var results: [JSONValue] = []
        var kills = 0
        for first in try fixture.events(plan) {
            var event = first
            // Both sides are listed by two calls at least.
            var kill: Int? = 2
            while true {
                let cut = chance.chance(0.3) ? 3 + chance.below(40) : .max
                let looks = chance.chance(0.7) ? 1 + chance.below(60) : .max
                let answer: [UInt8]?
                do {
                    answer = try await fixture.invoke(event, looks: looks, kill: kill, cut: { $1 >= cut })
                } catch {
                    // A listing that failed each time, or not even that came: the state machine makes it again.
                    #expect(error is StalledPartError || error is AWSError, "seed \(seed)")
                    continue
                }
                guard let answer else {
                    kills += 1
                    kill = chance.chance(0.4) ? 3 + chance.below(40) : nil
                    continue
                }
                kill = chance.chance(0.2) ? 3 + chance.below(40) : nil
                // The answer got lost, and the invocation is made again.
                if chance.chance(0.1) { continue }
                event = answer
                let json = try JSONValue(parsing: answer)
                guard json["done"]?.bool == true else { continue }
                results.append(try #require(json["result"]))
                break
            }
        }
        #expect(kills >= plan.partCount, "seed \(seed)")
        let counts = try CopyExecution.balance(Fixture.execution(results.reversed()), plan).total.counts
        let left = rules.isEmpty ? 0 : keys.count { $0.hasPrefix("deep/") }
        #expect(counts.listed == keys.count && counts.excluded == left, "seed \(seed)")
        let tooLarge = Set(fixture.failures.filter { $0.code == "TooLargeForPart" }.map(\.key))
        #expect(fixture.failures.allSatisfy { $0.code == "TooLargeForPart" }, "seed \(seed)")
        #expect(counts.failed <= fixture.failures.count, "seed \(seed)")
        #expect(counts.extra == 20, "seed \(seed)")
        fixture.expectEqual(
            but: tooLarge.union(rules.isEmpty ? [] : keys.filter { $0.hasPrefix("deep/") }),
            "seed \(seed)"
        )
        for number in 0..<20 { #expect(fixture.fake.object("target", "extra \(number)")?.bytes == [1]) }
    }

    @Test("Many short invocations count what a whole sync counts", arguments: 0..<3)
    func counts(run: UInt64) async throws {
        let seed = newSeed() &+ run
        print("seed \(seed)")
        var random = SeededGenerator(seed: seed)
        var harness = BucketSyncHarness()
        harness.fake.update { $0.maximumKeys = 9 }
        harness.options.multipartCopyThreshold = 1000
        harness.options.copyPartSize = 300
        let rules: [KeyFilter.Rule] = [.exclude("*a*"), .include("deep*")]
        harness.options.filter = KeyFilter(rules)
        harness.fill(AwkwardKeys.random(150, using: &random), using: &random)
        for key in AwkwardKeys.random(60, using: &random) { harness.fake.put("target", key, [1]) }
        for key in harness.fake.keys("source") where key.utf8.count.isMultiple(of: 3) {
            let object = try #require(harness.fake.object("source", key))
            harness.fake.put("target", key, object.bytes, parts: object.parts)
        }
        let fixture = try Fixture(rules: rules)
        let state = harness.fake.current
        fixture.fake.update {
            $0.maximumKeys = 9
            $0.now = state.now
            $0.buckets = state.buckets
        }
        let whole = try await harness.run()
        let middle = try #require(KeySplit.point(after: [0x21], upTo: [UInt8]?.none, sample: [0x21]))
        let plan = fixture.plan(cuts: [middle])
        var results: [JSONValue] = []
        for event in try fixture.events(plan) {
            let looks = Int.random(in: 1...30, using: &random)
            results.append(try await fixture.finish(event, looks: looks).json)
        }
        let counts = try CopyExecution.balance(Fixture.execution(results), plan).total.counts
        #expect(counts.listed == whole.listed.sourceObjects && counts.bytes == whole.listed.sourceBytes)
        #expect(counts.there == whole.listed.targetObjects && counts.extra == whole.listed.extra, "seed \(seed)")
        #expect(counts.copied == whole.transferredObjects && counts.copiedBytes == whole.transferredBytes)
        #expect(counts.equal == whole.listed.unchanged + whole.foundEqual, "seed \(seed)")
        #expect(counts.excluded == whole.listed.excluded - whole.listed.excludedExtra, "seed \(seed)")
        #expect(counts.excluded > 0 && counts.equal > 0 && counts.copied > 0)
    }

    @Test("A copy that is cut off is done by the next invocation, and has failed when that does not suffice either")
    func cutOff() async throws {
        let hangs = Mutex(2)
        let fixture = try Fixture { call, _ in
            guard call.operation == "CopyObject", call.key == "large" else { return nil }
            return hangs.withLock { $0 } > 0 ? .hangs : nil
        }
        for key in ["a", "large", "z"] { fixture.fake.put("source", key, Array(key.utf8)) }
        fixture.fake.put("target", "large", [1, 2])
        let before = try #require(fixture.fake.object("target", "large")?.etag)
        let first = try fixture.events(fixture.plan())[0]
        let isLarge: @Sendable (FakeS3Call, Int) -> Bool = { call, _ in
            call.operation == "CopyObject" && call.key == "large"
        }
        let second = try #require(try await fixture.invoke(first, atOnce: 1, cut: isLarge))
        let json = try JSONValue(parsing: second)
        #expect(json["unfinished"] == [["key": "large", "targetETag": .string(before), "begun": true]])
        #expect(json["done"] == false && json["key"]?.string == "large")
        // It hangs once more, and the time of a whole invocation was its own.
        let third = try #require(try await fixture.invoke(second, atOnce: 1, cut: isLarge))
        var counts = try await fixture.finish(third).counts
        #expect(counts.equation == "listed 3 = copied 2 + failed 1")
        #expect(fixture.failures.map(\.key) == ["large"] && fixture.failures.map(\.code) == ["TooLargeForPart"])
        // The same again, and it does not hang any more.
        hangs.withLock { $0 = 0 }
        counts = try await fixture.finish(second).counts
        #expect(counts.copied + counts.equal == 3 && counts.listed == 3)
        fixture.expectEqual()
    }

    @Test("What was merged by an invocation that was killed is taken back if the source has lost it since (H10)")
    func takesBack() async throws {
        let isHanging = Mutex(true)
        let fixture = try Fixture(merges: true) { call, _ in
            // Behind the copy: the look at the source.
            call.operation == "HeadObject" && call.bucket == "source" && isHanging.withLock { $0 }
                ? .first { fake in
                    guard fake.object("target", "key")?.bytes == [1] else { return }
                    // Live sync has applied the deletion before the copy was made.
                    fake.delete("source", "key")
                } : nil
        }
        fixture.fake.put("source", "key", [1])
        fixture.fake.put("source", "old", [1])
        fixture.fake.put("target", "old", [5, 5])
        let first = try fixture.events(fixture.plan())[0]
        // Nothing is written before it is noted.
        let second = try #require(try await fixture.invoke(first))
        #expect(fixture.fake.keys("target") == ["old"])
        let json = try JSONValue(parsing: second)
        #expect(json["unfinished"]?.array?.map { $0["key"] } == ["key", "old"] && json["done"] == false)
        // Killed as soon as it has written.
        let hasWritten: @Sendable (FakeS3Call) -> Bool = { call in
            call.operation == "HeadObject" && call.key == "key" && fixture.fake.object("target", "key") != nil
        }
        #expect(try await fixture.invoke(second, atOnce: 1, killsOn: hasWritten) == nil)
        #expect(fixture.fake.object("target", "key")?.bytes == [1] && fixture.fake.object("source", "key") == nil)
        isHanging.withLock { $0 = false }
        let counts = try await fixture.finish(second).counts
        #expect(counts.equation == "listed 2 = copied 1 + taken back 1")
        #expect(fixture.fake.keys("target") == ["old"] && fixture.fake.object("target", "old")?.bytes == [1])
    }

    @Test("A merge beside live sync, killed at any call, loses nothing and brings nothing back", arguments: 0..<6)
    func merges(run: UInt64) async throws {
        let seed = newSeed() &+ run
        print("seed \(seed)")
        let chance = SharedRandom(seed: seed)
        let keys = (0..<60).map { "key \($0)" }
        let version = Mutex(1)
        let isLive = Mutex(true)
        let fixture = try Fixture(merges: true) { call, _ in
            guard isLive.withLock({ $0 }), chance.chance(0.4), let key = keys.randomElement() else { return nil }
            // Live sync settles a key at once: the target becomes what the source is.
            return .first { fake in
                if chance.chance(0.6) {
                    fake.delete("source", key)
                    fake.delete("target", key)
                } else {
                    let next = version.withLock { version in
                        version += 1
                        return version
                    }
                    let bytes = Array("\(next)".utf8)
                    fake.put("source", key, bytes)
                    fake.put("target", key, bytes)
                }
            }
        }
        for key in keys { fixture.fake.put("source", key, Array(key.utf8)) }
        fixture.fake.update { $0.maximumKeys = 13 }
        var kills = 0
        var results: [JSONValue] = []
        let plan = fixture.plan(cuts: [Array("key 3".utf8)])
        for first in try fixture.events(plan) {
            var event = first
            // The second invocation is the first one that writes.
            var mustKill = true
            var number = 0
            while true {
                number += 1
                let isKilled = number > 1 && (mustKill || chance.chance(0.5))
                let answer = try await fixture.invoke(
                    event,
                    looks: chance.chance(0.5) ? chance.below(40) : .max,
                    kill: isKilled ? 2 + chance.below(mustKill ? 3 : 60) : nil
                )
                guard let answer else {
                    kills += 1
                    mustKill = false
                    continue
                }
                event = answer
                let json = try JSONValue(parsing: answer)
                guard json["done"]?.bool == true else { continue }
                results.append(try #require(json["result"]))
                break
            }
        }
        isLive.withLock { $0 = false }
        #expect(kills > 0, "seed \(seed)")
        let counts = try CopyExecution.balance(Fixture.execution(results), plan).total.counts
        #expect(counts.failed == 0, "seed \(seed): \(fixture.failures)")
        let state = fixture.fake.current
        let (source, target) = (state.buckets["source"]?.objects ?? [:], state.buckets["target"]?.objects ?? [:])
        #expect(source.mapValues(\.bytes) == target.mapValues(\.bytes), "seed \(seed)")
    }

    @Test("Nothing is written over what somebody else wrote meanwhile, nor over what a resumed copy finds (H9)")
    func conflicts() async throws {
        let isHanging = Mutex(true)
        let fixture = try Fixture { call, _ in
            call.operation == "CopyObject" && isHanging.withLock { $0 } ? .hangs : nil
        }
        fixture.fake.put("source", "key", [1])
        let first = try fixture.events(fixture.plan())[0]
        let second = try #require(try await fixture.invoke(first, cut: { call, _ in call.operation == "CopyObject" }))
        isHanging.withLock { $0 = false }
        fixture.fake.put("source", "key", [2])
        fixture.fake.put("target", "key", [2])
        let counts = try await fixture.finish(second).counts
        #expect(counts.equation == "listed 1 = copied 0 + equal 1")
        #expect(fixture.fake.object("target", "key")?.bytes == [2])
    }

    @Test("The object that is the prefix itself is counted once, wherever invocations stop")
    func prefixItself() async throws {
        let fixture = try Fixture(prefix: "p/")
        fixture.fake.update { $0.maximumKeys = 1 }
        for key in ["p/", "p/a", "p/b", "q"] { fixture.fake.put("source", key, [1]) }
        let counts = try await fixture.finish(try fixture.events(fixture.plan())[0], looks: 0).counts
        #expect(counts.equation == "listed 3 = copied 3")
        #expect(fixture.fake.keys("target") == ["p/", "p/a", "p/b"])
    }

    @Test("A time that is always short ends all the same, and one in which nothing is listed is an error")
    func progress() async throws {
        let isHanging = Mutex(false)
        let fixture = try Fixture { call, _ in
            call.operation == "ListObjectsV2" && isHanging.withLock { $0 } ? .hangs : nil
        }
        for number in 0..<7 { fixture.fake.put("source", "\(number)", [1]) }
        let event = try fixture.events(fixture.plan())[0]
        let counts = try await fixture.finish(event, looks: 0).counts
        #expect(counts.equation == "listed 7 = copied 7")
        isHanging.withLock { $0 = true }
        await #expect(throws: StalledPartError.self) {
            try await fixture.invoke(event, cut: { $1 == 2 })
        }
    }

    @Test("An object that cannot be copied is counted and named, and the rest goes on")
    func failures() async throws {
        let fixture = try Fixture { call, _ in
            call.operation == "CopyObject" && call.key == "b" ? .error("AccessDenied", status: 403) : nil
        }
        for key in ["a", "b", "c"] { fixture.fake.put("source", key, [1]) }
        fixture.fake.put("source", "cold", [1]) { $0.storageClass = "GLACIER" }
        let counts = try await fixture.finish(try fixture.events(fixture.plan())[0]).counts
        #expect(counts.equation == "listed 4 = copied 2 + archived 1 + failed 1")
        #expect(fixture.failures.map(\.key) == ["b"] && fixture.failures.map(\.code) == ["AccessDenied"])
    }

    @Test("Everything that says what is copied comes back from its JSON")
    func settings() throws {
        let region = try #require(Region("eu-west-1"))
        for encryption: S3Encryption? in [nil, .aes256, .kms(keyID: nil), .kms(keyID: "k"), .kmsDSSE(keyID: "k")] {
            var settings = BucketCopySettings(
                source: .init(bucket: "source", prefix: "p/", region: region, role: nil),
                target: .init(bucket: "target", prefix: "", region: region, role: "arn:aws:iam::1:role/r")
            )
            settings.comparison = .checksum
            settings.mergesWithLiveSync = encryption == nil
            settings.rules = encryption == nil ? [] : [.exclude("*"), .include("ü\u{0}\"*"), .exclude("x")]
            settings.storageClass = encryption == nil ? nil : "STANDARD_IA"
            settings.encryption = encryption
            let json = try JSONValue(parsing: JSONValue.object(settings.json).serialized())
            #expect(try BucketCopySettings(json: json) == settings)
        }
    }

    @Test("An event that is none says what is wrong, and one that would count twice is refused")
    func badEvents() throws {
        let fixture = try Fixture()
        let copy = JSONValue.object(fixture.settings.json)
        func with(_ name: String, _ value: JSONValue) -> JSONValue {
            var json = fixture.settings.json
            json[name] = value
            return .object(json)
        }
        let result = BucketPartResult(segment: 0).json
        let events: [(JSONValue, String)] = [
            ([:], "the event has no member \"copy\""),
            (["copy": with("kind", "queue"), "segment": ["number": 0]], "\"copy.kind\" is neither table nor bucket"),
            (
                ["copy": with("source", [:]), "segment": ["number": 0]],
                "\"copy.source\" does not say which bucket, prefix and Region it is"
            ),
            (
                ["copy": with("target", copy["source"] ?? .null), "segment": ["number": 0]],
                "s3://source/ and s3://source/ overlap: what is written would be source again"
            ),
            (
                ["copy": with("compare", "hope"), "segment": ["number": 0]],
                "\"copy.compare\" is none of time, size, etag and checksum"
            ),
            (["copy": with("mode", "both"), "segment": ["number": 0]], "\"copy.mode\" is neither replace nor merge"),
            (
                ["copy": with("filter", ["x"]), "segment": ["number": 0]],
                "\"copy.filter\" has something that is neither an include nor an exclude"
            ),
            (
                ["copy": with("encryption", ["kind": "rot13"]), "segment": ["number": 0]],
                "\"copy.encryption\" is none of AES256, aws:kms and aws:kms:dsse"
            ),
            (["copy": copy], "\"segment.number\" is no number below 1000"),
            (["copy": copy, "segment": 0], "\"segment.number\" is no number below 1000"),
            (["copy": copy, "segment": ["number": 0, "after": 5]], "\"segment.after\" is no key"),
            (
                ["copy": copy, "segment": ["number": 0, "after": "b", "upTo": "b"]],
                "\"segment.upTo\" is not behind \"segment.after\""
            ),
            (["copy": copy, "segment": ["number": 1], "result": result], "\"result\" is of another part"),
            (
                ["copy": copy, "segment": ["number": 0], "result": result, "key": nil, "done": false],
                "\"key\" does not say where the part goes on"
            ),
            (
                ["copy": copy, "segment": ["number": 0, "after": "b"], "result": result, "key": "a"],
                "\"key\" is not in the part"
            ),
            (
                ["copy": copy, "segment": ["number": 0, "upTo": "b"], "result": result, "key": "c"],
                "\"key\" is not in the part"
            ),
            (
                ["copy": copy, "segment": ["number": 0], "result": result, "key": "c", "unfinished": [["key": "a"]]],
                "\"result\" does not balance: listed 0 = copied 0 and 1 unfinished"
            ),
        ]
        for (event, message) in events {
            let error = #expect(throws: CopyPartError.self) { try CopyPart(parsing: event.serialized()) }
            #expect(error?.description == message)
        }
    }

    @Test("Results that do not account for every object are no complete copy")
    func unbalanced() throws {
        let fixture = try Fixture()
        let plan = fixture.plan(cuts: [[0x61]])
        func result(_ part: Int, listed: Int, copied: Int) -> JSONValue {
            var result = BucketPartResult(segment: part)
            result.counts.listed = listed
            result.counts.copied = copied
            return result.json
        }
        let good = [result(0, listed: 5, copied: 5), result(1, listed: 0, copied: 0)]
        #expect(try CopyExecution.balance(Fixture.execution(good), plan).total.counts.listed == 5)
        for (results, text) in [
            ([good[0]], "part 1: no result"), ([good[0], good[0], good[1]], "part 0: not asked for, or twice"),
            ([good[0], result(1, listed: 7, copied: 6)], "part 1: listed 7 = copied 6"),
        ] {
            #expect(throws: CopyError.unbalanced([text])) {
                try CopyExecution.balance(Fixture.execution(results), plan)
            }
        }
    }
}
