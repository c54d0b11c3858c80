import AWSTesting
import Synchronization
import Testing

@testable import AWSCore
@testable import SyncCore

@Suite("A copy of a bucket done part by part")
struct BucketCopyPartTests {
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
        // Finding the cuts is no invocation that could be made again.
        let isCutting = Mutex(true)
        let fixture = try BucketPartFixture(rules: rules) { call, _ in
            isCutting.withLock { $0 } ? nil : Self.fault(call, chance)
        }
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
        isCutting.withLock { $0 = false }
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
        let counts = try CopyExecution.balance(BucketPartFixture.execution(results.reversed()), plan).total.counts
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
        let fixture = try BucketPartFixture(rules: rules)
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
        let counts = try CopyExecution.balance(BucketPartFixture.execution(results), plan).total.counts
        #expect(counts.listed == whole.listed.sourceObjects && counts.bytes == whole.listed.sourceBytes)
        #expect(counts.there == whole.listed.targetObjects && counts.extra == whole.listed.extra, "seed \(seed)")
        #expect(counts.copied == whole.transferredObjects && counts.copiedBytes == whole.transferredBytes)
        #expect(counts.equal == whole.listed.unchanged + whole.foundEqual, "seed \(seed)")
        #expect(counts.excluded == whole.listed.excluded - whole.listed.excludedExtra, "seed \(seed)")
        #expect(counts.excluded > 0 && counts.equal > 0 && counts.copied > 0)
    }

    @Test("The object that is the prefix itself is counted once, wherever invocations stop")
    func prefixItself() async throws {
        let fixture = try BucketPartFixture(prefix: "p/")
        fixture.fake.update { $0.maximumKeys = 1 }
        for key in ["p/", "p/a", "p/b", "q"] { fixture.fake.put("source", key, [1]) }
        let counts = try await fixture.finish(try fixture.events(fixture.plan())[0], looks: 0).counts
        #expect(counts.equation == "listed 3 = copied 3")
        #expect(fixture.fake.keys("target") == ["p/", "p/a", "p/b"])
    }

    @Test("A part ends before Step Functions does, and says what helps", arguments: [false, true])
    func tooManyInvocations(merges: Bool) async throws {
        let fixture = try BucketPartFixture(merges: merges)
        fixture.fake.update { $0.maximumKeys = 2 }
        for number in 0..<20 { fixture.fake.put("source", "\(number)", [1]) }
        var event = try fixture.events(fixture.plan())[0]
        for count in 1...3 {
            event = try #require(try await fixture.invoke(event, looks: 1))
            #expect(try JSONValue(parsing: event)["invocations"]?.integer == count)
        }
        var late = try #require(JSONValue(parsing: event).object)
        late["invocations"] = .number(JSONNumber(CopyKind.maximumInvocations - 1))
        event = try #require(try await fixture.invoke(JSONValue.object(late).serialized(), looks: 1))
        let calls = fixture.fake.current.calls
        let error = await #expect(throws: CopyPartError.self) { try await fixture.invoke(event) }
        let text = error.map { "\($0)" } ?? ""
        #expect(
            text.hasPrefix("part 0 has taken 3000 invocations") && text.contains("more --parts, 1000 at most"),
            "\(text)"
        )
        #expect(text.contains("one prefix after the other"), "\(text)")
        #expect(fixture.fake.current.calls == calls)
        // A part that is done needs no room.
        let done = try JSONValue(parsing: try #require(try await fixture.invoke(fixture.events(fixture.plan())[0])))
        if !merges {
            var last = try #require(done.object)
            last["invocations"] = .number(JSONNumber(CopyKind.maximumInvocations))
            #expect(try await fixture.invoke(JSONValue.object(last).serialized()) != nil)
        }
    }

    @Test("A time that is always short ends all the same, and one in which nothing is listed is an error")
    func progress() async throws {
        let isHanging = Mutex(false)
        let fixture = try BucketPartFixture { call, _ in
            call.operation == "ListObjectsV2" && isHanging.withLock { $0 } ? .hangs : nil
        }
        for number in 0..<7 { fixture.fake.put("source", "\(number)", [1]) }
        let event = try fixture.events(fixture.plan())[0]
        // Nothing is begun when the time is short, but for one object, so that the part ends.
        let second = try #require(try await fixture.invoke(event, looks: 0))
        #expect(fixture.fake.keys("target") == ["0"])
        let counts = try await fixture.finish(second, looks: 0).counts
        #expect(counts.equation == "listed 7 = copied 7")
        isHanging.withLock { $0 = true }
        await #expect(throws: StalledPartError.self) {
            try await fixture.invoke(event, cut: { $1 == 2 })
        }
    }

    @Test(
        "What would fail for every object ends the invocation with its error",
        // One that passes over the error waits for its end, which never comes here.
        .timeLimit(.minutes(5)),
        arguments: [("ListObjectsV2", "AccessDenied", 403), ("CopyObject", "ExpiredToken", 400)]
    )
    func fatal(operation: String, code: String, status: Int) async throws {
        let fixture = try BucketPartFixture { call, _ in
            call.operation == operation && call.bucket != "source" ? .error(code, status: status) : nil
        }
        for number in 0..<7 { fixture.fake.put("source", "\(number)", [1]) }
        let event = try fixture.events(fixture.plan())[0]
        let error = await #expect(throws: AWSError.self) { _ = try await fixture.invoke(event) }
        #expect(error?.code == code)
    }

    @Test("An object that cannot be copied is counted and named, and the rest goes on")
    func failures() async throws {
        let fixture = try BucketPartFixture { call, _ in
            call.operation == "CopyObject" && call.key == "b" ? .error("AccessDenied", status: 403) : nil
        }
        for key in ["a", "b", "c"] { fixture.fake.put("source", key, [1]) }
        fixture.fake.put("source", "cold", [1]) { $0.storageClass = "GLACIER" }
        let counts = try await fixture.finish(try fixture.events(fixture.plan())[0]).counts
        #expect(counts.equation == "listed 4 = copied 2 + archived 1 + failed 1")
        #expect(fixture.failures.map(\.key) == ["b"] && fixture.failures.map(\.code) == ["AccessDenied"])
    }
}
