import AWSTesting
import Synchronization
import Testing

@testable import AWSCore
@testable import SyncCore

@Suite("An invocation that goes on with a part of a bucket's copy")
struct BucketCopyPartResumeTests {
    @Test("A copy that is cut off is done by the next invocation, and has failed when that does not suffice either")
    func cutOff() async throws {
        let hangs = Mutex(2)
        let fixture = try BucketPartFixture { call, _ in
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
        try #require((try JSONValue(parsing: third)["unfinished"]?.array ?? []).isEmpty, "it would be begun for ever")
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
        let fixture = try BucketPartFixture(merges: true) { call, _ in
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

    @Test("What an invocation has only noted is copied with all that the source says of it by then")
    func notedObject() async throws {
        let fixture = try BucketPartFixture(merges: true)
        fixture.fake.put("source", "key", [1, 2, 3]) {
            $0.storageClass = "STANDARD_IA"
            $0.metadata = ["owner": "somebody"]
        }
        fixture.fake.put("source", "large", Array(repeating: 1, count: 2500)) { $0.storageClass = "GLACIER_IR" }
        let counts = try await fixture.finish(try fixture.events(fixture.plan())[0]).counts
        #expect(counts.equation == "listed 2 = copied 2")
        // Were it begun as it was noted, it would be found changed each time.
        #expect(counts.conflicts == 0)
        fixture.expectEqual()
    }

    @Test("No more is noted than an event of the next invocation has room for")
    func room() async throws {
        let fixture = try BucketPartFixture(merges: true)
        // Together more than the 256 KB that Step Functions takes.
        for number in 0..<300 {
            fixture.fake.put("source", "\(1000 + number)" + String(repeating: "k", count: 990), [1])
        }
        var event = try fixture.events(fixture.plan())[0]
        var counts = ObjectCounts()
        var invocations = 0
        while true {
            event = try #require(try await fixture.invoke(event))
            invocations += 1
            #expect(event.count < 200_000)
            let json = try JSONValue(parsing: event)
            guard json["done"]?.bool == true else { continue }
            counts = try BucketPartResult(json: try #require(json["result"])).counts
            break
        }
        #expect(counts.equation == "listed 300 = copied 300")
        // Three that note, the last two of which copy what was noted before, and one that only copies.
        #expect(invocations == 4)
        fixture.expectEqual()
    }

    @Test("A merge beside live sync, killed at any call, loses nothing and brings nothing back", arguments: 0..<6)
    func merges(run: UInt64) async throws {
        let seed = newSeed() &+ run
        print("seed \(seed)")
        let chance = SharedRandom(seed: seed)
        let keys = (0..<60).map { "key \($0)" }
        let version = Mutex(1)
        let isLive = Mutex(true)
        let fixture = try BucketPartFixture(merges: true) { call, _ in
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
        let counts = try CopyExecution.balance(BucketPartFixture.execution(results), plan).total.counts
        #expect(counts.failed == 0, "seed \(seed): \(fixture.failures)")
        let state = fixture.fake.current
        let (source, target) = (state.buckets["source"]?.objects ?? [:], state.buckets["target"]?.objects ?? [:])
        #expect(source.mapValues(\.bytes) == target.mapValues(\.bytes), "seed \(seed)")
    }

    @Test("Nothing is written over what somebody else wrote meanwhile, nor over what a resumed copy finds (H9)")
    func conflicts() async throws {
        let isHanging = Mutex(true)
        let fixture = try BucketPartFixture { call, _ in
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
}
