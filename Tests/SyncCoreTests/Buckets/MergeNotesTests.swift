import AWSTesting
import FoundationEssentials
import Synchronization
import Testing

@testable import AWSCore
@testable import SyncCore

@Suite("What invocations of a merge note in S3 before they write")
struct MergeNotesTests {
    private final class Flag: Sendable {
        private let value = Mutex(true)
        var isSet: Bool { value.withLock { $0 } }
        func clear() { value.withLock { $0 = false } }
    }

    /// A merge whose first copy is there, and deleted from the source, when its invocation dies.
    ///
    /// - Returns: what the killed invocation was made from.
    private static func killed(_ fixture: BucketPartFixture, kills: Flag) async throws -> [UInt8] {
        fixture.fake.put("source", "key", [1])
        let first = try fixture.events(fixture.plan())[0]
        let second = try #require(try await fixture.invoke(first))
        // Nothing is written yet, and so nothing is noted.
        #expect(fixture.fake.keys("notes") == [] && fixture.fake.keys("target") == [])
        let isWritten: @Sendable (FakeS3Call) -> Bool = { call in
            call.operation == "HeadObject" && fixture.fake.object("target", "key") != nil
        }
        #expect(try await fixture.invoke(second, killsOn: isWritten) == nil)
        kills.clear()
        #expect(fixture.fake.object("target", "key")?.bytes == [1] && fixture.fake.object("source", "key") == nil)
        #expect(fixture.fake.keys("notes").count == 1)
        return second
    }

    private static func deletesOnLook(_ kills: Flag) -> @Sendable (FakeS3Call, Int) -> FakeS3.Fault? {
        { call, _ in
            call.operation == "HeadObject" && call.bucket == "source" && kills.isSet
                ? .first { fake in
                    if fake.object("target", "key") != nil { fake.delete("source", "key") }
                } : nil
        }
    }

    @Test("is there while anything is written, and gone when all of it is settled")
    func gone() async throws {
        let seen = Mutex<[Int]>([])
        let box = Mutex<FakeS3?>(nil)
        let fixture = try BucketPartFixture(merges: true) { call, _ in
            if call.operation == "CopyObject" {
                seen.withLock { $0.append(box.withLock { $0 }?.keys("notes").count ?? -1) }
            }
            return nil
        }
        box.withLock { $0 = fixture.fake }
        for key in ["a", "b", "c"] { fixture.fake.put("source", key, [1]) }
        let result = try await fixture.finish(try fixture.events(fixture.plan())[0])
        #expect(result.counts.equation == "listed 3 = copied 3")
        #expect(seen.withLock { $0 } == [1, 1, 1])
        #expect(fixture.fake.keys("notes") == [])
        // One for all three of them.
        #expect(fixture.fake.current.calls["PutObject"] == 1)
        let plain = try BucketPartFixture()
        plain.fake.put("source", "a", [1])
        _ = try await plain.finish(try plain.events(plain.plan())[0])
        #expect(plain.fake.current.calls["PutObject"] == nil && plain.fake.keys("target") == ["a"])
    }

    @Test("is settled by the next execution of the same pair, in which no listing shows it")
    func anotherExecution() async throws {
        let kills = Flag()
        let fixture = try BucketPartFixture(merges: true, fault: Self.deletesOnLook(kills))
        _ = try await Self.killed(fixture, kills: kills)
        let result = try await fixture.finish(try fixture.eventOfAnotherExecution())
        #expect(result.counts.equation == "listed 1 = copied 0 + taken back 1")
        #expect(fixture.fake.keys("target") == [] && fixture.fake.keys("notes") == [])
    }

    @Test("is not gone before it is settled, wherever its reader dies")
    func deadReader() async throws {
        let kills = Flag()
        let fixture = try BucketPartFixture(merges: true, fault: Self.deletesOnLook(kills))
        _ = try await Self.killed(fixture, kills: kills)
        var event = try fixture.eventOfAnotherExecution()
        let reads: @Sendable (FakeS3Call) -> Bool = { $0.operation == "GetObject" && $0.bucket == "notes" }
        #expect(try await fixture.invoke(event, killsOn: reads) == nil)
        #expect(fixture.fake.keys("notes").count == 1)
        event = try #require(try await fixture.invoke(event))
        // Behind the deletion, when nothing is settled yet but for what S3 did.
        #expect(try await fixture.invoke(event, killsOn: { $0.operation == "DeleteObject" }) == nil)
        #expect(fixture.fake.keys("notes").count == 2)
        _ = try await fixture.finish(event)
        #expect(fixture.fake.keys("target") == [] && fixture.fake.keys("notes") == [])
    }

    @Test("is not settled before nobody can write it any more")
    func stillAtWork() async throws {
        let kills = Flag()
        let fixture = try BucketPartFixture(merges: true, fault: Self.deletesOnLook(kills))
        _ = try await Self.killed(fixture, kills: kills)
        let noted = try #require(fixture.fake.current.buckets["notes"]?.objects.values.first?.lastModified)
        // Short of time at its second look: what it can do is done, and the note stays.
        let event = try fixture.eventOfAnotherExecution()
        let next = try #require(try await fixture.invoke(event, looks: 5))
        let json = try JSONValue(parsing: next)
        #expect(json["done"] == false && json["notes"] == nil && fixture.fake.keys("notes").count == 1)
        // All is listed: what comes now is live sync's.
        fixture.fake.put("source", "zz", [1])
        #expect(fixture.fake.object("target", "key") != nil)
        let result = try await fixture.finish(next)
        #expect(result.counts.equation == "listed 1 = copied 0 + taken back 1")
        #expect(fixture.fake.current.now.timeIntervalSince(noted) >= 1_200)
    }

    @Test("says nothing about what somebody has written to the target long after")
    func writtenLater() async throws {
        let kills = Flag()
        let fixture = try BucketPartFixture(merges: true, fault: Self.deletesOnLook(kills))
        _ = try await Self.killed(fixture, kills: kills)
        fixture.fake.update { $0.now = $0.now.addingTimeInterval(3_600) }
        // An application that has moved to the target.
        fixture.fake.put("target", "key", [9])
        let result = try await fixture.finish(try fixture.eventOfAnotherExecution())
        #expect(result.counts.equation == "listed 0 = copied 0")
        #expect(fixture.fake.object("target", "key")?.bytes == [9] && fixture.fake.keys("notes") == [])
    }

    @Test("of another pair is left alone")
    func anotherPair() async throws {
        let kills = Flag()
        let fixture = try BucketPartFixture(merges: true, fault: Self.deletesOnLook(kills))
        _ = try await Self.killed(fixture, kills: kills)
        fixture.fake.createBucket("elsewhere")
        var settings = fixture.settings
        settings.source.bucket = "elsewhere"
        let result = try await fixture.finish(try fixture.events(BucketCopyPlan(settings, cuts: []))[0])
        #expect(result.counts.listed == 0 && fixture.fake.keys("notes").count == 1)
        #expect(fixture.fake.object("target", "key") != nil)
    }

    @Test("stays for the next execution where an object has failed, which is not waited for")
    func failed() async throws {
        let isRefused = Mutex(true)
        let fixture = try BucketPartFixture(merges: true) { call, _ in
            call.operation == "CopyObject" && call.key == "b" && isRefused.withLock { $0 }
                ? .error("AccessDenied", status: 403) : nil
        }
        for key in ["a", "b"] { fixture.fake.put("source", key, [1]) }
        let before = fixture.fake.current.now
        let result = try await fixture.finish(try fixture.events(fixture.plan())[0])
        #expect(result.counts.equation == "listed 2 = copied 1 + failed 1")
        #expect(fixture.fake.current.now.timeIntervalSince(before) < 300)
        let name = try #require(fixture.fake.keys("notes").first)
        let note = try JSONValue(parsing: try #require(fixture.fake.object("notes", name)?.bytes))
        #expect(note["objects"]?.array?.map { $0["key"] } == ["b"])
        // It fails once more, and is noted once more.
        let again = try await fixture.finish(try fixture.eventOfAnotherExecution())
        #expect(again.counts.failed == 2 && fixture.fake.keys("notes").count == 2)
        #expect(!fixture.fake.keys("notes").contains(name))
        isRefused.withLock { $0 = false }
        _ = try await fixture.finish(try fixture.events(fixture.plan())[0])
        #expect(fixture.fake.keys("target") == ["a", "b"])
    }

    @Test("ends the execution when nobody can read it, and is not forgotten")
    func unreadable() async throws {
        let kills = Flag()
        let fixture = try BucketPartFixture(merges: true, fault: Self.deletesOnLook(kills))
        _ = try await Self.killed(fixture, kills: kills)
        let name = try #require(fixture.fake.keys("notes").first)
        for broken in ["{", "{\"objects\":[{}]}", "{}"] {
            fixture.fake.put("notes", name, Array(broken.utf8))
            fixture.fake.update { $0.now = $0.now.addingTimeInterval(3_600) }
            let error = await #expect(throws: CopyPartError.self) {
                _ = try await fixture.finish(try fixture.eventOfAnotherExecution())
            }
            #expect(
                error?.description
                    == "s3://notes/\(name) is no note of what a merge was writing: compare the buckets with sync verify bucket"
                    + " --metadata --tags --repair --delete, delete it, and start the merge anew"
            )
            #expect(fixture.fake.keys("notes") == [name])
        }
    }

    @Test("must be possible: a merge of which nobody has said where to note is refused")
    func nowhere() async throws {
        let fixture = try BucketPartFixture(merges: true)
        let side = BucketSide(s3: try fixture.fake.s3(), bucket: "source")
        guard case .bucket(let part) = try CopyPart(parsing: try fixture.events(fixture.plan())[0]) else { return }
        let error = await #expect(throws: CopyPartError.self) {
            _ = try await part.run(
                source: side,
                target: side,
                notes: nil,
                options: part.settings.options,
                time: PartTime(isShort: { false }, waitForEnd: { throw CancellationError() }),
                clock: SyncClock(),
                onFailure: { _ in }
            )
        }
        #expect(
            error?.description
                == "the function was not told where to note what a merge writes: run deploy.sh sync again"
        )
    }

    @Test("is none of the marker of the folder that is copied to a bucket's root, which is counted as that")
    func marker() async throws {
        let fixture = try BucketPartFixture(merges: true, prefix: "p/", targetPrefix: "")
        fixture.fake.put("source", "p/", [])
        fixture.fake.put("source", "p/a", [1])
        let result = try await fixture.finish(try fixture.events(fixture.plan())[0])
        #expect(result.counts.equation == "listed 2 = copied 1 + folder markers 1")
        #expect(fixture.fake.keys("target") == ["a"] && fixture.fake.keys("notes") == [])
    }
}
